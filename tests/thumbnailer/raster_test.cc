#include "thumbnailer/raster.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

// A picture of 2x3 grey pixels from a text of its rows.
Raster raster_of(Size size, const std::string& values) {
  Raster raster(size, 3);
  for (std::size_t i = 0; i < raster.pixels.size(); ++i) {
    raster.pixels[i] = static_cast<std::uint8_t>(values[i / 3]);
  }
  return raster;
}
std::string text_of(const Raster& raster) {
  std::string text;
  for (std::size_t i = 0; i < raster.pixels.size(); i += 3) {
    text.push_back(static_cast<char>(raster.pixels[i]));
  }
  return text;
}

// The picture reads "ab/cd/ef" upright; stored as each orientation would.
TEST(oriented, makes_each_of_the_eight_stand_upright) {
  const std::pair<Size, std::string> stored[] = {
      {{2, 3}, "abcdef"}, {{2, 3}, "badcfe"}, {{2, 3}, "fedcba"}, {{2, 3}, "efcdab"},
      {{3, 2}, "acebdf"}, {{3, 2}, "bdface"}, {{3, 2}, "fdbeca"}, {{3, 2}, "ecafdb"},
  };
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const auto& [size, values] = stored[orientation - 1];
    const Raster upright = oriented(raster_of(size, values), orientation);
    EXPECT_EQ(upright.size, (Size{2, 3})) << orientation;
    EXPECT_EQ(text_of(upright), "abcdef") << orientation;
  }
}

TEST(cropped, keeps_the_rectangle) {
  EXPECT_EQ(text_of(cropped(raster_of({2, 3}, "abcdef"), {1, 1, 1, 2})), "df");
}

TEST(on_canvas, paints_what_is_around) {
  const Raster painted = on_canvas(raster_of({1, 1}, "x"), {3, 1}, 1, 0, {'.', '.', '.'});
  EXPECT_EQ(text_of(painted), ".x.");
}

TEST(flattened, blends_over_the_background) {
  Raster raster({3, 1}, 4);
  raster.pixels = {100, 0, 0, 255, 100, 0, 0, 0, 100, 0, 0, 128};
  EXPECT_EQ(flattened(raster, kWhite).pixels,
            (std::vector<std::uint8_t>{100, 0, 0, 255, 255, 255, 177, 127, 127}));
}

TEST(without_opaque_alpha, drops_only_an_alpha_that_says_nothing) {
  Raster raster({1, 1}, 4);
  raster.pixels = {1, 2, 3, 255};
  EXPECT_EQ(without_opaque_alpha(raster).pixels, (std::vector<std::uint8_t>{1, 2, 3}));
  raster.pixels = {1, 2, 3, 254};
  EXPECT_EQ(without_opaque_alpha(raster).channels, 4);
}

}  // namespace
}  // namespace miniatura
