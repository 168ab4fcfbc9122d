#include "thumbnailer/raster.h"

#include <algorithm>

namespace miniatura {

Raster::Raster(Size its_size, int its_channels)
    : size(its_size),
      channels(its_channels),
      pixels(static_cast<std::size_t>(its_size.width) * static_cast<std::size_t>(its_size.height) *
             static_cast<std::size_t>(its_channels)) {}

Raster oriented(Raster raster, int orientation) {
  if (orientation <= 1 || orientation > 8) return raster;
  const auto [mirror_x, mirror_y, swap] = turn_of(orientation);
  Raster upright(oriented_size(raster.size, orientation), raster.channels);
  for (int y = 0; y < upright.size.height; ++y) {
    for (int x = 0; x < upright.size.width; ++x) {
      const int across = swap ? y : x;
      const int down = swap ? x : y;
      const std::uint8_t* const from = raster.at(mirror_x ? raster.size.width - 1 - across : across,
                                                 mirror_y ? raster.size.height - 1 - down : down);
      std::copy_n(from, raster.channels, upright.at(x, y));
    }
  }
  return upright;
}

Raster cropped(Raster raster, const Rectangle& rectangle) {
  const Size size{rectangle.width, rectangle.height};
  if (size == raster.size) return raster;
  Raster part(size, raster.channels);
  for (int y = 0; y < size.height; ++y) {
    std::copy_n(raster.at(rectangle.left, rectangle.top + y), size.width * raster.channels,
                part.at(0, y));
  }
  return part;
}

Raster on_canvas(Raster raster, Size canvas, int left, int top, Colour background) {
  if (canvas == raster.size) return raster;
  Raster painted(canvas, raster.channels);
  for (int y = 0; y < canvas.height; ++y) {
    for (int x = 0; x < canvas.width; ++x) {
      std::uint8_t* const pixel = painted.at(x, y);
      std::copy(background.begin(), background.end(), pixel);
      if (raster.channels == 4) pixel[3] = 255;
    }
  }
  for (int y = 0; y < raster.size.height; ++y) {
    std::copy_n(raster.at(0, y), raster.size.width * raster.channels, painted.at(left, top + y));
  }
  return painted;
}

Raster flattened(Raster raster, Colour background) {
  if (raster.channels == 3) return raster;
  Raster flat(raster.size, 3);
  auto to = flat.pixels.begin();
  for (std::size_t i = 0; i < raster.pixels.size(); i += 4) {
    const unsigned alpha = raster.pixels[i + 3];
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const unsigned sum =
          raster.pixels[i + channel] * alpha + background.at(channel) * (255U - alpha);
      *to++ = static_cast<std::uint8_t>((sum + 127) / 255);
    }
  }
  return flat;
}

bool is_grey(const Raster& raster) {
  const auto step = static_cast<std::size_t>(raster.channels);
  const std::uint8_t* pixel = raster.pixels.data();
  const std::uint8_t* const end = pixel + raster.pixels.size();
  for (; pixel != end; pixel += step) {
    if (pixel[0] != pixel[1] || pixel[1] != pixel[2]) return false;
  }
  return true;
}

Raster without_opaque_alpha(Raster raster) {
  if (raster.channels == 3) return raster;
  for (std::size_t i = 3; i < raster.pixels.size(); i += 4) {
    if (raster.pixels[i] != 255) return raster;
  }
  return flattened(std::move(raster), kWhite);
}

}  // namespace miniatura
