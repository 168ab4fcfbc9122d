// Through the door that other files have: MagickImage::resized.
#include <gtest/gtest.h>

#include "tests/support/images.h"
#include "thumbnailer/codecs/magick/magick.h"

namespace miniatura {
namespace {

using namespace pictures;

MagickImage decoded(const Raster& raster) {
  ImageHeader header;
  header.format = ImageFormat::png;
  header.width = raster.size.width;
  header.height = raster.size.height;
  return MagickImage::decode(picture(ImageFormat::png, raster), header, 1).value();
}

// Dots of two colours in turn, as on a chessboard.
Raster dots(Colour even, Colour odd) {
  Raster raster({64, 64}, 3);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x) {
      const Colour& colour = (x + y) % 2 == 0 ? even : odd;
      std::copy(colour.begin(), colour.end(), raster.at(x, y));
    }
  }
  return raster;
}

Colour middle_of(const MagickImage& image, Light light) {
  return colour_at(image.resized({16, 16}, light)->raster().value(), 0.5, 0.5);
}

TEST(magick_light, half_the_light_is_a_188) {
  const MagickImage image = decoded(dots({0, 0, 0}, {255, 255, 255}));
  EXPECT_LE(difference(middle_of(image, Light::linear), {188, 188, 188}), 1);
  EXPECT_LE(difference(middle_of(image, Light::encoded), {128, 128, 128}), 1);
}

TEST(magick_light, is_a_matter_of_each_channel) {
  const MagickImage image = decoded(dots({255, 0, 40}, {0, 0, 40}));
  EXPECT_LE(difference(middle_of(image, Light::linear), {188, 0, 40}), 1);
}

TEST(magick_light, gives_every_number_back) {
  Raster ramp({256, 256}, 3);
  for (std::size_t i = 0; i < ramp.pixels.size(); ++i) {
    ramp.pixels[i] = static_cast<std::uint8_t>(i / 3 / 256);
  }
  const MagickImage image = decoded(ramp);
  const Raster across = image.resized({128, 256}, Light::linear)->raster().value();
  for (int y = 0; y < 256; ++y) EXPECT_NEAR(*across.at(64, y), y, 1);
}

TEST(magick_light, leaves_transparency_alone_and_the_picture_that_it_came_from) {
  const Raster raster = quarters_with_alpha(64, 64, 100);
  const MagickImage image = decoded(raster);
  const Raster small = image.resized({16, 16}, Light::linear)->raster().value();
  EXPECT_EQ(small.at(2, 2)[3], 100);
  EXPECT_LE(difference(colour_at(small, 0.8, 0.2), kGreen), 1);
  EXPECT_EQ(image.raster()->pixels, raster.pixels);
}

}  // namespace
}  // namespace miniatura
