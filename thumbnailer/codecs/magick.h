// Decoding and resizing by GraphicsMagick. (It encodes in magick_encode.)
//
// The library is initialised by the first call and knows only the formats that are read here: its
// other coders (PostScript, MSL, URL, …) are taken out of it, so that no input can reach a foreign
// program. It is told the format of every input and never guesses. Thread-safe; one thread each.
#pragma once

#include <memory>

#include "thumbnailer/header.h"
#include "thumbnailer/raster.h"

namespace miniatura {

// What a resize averages: the numbers of the file, or light.
enum class Light { encoded, linear };
inline Light light_of(const Preset& preset) {
  return preset.linear ? Light::linear : Light::encoded;
}

// A decoded picture in the library's own form, in stored axes.
class MagickImage {
 public:
  // `essential` is what essential_bytes(…, header) gave. A JPEG is decoded at 1/`denominator` of
  // its size. CMYK becomes RGB. Errors: image_corrupt, memory_exhausted.
  static Result<MagickImage> decode(ByteView essential, const ImageHeader& header, int denominator);

  // A frame that another library decoded. Errors: memory_exhausted.
  static Result<MagickImage> of(const Raster& raster);

  MagickImage(MagickImage&&) noexcept;
  MagickImage& operator=(MagickImage&&) noexcept;
  ~MagickImage();

  Size size() const;

  // By Lanczos's filter. Errors: memory_exhausted.
  Result<MagickImage> resized(Size size, Light light = Light::encoded) const;

  // Errors: memory_exhausted.
  Result<Raster> raster() const;

  // The source's colour profile; empty if it has none, plain sRGB, or one that the pixels no longer
  // follow.
  Bytes icc_profile() const;

 private:
  struct Impl;
  explicit MagickImage(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace miniatura
