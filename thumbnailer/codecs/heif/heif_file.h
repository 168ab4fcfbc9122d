// A HEIC or AVIF as libheif opens it; for the files beside this one, which name the library.
#pragma once

#include <libheif/heif.h>

#include <memory>

#include "runtime/bytes.h"
#include "runtime/result.h"

namespace miniatura {

// Nothing, or the library's error as one of ours: image_corrupt, image_unsupported,
// image_too_large, memory_exhausted.
Result<void> check_heif(const heif_error& error);

using HeifContext = std::unique_ptr<heif_context, decltype(&heif_context_free)>;
using HeifHandle = std::unique_ptr<const heif_image_handle, decltype(&heif_image_handle_release)>;
using HeifImage = std::unique_ptr<const heif_image, decltype(&heif_image_release)>;
using HeifNclx = std::unique_ptr<heif_color_profile_nclx, decltype(&heif_nclx_color_profile_free)>;

class HeifFile {
 public:
  // `whole` outlives it.
  static Result<HeifFile> open(ByteView whole);

  // The primary picture.
  bool alpha() const { return heif_image_handle_has_alpha_channel(primary_.get()) != 0; }
  bool premultiplied() const {
    return heif_image_handle_is_premultiplied_alpha(primary_.get()) != 0;
  }
  int bits() const { return heif_image_handle_get_luma_bits_per_pixel(primary_.get()); }

  // As it is stored: neither turned nor cut. heif_colorspace_undefined, heif_chroma_undefined: in
  // the planes that the library makes first.
  Result<HeifImage> decode(heif_colorspace space, heif_chroma chroma) const;

  // As it stands in the file, or made from its numbers; empty if it has none and is sRGB.
  Bytes icc_profile() const;

 private:
  HeifFile(HeifContext context, HeifHandle primary)
      : context_(std::move(context)), primary_(std::move(primary)) {}

  HeifContext context_;
  HeifHandle primary_;
};

}  // namespace miniatura
