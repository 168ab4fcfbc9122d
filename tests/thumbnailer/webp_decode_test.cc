#include "thumbnailer/codecs/webp/webp_decode.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/decoded.h"
#include "tests/support/fixture.h"
#include "tests/support/images.h"

namespace miniatura {
namespace {

using namespace pictures;

Result<DecodedPicture> decoded(const Bytes& webp, int denominator) {
  const ImageHeader header = header_of(webp);
  return decode_webp(essential_bytes(webp, header), header, denominator);
}

void expect_as_magick_has_it(const Bytes& webp, const std::string& what, double mean_max) {
  for (const int denominator : {1, 2, 4, 8}) {
    const auto picture = decoded(webp, denominator);
    ASSERT_TRUE(picture) << what << ": " << picture.error().message;
    EXPECT_EQ(picture->planes.colour[0].across, 1.0 / denominator);
    const Distance apart = distance(raster_of(picture->planes), by_magick(webp, denominator));
    EXPECT_LE(apart.mean, mean_max) << what << " by " << denominator;
  }
}

TEST(decode_webp, lossless_and_alpha_are_as_magick_has_them) {
  expect_as_magick_has_it(read_picture("webp-lossless.webp"), "lossless", 0.1);
  expect_as_magick_has_it(read_picture("webp-alpha.webp"), "alpha", 0.1);
  expect_as_magick_has_it(read_picture("p3.webp"), "profile", 0.1);
  const Bytes odd = picture(ImageFormat::webp, quarters_with_alpha(61, 43, 90));
  expect_as_magick_has_it(odd, "alpha of odd size", 0.1);
}

void expect_lossy_as_magick_has_it(const Bytes& webp, const std::string& what) {
  const auto whole = decoded(webp, 1);
  ASSERT_TRUE(whole) << what << ": " << whole.error().message;
  EXPECT_LE(distance(raster_of(whole->planes), by_magick(webp, 1)).mean, 0.5) << what;
  for (const int denominator : {2, 4, 8}) {
    const auto picture = decoded(webp, denominator);
    ASSERT_TRUE(picture) << what << ": " << picture.error().message;
    // The edges of blocks are not smoothed where they are averaged.
    EXPECT_LE(distance_from_averages(picture->planes, whole->planes), 1)
        << what << " by " << denominator;
  }
}

TEST(decode_webp, lossy_is_as_magick_has_it) {
  for (const auto* name : {"webp-lossy.webp", "webp-animated.webp"}) {
    expect_lossy_as_magick_has_it(read_picture(name), name);
  }
  expect_lossy_as_magick_has_it(read_fixture("images/hopper.webp"), "hopper");
  for (const Size size : {Size{1, 1}, {17, 3}, {97, 65}}) {
    expect_lossy_as_magick_has_it(picture(ImageFormat::webp, size.width, size.height), "odd");
  }
}

TEST(decode_webp, lossy_stays_in_ycbcr_on_its_grids) {
  for (const int denominator : {1, 2, 8}) {
    const auto picture = decoded(pictures::picture(ImageFormat::webp, 97, 65), denominator);
    ASSERT_TRUE(picture);
    const Planes& planes = picture->planes;
    EXPECT_EQ(planes.coding, Coding::ycbcr);
    EXPECT_EQ(planes.matrix, (YcbcrMatrix{0.299, 0.114, false}));
    EXPECT_EQ(planes.stored, (Size{97, 65}));
    ASSERT_EQ(planes.colour.size(), 3U);
    EXPECT_EQ(planes.colour[0].bits, denominator == 1 ? 8 : 16);
    EXPECT_EQ(planes.colour[0].size,
              (Size{(96 + denominator) / denominator, (64 + denominator) / denominator}));
    // Coarser only where nothing is shrunk.
    const Size coarse = {49, 33};
    EXPECT_EQ(planes.colour[2].size, denominator <= 2 ? coarse : planes.colour[0].size);
    EXPECT_EQ(planes.colour[2].across, std::min(0.5, 1.0 / denominator));
    EXPECT_EQ(planes.colour[2].down, std::min(0.5, 1.0 / denominator));
    const Raster raster = raster_of(planes);
    EXPECT_LE(difference(colour_at(raster, 0.25, 0.25), kRed), 6);
    EXPECT_LE(difference(colour_at(raster, 0.75, 0.75), kYellow), 6);
  }
}

TEST(decode_webp, an_animations_first_frame_lies_on_its_canvas) {
  // A still, as a frame on a larger canvas.
  const Bytes still = picture(ImageFormat::webp, 20, 10);
  ImageHeader header = header_of(still);
  header.width = 40;
  header.height = 30;
  header.frame = {10, 6, 20, 10};
  const auto picture = decode_webp(still, header, 2);
  ASSERT_TRUE(picture) << picture.error().message;
  EXPECT_EQ(picture->planes.stored, (Size{40, 30}));
  ASSERT_EQ(picture->planes.alpha.size(), 1U);
  const Raster raster = raster_of(picture->planes);
  ASSERT_EQ(raster.size, (Size{20, 15}));
  EXPECT_EQ(raster.at(4, 4)[3], 0);
  EXPECT_EQ(raster.at(6, 8)[3], 0);
  EXPECT_EQ(raster.at(5, 3)[3], 255);
  EXPECT_EQ(raster.at(14, 7)[3], 255);
  EXPECT_LE(difference(colour_at(raster, 6.5 / 20, 4.5 / 15), kRed), 20);
}

TEST(decode_webp, brings_its_profile) {
  EXPECT_EQ(decoded(read_picture("p3.webp"), 4)->icc_profile, read_picture("p3.icc"));
  EXPECT_TRUE(decoded(read_picture("webp-lossy.webp"), 4)->icc_profile.empty());
}

TEST(decode_webp, another_size_than_the_header_says_is_corrupt) {
  const Bytes webp = picture(ImageFormat::webp, 8, 8);
  ImageHeader header = header_of(webp);
  header.height = 9;
  const auto picture = decode_webp(webp, header, 1);
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().code, ErrorCode::image_corrupt);
}

TEST(decode_webp, broken_files_do_no_harm) {
  std::mt19937 random(5);
  for (const auto* name : {"webp-lossy.webp", "webp-lossless.webp", "webp-alpha.webp", "p3.webp"}) {
    const Bytes webp = read_picture(name);
    const ImageHeader header = header_of(webp);
    const Bytes whole = essential_bytes(webp, header);
    for (std::size_t size = 0; size + 1 < whole.size(); size += 1 + whole.size() / 100) {
      const auto picture = decode_webp(whole.substr(0, size), header, 2);
      ASSERT_FALSE(picture) << name << " of " << size << " bytes";
      EXPECT_EQ(picture.error().code, ErrorCode::image_corrupt);
      EXPECT_EQ(picture.error().message.find('\n'), std::string::npos);
    }
    for (int i = 0; i < 300; ++i) {
      Bytes flipped = whole;
      char& byte = flipped[random() % flipped.size()];
      byte = static_cast<char>(byte ^ static_cast<char>(1U << random() % 8));
      const auto picture = decode_webp(flipped, header, 2);
      if (!picture) {
        EXPECT_FALSE(picture.error().retryable()) << picture.error().message;
      }
    }
  }
}

}  // namespace
}  // namespace miniatura
