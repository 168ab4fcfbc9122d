#include "thumbnailer/codecs/heif/heif.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "thumbnailer/codecs/heif/heif_file.h"

namespace miniatura {
namespace {

constexpr std::uint32_t kFull = 65'535;

}  // namespace

struct HeifPicture::Impl {
  HeifImage image{nullptr, &heif_image_release};
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
  TRY(file, HeifFile::open(whole));
  auto impl = std::make_unique<Impl>();
  impl->alpha = file.alpha();
  impl->premultiplied = file.premultiplied();
  const bool deep = file.bits() > 8;
  const heif_chroma chroma =
      deep ? (impl->alpha ? heif_chroma_interleaved_RRGGBBAA_LE : heif_chroma_interleaved_RRGGBB_LE)
           : (impl->alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB);
  TRY(image, file.decode(heif_colorspace_RGB, chroma));
  impl->image = std::move(image);
  const heif_image* const decoded = impl->image.get();
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
  impl->icc_profile = file.icc_profile();
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
