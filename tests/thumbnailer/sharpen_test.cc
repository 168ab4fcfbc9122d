#include "thumbnailer/sharpen.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/images.h"

namespace miniatura {
namespace {

using namespace pictures;

// Two halves of one colour each; the edge lies between x = 19 and x = 20.
Raster edge(Colour left, Colour right, int channels = 3) {
  Raster raster({40, 8}, channels);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 40; ++x) {
      const Colour& colour = x < 20 ? left : right;
      std::copy(colour.begin(), colour.end(), raster.at(x, y));
      if (channels == 4) raster.at(x, y)[3] = 255;
    }
  }
  return raster;
}

TEST(sharpened, by_nothing_is_the_same) {
  const Raster raster = noisy_quarters(20, 20);
  EXPECT_EQ(sharpened(raster, 0).pixels, raster.pixels);
  EXPECT_EQ(sharpened(raster, 0.01).pixels, raster.pixels);
}

TEST(sharpened, adds_what_a_pixel_is_above_a_gaussian_blur) {
  const Raster raster = sharpened(edge({100, 100, 100}, {150, 150, 150}), 1);
  // Beside an edge the blur is the step's height times the share of the bell beyond the edge.
  const double weights[] = {1, std::exp(-0.5), std::exp(-2), std::exp(-4.5)};
  const double sum = weights[0] + 2 * (weights[1] + weights[2] + weights[3]);
  const double shares[] = {(weights[1] + weights[2] + weights[3]) / sum,
                           (weights[2] + weights[3]) / sum, weights[3] / sum, 0};
  for (int away = 0; away < 4; ++away) {
    EXPECT_EQ(raster.at(20 + away, 4)[0], std::lround(150 + 50 * shares[away])) << away;
    EXPECT_EQ(raster.at(19 - away, 4)[0], std::lround(100 - 50 * shares[away])) << away;
  }
  EXPECT_EQ(raster.at(0, 0)[0], 100);
  EXPECT_EQ(raster.at(39, 7)[0], 150);
}

TEST(sharpened, works_down_as_it_does_across) {
  const Raster lying = edge({100, 100, 100}, {150, 150, 150});
  EXPECT_EQ(oriented(sharpened(lying, 1.5), 6).pixels, sharpened(oriented(lying, 6), 1.5).pixels);
}

TEST(sharpened, reaches_as_far_as_sigma_says) {
  const Raster raster = edge({100, 100, 100}, {150, 150, 150});
  EXPECT_EQ(sharpened(raster, 1).at(26, 4)[0], 150);
  EXPECT_GT(sharpened(raster, 5).at(26, 4)[0], 151);
  EXPECT_NO_FATAL_FAILURE(sharpened(Raster({1, 1}, 4), 10));
}

TEST(sharpened, changes_brightness_and_not_colour) {
  const Raster raster = sharpened(edge({120, 60, 60}, {170, 110, 110}), 1);
  for (int x = 0; x < 40; ++x) {
    EXPECT_EQ(raster.at(x, 4)[0] - raster.at(x, 4)[1], 60) << x;
    EXPECT_EQ(raster.at(x, 4)[1], raster.at(x, 4)[2]) << x;
  }
  EXPECT_GT(raster.at(20, 4)[0], 175);
}

TEST(sharpened, stays_within_black_and_white) {
  const Raster raster = sharpened(edge({0, 0, 0}, {255, 255, 255}), 1);
  EXPECT_EQ(raster.pixels, edge({0, 0, 0}, {255, 255, 255}).pixels);
}

TEST(sharpened, does_not_see_what_is_transparent) {
  Raster raster = edge({100, 100, 100}, {255, 255, 255}, 4);
  for (int y = 0; y < 8; ++y) {
    for (int x = 20; x < 40; ++x) raster.at(x, y)[3] = 0;
  }
  const Raster result = sharpened(raster, 2);
  EXPECT_EQ(result.pixels, raster.pixels);
}

}  // namespace
}  // namespace miniatura
