#include "thumbnailer/codecs/magick/magick_decode.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/decoded.h"
#include "tests/support/fixture.h"
#include "tests/support/images.h"
#include "thumbnailer/codecs/magick/magick.h"

namespace miniatura {
namespace {

using namespace pictures;

Result<DecodedPicture> decoded(const Bytes& image, int denominator) {
  const ImageHeader header = header_of(image);
  return decode_by_magick(essential_bytes(image, header), header, denominator);
}

TEST(decode_by_magick, every_kind_of_gif_tiff_and_bmp_is_read) {
  for (const auto* name :
       {"gif-plain.gif", "gif-interlaced.gif", "gif-animated.gif", "gif-transparent.gif",
        "tiff-16.tiff", "tiff-alpha.tiff", "tiff-cmyk.tiff", "tiff-fax.tiff", "tiff-grey.tiff",
        "tiff-palette.tiff", "tiff-lzw.tiff", "bmp-24.bmp", "bmp-8.bmp", "bmp-32.bmp",
        "bmp-rle.bmp"}) {
    const Bytes image = read_picture(name);
    for (const int denominator : {1, 2, 4, 8}) {
      const auto picture = decoded(image, denominator);
      ASSERT_TRUE(picture) << name << ": " << picture.error().message;
      EXPECT_EQ(picture->planes.colour[0].across, 1.0 / denominator);
      const Distance apart = distance(raster_of(picture->planes), by_magick(image, denominator));
      EXPECT_LE(apart.worst, 1) << name << " by " << denominator;
    }
  }
}

TEST(decode_by_magick, grey_is_one_plane) {
  const auto grey = decoded(read_picture("tiff-grey.tiff"), 2);
  ASSERT_TRUE(grey);
  EXPECT_EQ(grey->planes.coding, Coding::grey);
  EXPECT_EQ(grey->planes.colour.size(), 1U);
  EXPECT_EQ(decoded(read_picture("gif-plain.gif"), 2)->planes.coding, Coding::rgb);
}

TEST(decode_by_magick, a_jpeg_is_shrunk_by_its_own_decoder) {
  const Bytes jpeg = read_picture("jpeg-cmyk.jpg");
  for (const int denominator : {1, 2, 8}) {
    const auto picture = decoded(jpeg, denominator);
    ASSERT_TRUE(picture) << picture.error().message;
    const Planes& planes = picture->planes;
    EXPECT_EQ(planes.stored, (Size{96, 64}));
    ASSERT_EQ(planes.colour.size(), 3U);
    EXPECT_EQ(planes.colour[2].size, (Size{96 / denominator, 64 / denominator}));
    EXPECT_EQ(planes.colour[2].down, 1.0 / denominator);
    EXPECT_LE(difference(colour_at(raster_of(planes), 0.25, 0.25), kRed), 4);
    EXPECT_LE(difference(colour_at(raster_of(planes), 0.75, 0.75), kYellow), 4);
  }
}

TEST(decode_by_magick, brings_the_profile_of_what_is_not_inks) {
  EXPECT_EQ(decoded(read_picture("p3.tiff"), 1)->icc_profile, read_picture("p3.icc"));
  EXPECT_TRUE(decoded(read_picture("press.tiff"), 1)->icc_profile.empty());
  EXPECT_TRUE(decoded(read_picture("press.jpg"), 1)->icc_profile.empty());
  EXPECT_TRUE(decoded(read_picture("gif-plain.gif"), 1)->icc_profile.empty());
  const auto grey = decoded(read_picture("grey.jpg"), 1);
  EXPECT_EQ(grey->icc_profile, read_picture("grey.icc"));
  EXPECT_EQ(grey->planes.coding, Coding::grey);
}

TEST(decode_by_magick, the_first_frame_lies_on_its_canvas) {
  const auto picture = decoded(gif(40, 30, {{10, 6, 20, 10, 2}}), 2);
  ASSERT_TRUE(picture) << picture.error().message;
  const Raster raster = raster_of(picture->planes);
  ASSERT_EQ(raster.size, (Size{20, 15}));
  ASSERT_EQ(raster.channels, 4);
  EXPECT_EQ(raster.at(4, 4)[3], 0);
  EXPECT_EQ(raster.at(5, 3)[3], 255);
  EXPECT_EQ(raster.at(15, 7)[3], 0);
  EXPECT_EQ(colour_at(raster, 0.5, 0.4), kBlue);
}

TEST(decode_by_magick, damage_is_told) {
  const Bytes whole = read_picture("tiff-lzw.tiff");
  const ImageHeader header = header_of(whole);
  const auto picture =
      decode_by_magick(essential_bytes(whole, header).substr(0, whole.size() / 2), header, 2);
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().code, ErrorCode::image_corrupt);
}

}  // namespace
}  // namespace miniatura
