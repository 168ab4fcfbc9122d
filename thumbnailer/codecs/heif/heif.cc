#include "thumbnailer/codecs/heif/heif.h"

#include <fmt/core.h>
#include <libheif/heif.h>

#include <algorithm>
#include <vector>

#include "thumbnailer/colour.h"

namespace miniatura {
namespace {

constexpr std::uint32_t kFull = 65'535;

using Context = std::unique_ptr<heif_context, decltype(&heif_context_free)>;
using Handle = std::unique_ptr<const heif_image_handle, decltype(&heif_image_handle_release)>;
using Options = std::unique_ptr<heif_decoding_options, decltype(&heif_decoding_options_free)>;
using Image = std::unique_ptr<const heif_image, decltype(&heif_image_release)>;
using Nclx = std::unique_ptr<heif_color_profile_nclx, decltype(&heif_nclx_color_profile_free)>;

Result<void> check(const heif_error& error) {
  if (error.code == heif_error_Ok) return {};
  ErrorCode code = ErrorCode::image_corrupt;
  if (error.code == heif_error_Memory_allocation_error) {
    code = error.subcode == heif_suberror_Security_limit_exceeded ? ErrorCode::image_too_large
                                                                  : ErrorCode::memory_exhausted;
  } else if (error.code == heif_error_Unsupported_feature ||
             error.code == heif_error_Unsupported_filetype) {
    code = ErrorCode::image_unsupported;
  }
  std::string text = error.message != nullptr ? error.message : "no reason given";
  std::replace(text.begin(), text.end(), '\n', ' ');
  return fail(code, fmt::format("HEIF: {}", text));
}

Bytes profile_of(const heif_image_handle* handle) {
  Bytes icc(heif_image_handle_get_raw_color_profile_size(handle), '\0');
  if (!icc.empty() &&
      heif_image_handle_get_raw_color_profile(handle, icc.data()).code == heif_error_Ok) {
    return icc;
  }
  heif_color_profile_nclx* numbers = nullptr;
  const heif_error error = heif_image_handle_get_nclx_color_profile(handle, &numbers);
  // There may be one even after an error: of numbers that the library does not know.
  const Nclx nclx(numbers, &heif_nclx_color_profile_free);
  if (error.code != heif_error_Ok) return {};
  return icc_profile_of(nclx->color_primaries, nclx->transfer_characteristics);
}

}  // namespace

struct HeifPicture::Impl {
  Image image{nullptr, &heif_image_release};
  const std::uint8_t* pixels = nullptr;  // the image's
  int stride_bytes = 0;
  Size size;
  bool alpha = false;
  bool premultiplied = false;
  int bits = 8;
  std::vector<std::uint16_t> as_16_bits;  // of every number of so many bits
  Bytes icc_profile;
};

HeifPicture::HeifPicture(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HeifPicture::HeifPicture(HeifPicture&&) noexcept = default;
HeifPicture& HeifPicture::operator=(HeifPicture&&) noexcept = default;
HeifPicture::~HeifPicture() = default;

Size HeifPicture::size() const { return impl_->size; }
bool HeifPicture::alpha() const { return impl_->alpha; }
Bytes HeifPicture::icc_profile() const { return impl_->icc_profile; }

Result<HeifPicture> HeifPicture::decode(ByteView whole) {
  const Context context(heif_context_alloc(), &heif_context_free);
  // Tiles are decoded here and not in threads of the library.
  heif_context_set_max_decoding_threads(context.get(), 0);
  CHECKED(check(heif_context_read_from_memory_without_copy(context.get(), whole.data(),
                                                           whole.size(), nullptr)));
  heif_image_handle* primary = nullptr;
  CHECKED(check(heif_context_get_primary_image_handle(context.get(), &primary)));
  const Handle handle(primary, &heif_image_handle_release);

  auto impl = std::make_unique<Impl>();
  impl->alpha = heif_image_handle_has_alpha_channel(handle.get()) != 0;
  impl->premultiplied = heif_image_handle_is_premultiplied_alpha(handle.get()) != 0;
  const bool deep = heif_image_handle_get_luma_bits_per_pixel(handle.get()) > 8;
  const Options options(heif_decoding_options_alloc(), &heif_decoding_options_free);
  options->ignore_transformations = 1;
  const heif_chroma chroma =
      deep ? (impl->alpha ? heif_chroma_interleaved_RRGGBBAA_LE : heif_chroma_interleaved_RRGGBB_LE)
           : (impl->alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB);
  heif_image* decoded = nullptr;
  CHECKED(
      check(heif_decode_image(handle.get(), &decoded, heif_colorspace_RGB, chroma, options.get())));
  impl->image.reset(decoded);
  impl->pixels =
      heif_image_get_plane_readonly(decoded, heif_channel_interleaved, &impl->stride_bytes);
  impl->size = {heif_image_get_width(decoded, heif_channel_interleaved),
                heif_image_get_height(decoded, heif_channel_interleaved)};
  impl->bits = heif_image_get_bits_per_pixel_range(decoded, heif_channel_interleaved);
  if (impl->pixels == nullptr || impl->bits < 8 || impl->bits > 16 || (impl->bits > 8) != deep) {
    return fail(ErrorCode::image_unsupported, fmt::format("HEIF of {} bits a channel", impl->bits));
  }
  const std::uint32_t number_max = (1U << static_cast<unsigned>(impl->bits)) - 1;
  for (std::uint32_t number = 0; number <= number_max; ++number) {
    impl->as_16_bits.push_back(
        static_cast<std::uint16_t>((number * kFull + number_max / 2) / number_max));
  }
  impl->icc_profile = profile_of(handle.get());
  return HeifPicture(std::move(impl));
}

void HeifPicture::row(int y, std::span<std::uint16_t> rgba) const {
  const std::size_t channels = impl_->alpha ? 4 : 3;
  const std::size_t number_bytes = impl_->bits > 8 ? 2 : 1;
  const std::size_t number_max = impl_->as_16_bits.size() - 1;
  const auto width = static_cast<std::size_t>(impl_->size.width);
  const std::uint8_t* const first =
      impl_->pixels + static_cast<std::size_t>(y) * static_cast<std::size_t>(impl_->stride_bytes);
  for (std::size_t x = 0; x < width; ++x) {
    std::uint16_t* const pixel = rgba.data() + 4 * x;
    pixel[3] = kFull;
    for (std::size_t channel = 0; channel < channels; ++channel) {
      const std::uint8_t* const at = first + (x * channels + channel) * number_bytes;
      const std::size_t number = number_bytes == 1 ? at[0] : at[0] + (std::size_t{at[1]} << 8U);
      pixel[channel] = impl_->as_16_bits[std::min(number, number_max)];
    }
    if (!impl_->premultiplied || pixel[3] == 0) continue;
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const std::uint32_t straight = (pixel[channel] * kFull + pixel[3] / 2U) / pixel[3];
      pixel[channel] = static_cast<std::uint16_t>(std::min(straight, kFull));
    }
  }
}

}  // namespace miniatura
