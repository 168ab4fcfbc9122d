#include "thumbnailer/encode.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/images.h"
#include "tests/support/thumbnail_planes.h"

namespace miniatura {
namespace {

using namespace pictures;
using ::testing::HasSubstr;

Encoding of_quality(int quality) {
  Encoding encoding;
  encoding.quality = quality;
  return encoding;
}

Result<Bytes> within(const Raster& raster, ImageFormat format, const Encoding& encoding,
                     std::size_t max_bytes, int* encodings = nullptr) {
  return encode_within(
      [&](const Encoding& with) {
        if (encodings != nullptr) ++*encodings;
        return encode(raster, format, with);
      },
      format, encoding, max_bytes);
}

// A colour profile's header and no tags; its illuminant is none of the allowed.
Bytes odd_profile() {
  Bytes profile(132, '\0');
  profile.replace(0, 4, big_endian(132, 4));
  profile.replace(12, 12, "mntrRGB XYZ ");
  profile.replace(36, 4, "acsp");
  return profile;
}

TEST(encode, refuses_sides_that_the_format_cannot_hold) {
  const auto encoded = encode(Raster({16'384, 1}, 3), ImageFormat::webp, {});
  ASSERT_FALSE(encoded);
  EXPECT_EQ(encoded.error().code, ErrorCode::image_too_large);
  EXPECT_THAT(encoded.error().message, HasSubstr("16383"));
}

TEST(encode, writes_no_other_format) {
  const auto encoded = encode(Raster({8, 8}, 3), ImageFormat::gif, {});
  ASSERT_FALSE(encoded);
  EXPECT_EQ(encoded.error().code, ErrorCode::image_unsupported);
}

TEST(encode, takes_planes_for_all_but_png) {
  const Raster raster = smooth_picture({50, 30});
  for (const auto format : {ImageFormat::jpeg, ImageFormat::webp, ImageFormat::avif}) {
    const auto encoded = encode(planes_of(raster, Subsampling::s420), format, of_quality(95));
    ASSERT_TRUE(encoded) << encoded.error().message;
    EXPECT_LE(differences(pixels_of(*encoded), raster).mean, 3);
  }
  const auto png = encode(planes_of(raster, Subsampling::s420), ImageFormat::png, {});
  ASSERT_FALSE(png);
  EXPECT_EQ(png.error().code, ErrorCode::image_unsupported);
  const auto wide = encode(grey_ramp({16'384, 1}), ImageFormat::webp, {});
  ASSERT_FALSE(wide);
  EXPECT_EQ(wide.error().code, ErrorCode::image_too_large);
}

TEST(encode, follows_the_quality) {
  const Raster raster = noisy_quarters(256, 256);
  for (const auto format : {ImageFormat::jpeg, ImageFormat::webp}) {
    EXPECT_LT(encode(raster, format, of_quality(30))->size(),
              encode(raster, format, of_quality(90))->size());
  }
}

TEST(encode, keeps_a_profile_that_the_encoder_only_warns_of) {
  Encoding encoding;
  encoding.icc_profile = odd_profile();
  for (const auto format : {ImageFormat::png, ImageFormat::jpeg, ImageFormat::webp}) {
    const auto encoded = encode(quarters(16, 16), format, encoding);
    ASSERT_TRUE(encoded) << encoded.error().message;
    EXPECT_EQ(pixels_of(*encoded).size, (Size{16, 16}));
    const std::string_view place = format == ImageFormat::png    ? "iCCP"
                                   : format == ImageFormat::jpeg ? "ICC_PROFILE"
                                                                 : "ICCP";
    EXPECT_NE(encoded->find(place), Bytes::npos) << place;
  }
}

TEST(encode, leaves_out_a_profile_that_the_encoder_refuses) {
  Encoding encoding;
  encoding.icc_profile = odd_profile().replace(36, 4, "none");
  const Raster raster = quarters(16, 16);
  const auto encoded = encode(raster, ImageFormat::png, encoding);
  ASSERT_TRUE(encoded) << encoded.error().message;
  EXPECT_EQ(encoded->find("iCCP"), Bytes::npos);
  EXPECT_EQ(pixels_of(*encoded).pixels, raster.pixels);
}

TEST(encode_within, leaves_the_quality_where_it_fits) {
  const Raster raster = noisy_quarters(128, 128);
  const Bytes usual = encode(raster, ImageFormat::jpeg, of_quality(80)).value();
  EXPECT_EQ(within(raster, ImageFormat::jpeg, of_quality(80), usual.size()), usual);
}

TEST(encode_within, gives_the_best_quality_that_fits) {
  const Raster raster = noisy_quarters(128, 128);
  for (const auto format : {ImageFormat::jpeg, ImageFormat::webp}) {
    for (const int quality : {1, 2, 33, 50, 79}) {
      const Bytes expected = encode(raster, format, of_quality(quality)).value();
      const Bytes better = encode(raster, format, of_quality(quality + 1)).value();
      if (better.size() <= expected.size()) continue;  // both are the best
      EXPECT_EQ(within(raster, format, of_quality(80), expected.size()), expected)
          << format_name(format) << " " << quality;
    }
  }
}

TEST(encode_within, refuses_what_does_not_fit_at_the_lowest_quality) {
  const Raster raster = noisy_quarters(128, 128);
  const std::size_t lowest = encode(raster, ImageFormat::webp, of_quality(1))->size();
  const auto encoded = within(raster, ImageFormat::webp, of_quality(80), lowest - 1);
  ASSERT_FALSE(encoded);
  EXPECT_EQ(encoded.error().code, ErrorCode::image_too_large);
  EXPECT_EQ(encoded.error().message,
            fmt::format("{} bytes of webp at the lowest quality, over the max_bytes of {}", lowest,
                        lowest - 1));
}

TEST(encode_within, takes_no_more_than_eight_attempts) {
  const Raster raster = noisy_quarters(64, 64);
  for (const std::size_t max_bytes : {std::size_t{1}, std::size_t{900}, std::size_t{2000}}) {
    int encodings = 0;
    static_cast<void>(within(raster, ImageFormat::jpeg, of_quality(100), max_bytes, &encodings));
    EXPECT_LE(encodings, 8) << max_bytes;
    EXPECT_GE(encodings, 5) << max_bytes;
  }
}

TEST(encode_within, has_no_quality_of_a_png_to_lower) {
  const Raster raster = noisy_quarters(64, 64);
  const std::size_t size = encode(raster, ImageFormat::png, {})->size();
  EXPECT_TRUE(within(raster, ImageFormat::png, {}, size));
  const auto encoded = within(raster, ImageFormat::png, {}, size - 1);
  ASSERT_FALSE(encoded);
  EXPECT_EQ(encoded.error().code, ErrorCode::image_too_large);
  EXPECT_THAT(encoded.error().message, HasSubstr("png has no quality to lower"));
}

}  // namespace
}  // namespace miniatura
