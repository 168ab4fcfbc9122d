// A small picture in memory, and what is done to it between resizing and encoding. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "thumbnailer/geometry.h"

namespace miniatura {

// 8 bits a channel, interleaved, rows without padding; RGB or RGBA (straight alpha).
struct Raster {
  Size size;
  int channels = 3;
  std::vector<std::uint8_t> pixels;

  Raster() = default;
  Raster(Size its_size, int its_channels);
  const std::uint8_t* at(int x, int y) const { return pixels.data() + offset(x, y); }
  std::uint8_t* at(int x, int y) { return pixels.data() + offset(x, y); }

 private:
  std::size_t offset(int x, int y) const {
    return (static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width) +
            static_cast<std::size_t>(x)) *
           static_cast<std::size_t>(channels);
  }
};

// Turned and mirrored as EXIF's orientation (1 to 8) says, so that it stands upright.
Raster oriented(Raster raster, int orientation);

// The part within `rectangle`, which lies within the raster.
Raster cropped(Raster raster, const Rectangle& rectangle);

// The raster at `left`, `top` of a canvas at least as large, the rest painted, opaque.
Raster on_canvas(Raster raster, Size canvas, int left, int top, Colour background);

// Without alpha: blended over the background. RGB stays as it is.
Raster flattened(Raster raster, Colour background);

// Is there no pixel with a colour, whatever its alpha?
bool is_grey(const Raster& raster);

// Without an alpha channel that says nothing.
Raster without_opaque_alpha(Raster raster);

}  // namespace miniatura
