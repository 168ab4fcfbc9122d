// Decoding and resizing by GraphicsMagick.
//
// The library is initialised by the first call and knows only the formats that are read here: its
// other coders (PostScript, MSL, URL, …) are taken out of it, so that no input can reach a foreign
// program. It is told the format of every input and never guesses. Thread-safe; one thread each.
#pragma once

#include <memory>

#include "thumbnailer/header.h"
#include "thumbnailer/light.h"
#include "thumbnailer/planes.h"
#include "thumbnailer/raster.h"
#include "thumbnailer/source_colours.h"

namespace miniatura {

// A decoded picture in the library's own form, in stored axes.
class MagickImage {
 public:
  // `essential` is what essential_bytes(…, header) gave. A JPEG is decoded at 1/`denominator` of
  // its size. CMYK becomes RGB. Errors: image_corrupt, image_unsupported, memory_exhausted.
  static Result<MagickImage> decode(ByteView essential, const ImageHeader& header, int denominator);

  // Another frame of the same source, decoded elsewhere: its colours are this one's. Errors:
  // memory_exhausted.
  Result<MagickImage> frame(const Raster& raster) const;

  MagickImage(MagickImage&&) noexcept;
  MagickImage& operator=(MagickImage&&) noexcept;
  ~MagickImage();

  Size size() const;

  // Shrunk by 1/`denominator`, or, of a JPEG, as decode() has shrunk it by that. One plane of grey
  // where the header says so. Errors: memory_exhausted.
  Result<Planes> planes(const ImageHeader& header, int denominator) const;

  // By Lanczos's filter. Errors: memory_exhausted.
  Result<MagickImage> resized(Size size, Light light = Light::encoded) const;

  // Errors: memory_exhausted.
  Result<Raster> raster(Colours colours = Colours::srgb) const;

  // What Colours::own are; empty if they are sRGB: for lack of a profile, or for one of grey or of
  // inks, which are always converted.
  Bytes icc_profile() const;

  // What the numbers of planes() follow, of grey or of red, green and blue; empty if they are sRGB.
  Bytes profile_of_planes(const ImageHeader& header) const;

 private:
  struct Impl;
  explicit MagickImage(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace miniatura
