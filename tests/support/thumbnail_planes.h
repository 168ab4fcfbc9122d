// A raster as the planes that encoders take.
#pragma once

#include <algorithm>
#include <cmath>

#include "thumbnailer/raster.h"
#include "thumbnailer/thumbnail_planes.h"

namespace miniatura::pictures {

// YCbCr by BT.601's matrix, each colour the mean of the pixels that it stands for.
inline Planes planes_of(const Raster& raster, Subsampling subsampling, bool full_range = true) {
  Planes planes;
  planes.stored = raster.size;
  planes.matrix.full_range = full_range;
  const YcbcrMatrix& matrix = planes.matrix;
  const Size chroma = chroma_size(raster.size, subsampling);
  for (const Size size : {raster.size, chroma, chroma}) planes.colour.emplace_back(size, 8);
  const int across = subsampling == Subsampling::s444 ? 1 : 2;
  const int down = subsampling == Subsampling::s420 ? 2 : 1;
  const auto rounded = [](double value) {
    return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
  };
  const auto brightness = [&](const std::uint8_t* p) {
    return matrix.kr * p[0] + (1 - matrix.kr - matrix.kb) * p[1] + matrix.kb * p[2];
  };
  for (int y = 0; y < raster.size.height; ++y) {
    for (int x = 0; x < raster.size.width; ++x) {
      const double value = brightness(raster.at(x, y));
      planes.colour[0].row(y)[x] = rounded(full_range ? value : 16 + value * 219 / 255);
    }
  }
  for (int y = 0; y < chroma.height; ++y) {
    for (int x = 0; x < chroma.width; ++x) {
      double blue = 0;
      double red = 0;
      for (int i = 0; i < across * down; ++i) {
        const std::uint8_t* const pixel =
            raster.at(std::min(x * across + i % across, raster.size.width - 1),
                      std::min(y * down + i / across, raster.size.height - 1));
        blue += (pixel[2] - brightness(pixel)) / (2 * (1 - matrix.kb));
        red += (pixel[0] - brightness(pixel)) / (2 * (1 - matrix.kr));
      }
      const double scale = (full_range ? 1 : 224.0 / 255) / (across * down);
      planes.colour[1].row(y)[x] = rounded(128 + blue * scale);
      planes.colour[2].row(y)[x] = rounded(128 + red * scale);
    }
  }
  return planes;
}

// A ramp from black to white.
inline Planes grey_ramp(Size size) {
  Planes planes;
  planes.stored = size;
  planes.coding = Coding::grey;
  planes.colour.emplace_back(size, 8);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      planes.colour[0].row(y)[x] = static_cast<std::uint8_t>(x * 255 / std::max(size.width - 1, 1));
    }
  }
  return planes;
}

// The largest difference of a channel between two rasters of one size; the mean of all.
struct Differences {
  int largest = 0;
  double mean = 0;
};
inline Differences differences(const Raster& a, const Raster& b) {
  Differences found;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    const int difference = std::abs(int{a.pixels[i]} - int{b.pixels[i]});
    found.largest = std::max(found.largest, difference);
    found.mean += difference;
  }
  found.mean /= static_cast<double>(a.pixels.size());
  return found;
}

// A picture without hard edges, where subsampling costs next to nothing.
inline Raster smooth_picture(Size size, int channels = 3) {
  Raster raster(size, channels);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      std::uint8_t* const pixel = raster.at(x, y);
      pixel[0] = static_cast<std::uint8_t>(40 + x * 150 / size.width);
      pixel[1] = static_cast<std::uint8_t>(60 + y * 120 / size.height);
      pixel[2] = static_cast<std::uint8_t>(200 - (x + y) * 100 / (size.width + size.height));
      if (channels == 4) pixel[3] = static_cast<std::uint8_t>(255 - x * 200 / size.width);
    }
  }
  return raster;
}

// Bytes that look like no text; a colour profile by its head, as far as encoders look.
inline Bytes profile_of(std::size_t size) {
  Bytes profile;
  for (std::size_t i = 0; i < size; ++i) {
    profile.push_back(static_cast<char>(i * 2654435761U >> 11U & 0xFFU));
  }
  for (unsigned i = 0; i < 4; ++i) profile[i] = static_cast<char>(size >> (24 - 8 * i) & 0xFFU);
  profile.replace(12, 12, "mntrRGB XYZ ");
  profile.replace(36, 4, "acsp");
  return profile;
}

}  // namespace miniatura::pictures
