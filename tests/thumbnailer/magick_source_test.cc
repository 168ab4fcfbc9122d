// What becomes of pixels between decoder and resizing, seen through MagickImage::decode.
#include "thumbnailer/codecs/magick/magick_source.h"

#include <gtest/gtest.h>

#include "tests/support/fixture.h"
#include "tests/support/images.h"
#include "thumbnailer/codecs/magick/magick.h"

namespace miniatura {
namespace {

using namespace pictures;

// A picture of four quarters, 20 pixels wide and 10 high, on a canvas.
Raster laid(Size canvas, const Rectangle& frame) {
  ImageHeader header;
  header.format = ImageFormat::png;
  header.width = canvas.width;
  header.height = canvas.height;
  header.frame = frame;
  const auto decoded = MagickImage::decode(picture(ImageFormat::png, 20, 10), header, 1);
  if (!decoded) throw std::runtime_error(decoded.error().message);
  return decoded->raster().value();
}

TEST(on_its_canvas, what_the_frame_leaves_is_transparent) {
  const Raster raster = laid({40, 30}, {10, 5, 20, 10});
  ASSERT_EQ(raster.size, (Size{40, 30}));
  ASSERT_EQ(raster.channels, 4);
  for (const auto& [x, y] : {std::pair{9, 7}, {30, 7}, {15, 4}, {15, 15}}) {
    EXPECT_EQ(raster.at(x, y)[3], 0) << x << "," << y;
  }
  EXPECT_EQ(raster.at(10, 5)[3], 255);
  EXPECT_EQ(colour_at(raster, 10.5 / 40, 5.5 / 30), kRed);
  EXPECT_EQ(colour_at(raster, 29.5 / 40, 14.5 / 30), kYellow);
}

TEST(on_its_canvas, what_sticks_out_is_cut_off) {
  const Raster part = laid({6, 4}, {-8, -3, 20, 10});
  ASSERT_EQ(part.size, (Size{6, 4}));
  EXPECT_EQ(part.channels, 3) << "nothing is transparent";
  // The middle of the quarters lies at 10, 5: 2 and 2 on the canvas.
  EXPECT_EQ(colour_at(part, 1.5 / 6, 1.5 / 4), kRed);
  EXPECT_EQ(colour_at(part, 2.5 / 6, 1.5 / 4), kGreen);
  EXPECT_EQ(colour_at(part, 1.5 / 6, 2.5 / 4), kBlue);
  EXPECT_EQ(colour_at(part, 2.5 / 6, 2.5 / 4), kYellow);
}

TEST(on_its_canvas, a_frame_of_another_size_than_said_is_corrupt) {
  EXPECT_THROW(laid({40, 30}, {0, 0, 21, 10}), std::runtime_error);
}

TEST(convert_inks, takes_inverted_ones_for_what_they_are) {
  ImageHeader header;
  header.width = 96;
  header.height = 64;
  header.channels = 4;
  header.cmyk = true;
  const Bytes jpeg = read_picture("jpeg-cmyk.jpg");
  header.inverted = true;
  const Raster right = MagickImage::decode(jpeg, header, 1)->raster().value();
  EXPECT_LE(difference(colour_at(right, 0.25, 0.25), kRed), 4);
  header.inverted = false;
  const Raster wrong = MagickImage::decode(jpeg, header, 1)->raster().value();
  EXPECT_LE(difference(colour_at(wrong, 0.25, 0.25), {0, 0, 0}), 4);
}

}  // namespace
}  // namespace miniatura
