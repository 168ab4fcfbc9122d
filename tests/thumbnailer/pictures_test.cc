// Pictures by other people's programs: tests/fixtures/images, see SOURCES.md there.
#include <gtest/gtest.h>

#include "tests/support/fixture.h"
#include "tests/support/images.h"

namespace miniatura {
namespace {

using namespace pictures;

Raster thumbnail(const std::string& name, int side) {
  return thumbnail_of(read_fixture("images/" + name), side, side);
}

double mean_difference(const Raster& a, const Raster& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    sum += std::abs(static_cast<int>(a.pixels[i]) - static_cast<int>(b.pixels.at(i)));
  }
  return sum / static_cast<double>(a.pixels.size());
}

TEST(pictures, of_one_person_stored_in_all_orientations_look_the_same) {
  const Raster upright = thumbnail("hopper.webp", 48);
  for (const auto* name :
       {"hopper_orientation_2.webp", "hopper_orientation_4.jpg", "hopper_orientation_5.jpg",
        "hopper_orientation_5.webp", "hopper_orientation_6.jpg", "hopper_orientation_7.jpg",
        "hopper_orientation_7.webp", "hopper_orientation_8.webp"}) {
    const Raster other = thumbnail(name, 48);
    ASSERT_EQ(other.size, upright.size);
    EXPECT_LT(mean_difference(other, upright), 6) << name;
  }
  // What another picture's difference is like: the same one, mirrored.
  EXPECT_GT(mean_difference(oriented(upright, 2), upright), 20);
}

TEST(pictures, in_cmyk_come_out_in_their_colours) {
  const Raster sample = thumbnail("pil_sample_cmyk.jpg", 100);
  EXPECT_EQ(sample.channels, 3);
  EXPECT_LE(difference(colour_at(sample, 0.02, 0.02), {255, 13, 0}), 30);
  EXPECT_LE(difference(colour_at(sample, 0.98, 0.98), {0, 0, 0}), 30);
}

TEST(pictures, with_16_bits_a_palette_or_a_transparent_colour_are_read) {
  const Raster heart = thumbnail("16-bit-grey-alpha.png", 64);
  ASSERT_EQ(heart.channels, 4);
  const Raster cube = thumbnail("tbgn2c16.png", 32);
  ASSERT_EQ(cube.channels, 4);
  EXPECT_EQ(cube.at(0, 0)[3], 0);
  EXPECT_EQ(cube.at(16, 16)[3], 255);
  const Raster shield = thumbnail("swiss.png", 68);
  EXPECT_EQ(shield.channels, 3);
  EXPECT_LE(difference(colour_at(shield, 0.5, 0.5), kWhite), 8);
  EXPECT_GT(colour_at(shield, 0.5, 0.25)[0], 180);
}

}  // namespace
}  // namespace miniatura
