#include "thumbnailer/codecs/heif/heif_file.h"

#include <fmt/core.h>

#include <algorithm>

#include "thumbnailer/codecs/heif/heif_decode.h"
#include "thumbnailer/colour.h"

namespace miniatura {

Result<void> check_heif(const heif_error& error) {
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

Result<HeifFile> HeifFile::open(ByteView whole) {
  CHECKED(load_heif());
  HeifContext context(heif_context_alloc(), &heif_context_free);
  // Tiles are decoded here and not in threads of the library.
  heif_context_set_max_decoding_threads(context.get(), 0);
  CHECKED(check_heif(heif_context_read_from_memory_without_copy(context.get(), whole.data(),
                                                                whole.size(), nullptr)));
  heif_image_handle* primary = nullptr;
  CHECKED(check_heif(heif_context_get_primary_image_handle(context.get(), &primary)));
  return HeifFile(std::move(context), HeifHandle(primary, &heif_image_handle_release));
}

Result<HeifImage> HeifFile::decode(heif_colorspace space, heif_chroma chroma) const {
  const std::unique_ptr<heif_decoding_options, decltype(&heif_decoding_options_free)> options(
      heif_decoding_options_alloc(), &heif_decoding_options_free);
  options->ignore_transformations = 1;
  heif_image* image = nullptr;
  CHECKED(check_heif(heif_decode_image(primary_.get(), &image, space, chroma, options.get())));
  return HeifImage(image, &heif_image_release);
}

Bytes HeifFile::icc_profile() const {
  Bytes icc(heif_image_handle_get_raw_color_profile_size(primary_.get()), '\0');
  if (!icc.empty() &&
      heif_image_handle_get_raw_color_profile(primary_.get(), icc.data()).code == heif_error_Ok) {
    return icc;
  }
  heif_color_profile_nclx* numbers = nullptr;
  const heif_error error = heif_image_handle_get_nclx_color_profile(primary_.get(), &numbers);
  // There may be one even after an error: of numbers that the library does not know.
  const HeifNclx nclx(numbers, &heif_nclx_color_profile_free);
  if (error.code != heif_error_Ok) return {};
  return icc_profile_of(nclx->color_primaries, nclx->transfer_characteristics);
}

}  // namespace miniatura
