// Decoding, resizing and encoding by GraphicsMagick; the one place that names it.
//
// The library is initialised by the first call and knows only the formats that are read here: its
// other coders (PostScript, MSL, URL, …) are taken out of it, so that no input can reach a foreign
// program. It is told the format of every input and never guesses. Thread-safe; one thread each.
#pragma once

#include <memory>

#include "thumbnailer/header.h"
#include "thumbnailer/raster.h"

namespace miniatura {

// A decoded picture in the library's own form, in stored axes.
class MagickImage {
 public:
  // `essential` is what essential_bytes(…, header) gave. A JPEG is decoded at 1/`denominator` of
  // its size. CMYK becomes RGB. Errors: image_corrupt, image_unsupported, memory_exhausted.
  static Result<MagickImage> decode(ByteView essential, const ImageHeader& header, int denominator);

  MagickImage(MagickImage&&) noexcept;
  MagickImage& operator=(MagickImage&&) noexcept;
  ~MagickImage();

  Size size() const;

  // By Lanczos's filter. Errors: memory_exhausted.
  Result<MagickImage> resized(Size size) const;

  // The numbers as they are stored, by whatever profile. Errors: memory_exhausted.
  Result<Raster> raster() const;

  // The same colours in sRGB. Errors: memory_exhausted.
  Result<Raster> srgb_raster() const;

  // What raster()'s numbers stand for; empty: for sRGB.
  Bytes icc_profile() const;

 private:
  struct Impl;
  explicit MagickImage(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A picture as JPEG (4:2:0, flattened before by the caller), PNG or WebP, with no metadata but the
// profile, and without that where the format's encoder refuses it. `quality` is 1 to 100 and no
// matter for PNG. Errors: image_too_large for sides that the format cannot hold, image_unsupported
// for a format that is not written, memory_exhausted.
Result<Bytes> encode(const Raster& raster, ImageFormat format, int quality, ByteView icc_profile);

}  // namespace miniatura
