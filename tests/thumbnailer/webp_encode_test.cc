// What stands in the files, and the pixels that a decoder finds in them.
#include "thumbnailer/codecs/webp/webp_encode.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/images.h"
#include "tests/support/thumbnail_planes.h"
#include "thumbnailer/byte_order.h"

namespace miniatura {
namespace {

using namespace pictures;
using ::testing::ElementsAre;

constexpr Size kSizes[] = {{1, 1}, {1, 9}, {9, 1}, {16, 16}, {17, 33}, {31, 15}, {130, 65}};

std::vector<std::pair<std::string, Bytes>> chunks_of(const Bytes& webp) {
  std::vector<std::pair<std::string, Bytes>> chunks;
  for (std::size_t at = 12; at + 8 <= webp.size();) {
    const std::size_t length = little_endian_32(webp, at + 4);
    chunks.emplace_back(webp.substr(at, 4), slice(webp, at + 8, length));
    at += 8 + length + length % 2;
  }
  return chunks;
}

std::vector<std::string> types_of(const Bytes& webp) {
  std::vector<std::string> types;
  for (const auto& [type, body] : chunks_of(webp)) types.push_back(type);
  return types;
}

Bytes body_of(const Bytes& webp, std::string_view name) {
  for (const auto& [type, body] : chunks_of(webp)) {
    if (type == name) return body;
  }
  return {};
}

Encoding of_quality(int quality) {
  Encoding encoding;
  encoding.quality = quality;
  return encoding;
}

TEST(webp_encode, keeps_the_pixels_of_any_size_from_planes_and_from_rasters) {
  for (const Size size : kSizes) {
    const Raster raster = smooth_picture(size);
    const auto of_raster = encode_webp(raster, of_quality(95));
    ASSERT_TRUE(of_raster) << of_raster.error().message;
    const std::string what = fmt::format("{}x{}", size.width, size.height);
    // Over few pixels a step from one to the next is far.
    const double bound = size.width * size.height < 100 ? 20 : 3;
    ASSERT_EQ(pixels_of(*of_raster).size, size);
    EXPECT_LE(differences(pixels_of(*of_raster), raster).mean, bound) << what;
    for (const bool full_range : {true, false}) {
      const auto of_planes =
          encode_webp(planes_of(raster, Subsampling::s420, full_range), of_quality(95));
      ASSERT_TRUE(of_planes) << of_planes.error().message;
      ASSERT_EQ(pixels_of(*of_planes).size, size);
      EXPECT_LE(differences(pixels_of(*of_planes), raster).mean, bound) << what;
      EXPECT_LE(differences(pixels_of(*of_planes), pixels_of(*of_raster)).mean, 2) << what;
    }
  }
}

TEST(webp_encode, shifts_no_pixel_of_the_planes) {
  const Raster raster = quarters(96, 64);
  const Raster back =
      pixels_of(encode_webp(planes_of(raster, Subsampling::s420), of_quality(95)).value());
  for (const auto& [x, y] : {std::pair(0, 0), {44, 28}, {51, 35}, {95, 63}, {44, 35}, {51, 28}}) {
    const Colour colour{back.at(x, y)[0], back.at(x, y)[1], back.at(x, y)[2]};
    const Colour wanted{raster.at(x, y)[0], raster.at(x, y)[1], raster.at(x, y)[2]};
    EXPECT_LE(difference(colour, wanted), 14) << x << "," << y;
  }
}

TEST(webp_encode, leaves_planes_as_they_were) {
  for (const bool full_range : {true, false}) {
    const Raster raster = smooth_picture({35, 21});
    const Planes planes = planes_of(raster, Subsampling::s420, full_range);
    const Planes same = planes_of(raster, Subsampling::s420, full_range);
    static_cast<void>(encode_webp(planes, {}));
    for (std::size_t i = 0; i < 3; ++i) {
      for (int y = 0; y < planes.colour[i].size.height; ++y) {
        EXPECT_TRUE(std::equal(planes.colour[i].row(y),
                               planes.colour[i].row(y) + planes.colour[i].size.width,
                               same.colour[i].row(y)));
      }
    }
  }
}

TEST(webp_encode, writes_grey_planes_without_colour) {
  for (const Size size : {Size{1, 1}, {33, 17}, {100, 40}}) {
    const Planes planes = grey_ramp(size);
    const Raster back = pixels_of(encode_webp(planes, of_quality(95)).value());
    ASSERT_EQ(back.size, size);
    for (const double x : {0.0, 0.5, 0.99}) {
      const auto wanted = planes.colour[0].row(0)[static_cast<int>(x * size.width)];
      EXPECT_LE(difference(colour_at(back, x, 0), {wanted, wanted, wanted}), 6) << x;
    }
  }
}

TEST(webp_encode, keeps_transparency_exactly) {
  const Raster raster = smooth_picture({61, 43}, 4);
  const Bytes webp = encode_webp(raster, of_quality(90)).value();
  EXPECT_THAT(types_of(webp), ElementsAre("VP8X", "ALPH", "VP8 "));
  const Raster back = pixels_of(webp);
  ASSERT_EQ(back.channels, 4);
  for (std::size_t i = 3; i < raster.pixels.size(); i += 4) {
    ASSERT_EQ(back.pixels[i], raster.pixels[i]);
  }
  EXPECT_LE(differences(back, raster).mean, 3);
}

TEST(webp_encode, writes_no_metadata_but_what_it_is_given) {
  const Raster raster = quarters(40, 30);
  const Planes planes = planes_of(raster, Subsampling::s420);
  EXPECT_THAT(types_of(encode_webp(raster, {}).value()), ElementsAre("VP8 "));
  EXPECT_THAT(types_of(encode_webp(planes, {}).value()), ElementsAre("VP8 "));
  Encoding encoding;
  encoding.exif = exif_block(1, "odd");
  for (const std::size_t profile_bytes : {std::size_t{3144}, std::size_t{200'001}}) {
    encoding.icc_profile = profile_of(profile_bytes);
    for (const Bytes& webp :
         {encode_webp(raster, encoding).value(), encode_webp(planes, encoding).value()}) {
      EXPECT_THAT(types_of(webp), ElementsAre("VP8X", "ICCP", "VP8 ", "EXIF"));
      EXPECT_EQ(body_of(webp, "EXIF"), encoding.exif);
      EXPECT_EQ(body_of(webp, "ICCP"), encoding.icc_profile);
    }
  }
  encoding.icc_profile.clear();
  EXPECT_THAT(types_of(encode_webp(raster, encoding).value()), ElementsAre("VP8X", "VP8 ", "EXIF"));
}

TEST(webp_encode, refuses_planes_that_are_not_as_the_file_has_them) {
  const auto encoded = encode_webp(planes_of(quarters(20, 20), Subsampling::s444), {});
  ASSERT_FALSE(encoded);
  EXPECT_EQ(encoded.error().code, ErrorCode::internal);
}

TEST(webp_encode, says_what_the_library_refuses) {
  const auto encoded = encode_webp(Raster({16'384, 1}, 3), {});
  ASSERT_FALSE(encoded);
  EXPECT_EQ(encoded.error().code, ErrorCode::internal);
}

TEST(webp_encode, takes_more_bytes_for_more_quality) {
  const Planes planes = planes_of(noisy_quarters(90, 70), Subsampling::s420);
  std::size_t before = 0;
  for (int quality = 1; quality <= 100; quality += 9) {
    const Bytes webp = encode_webp(planes, of_quality(quality)).value();
    EXPECT_GE(webp.size(), before) << quality;
    before = webp.size();
  }
}

TEST(webp_encode, gives_the_same_bytes_on_any_thread) {
  const Planes planes = planes_of(noisy_quarters(300, 200), Subsampling::s420);
  const Bytes expected = encode_webp(planes, {}).value();
  Bytes made;
  std::thread other([&] { made = encode_webp(planes, {}).value(); });
  EXPECT_EQ(encode_webp(planes, {}), expected);
  other.join();
  EXPECT_EQ(made, expected);
}

}  // namespace
}  // namespace miniatura
