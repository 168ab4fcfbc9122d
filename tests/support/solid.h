// A picture of one colour: etags and thumbnails then tell versions of an object apart.
#pragma once

#include <algorithm>

#include "tests/support/images.h"

namespace miniatura {

inline Bytes solid_png(int width, int height, Colour colour) {
  Raster raster(Size{width, height}, 3);
  for (std::size_t i = 0; i < raster.pixels.size(); ++i) raster.pixels[i] = colour[i % 3];
  return pictures::picture(ImageFormat::png, raster);
}

}  // namespace miniatura
