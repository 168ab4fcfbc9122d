#include "thumbnailer/planes.h"

#include <gtest/gtest.h>

#include "thumbnailer/raster.h"

namespace miniatura {
namespace {

// Each sample has a number of its own.
Plane numbered(Size size, int bits) {
  Plane plane(size, bits);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const int number = y * size.width + x;
      if (bits > 8) {
        plane.row_16(y)[x] = static_cast<std::uint16_t>(number);
      } else {
        plane.row(y)[x] = static_cast<std::uint8_t>(number);
      }
    }
  }
  return plane;
}

TEST(planes, rows_begin_where_vectors_want_them) {
  const Plane plane({65, 3}, 16);
  EXPECT_EQ(plane.stride_bytes() % Plane::kAlignment, 0U);
  EXPECT_GE(plane.stride_bytes(), 130U);
  for (int y = 0; y < 3; ++y) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(plane.row(y)) % Plane::kAlignment, 0U);
  }
}

TEST(planes, are_turned_as_rasters_are) {
  const Size size{71, 40};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    Raster raster(size, 3);
    for (int i = 0; i < size.width * size.height; ++i) {
      std::uint8_t* const pixel = raster.at(i % size.width, i / size.width);
      pixel[0] = static_cast<std::uint8_t>(i);
      pixel[1] = static_cast<std::uint8_t>(i >> 8);
    }
    const Raster turned = oriented(std::move(raster), orientation);
    const Plane bytes = oriented(numbered(size, 8), orientation);
    const Plane words = oriented(numbered(size, 16), orientation);
    ASSERT_EQ(bytes.size, turned.size);
    ASSERT_EQ(words.size, turned.size);
    for (int y = 0; y < turned.size.height; ++y) {
      for (int x = 0; x < turned.size.width; ++x) {
        ASSERT_EQ(bytes.row(y)[x], turned.at(x, y)[0]) << orientation << ": " << x << ", " << y;
        ASSERT_EQ(words.row_16(y)[x], turned.at(x, y)[0] + 256 * turned.at(x, y)[1]);
      }
    }
  }
}

}  // namespace
}  // namespace miniatura
