#include "thumbnailer/codecs/heif/heif_decode.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/decoded.h"
#include "tests/support/fixture.h"
#include "tests/support/images.h"

namespace miniatura {
namespace {

using namespace pictures;

Result<DecodedPicture> decoded(const Bytes& heif, int denominator) {
  const ImageHeader header = header_of(heif);
  return decode_heif(essential_bytes(heif, header), header, denominator);
}

void expect_as_magick_has_it(const std::string& name) {
  const Bytes heif = read_picture(name);
  const ImageHeader header = header_of(heif);
  for (const int denominator : {1, 2, 4, 8}) {
    const auto picture = decoded(heif, denominator);
    ASSERT_TRUE(picture) << name << ": " << picture.error().message;
    EXPECT_EQ(picture->planes.stored, (Size{header.width, header.height}));
    EXPECT_EQ(picture->planes.colour[0].across, 1.0 / denominator);
    const Distance apart = distance(raster_of(picture->planes), by_magick(heif, denominator));
    EXPECT_LE(apart.worst, 1) << name << " by " << denominator;
  }
}

TEST(decode_heif, every_kind_is_as_magick_has_it) {
  for (const auto* name : {"heic-plain.heic",
                           "heic-10.heic",
                           "heic-odd.heic",
                           "heic-two.heic",
                           "heic-alpha.heic",
                           "heic-exif-6.heic",
                           "heic-orientation-5.heic",
                           "p3.heic",
                           "adobe.heic",
                           "avif-plain.avif",
                           "avif-10.avif",
                           "avif-odd.avif",
                           "avif-two.avif",
                           "avif-alpha.avif",
                           "avif-grid.avif",
                           "avif-animated.avif",
                           "avif-orientation-6.avif",
                           "p3.avif",
                           "p3-numbers.avif",
                           "adobe.avif"}) {
    expect_as_magick_has_it(name);
  }
}

TEST(decode_heif, ten_bits_stay_finer_than_eight) {
  for (const auto* name : {"heic-10.heic", "avif-10.avif"}) {
    const auto picture = decoded(read_picture(name), 1);
    ASSERT_TRUE(picture) << picture.error().message;
    const Plane& red = picture->planes.colour.at(0);
    ASSERT_EQ(red.bits, 16);
    // Neighbours differ by 16 of 65536, steps of 10 bits by 64: a slope of 8 bits would have 16.
    std::size_t steps = 0;
    for (int x = 1; x < red.size.width; ++x) {
      steps += red.row_16(10)[x] != red.row_16(10)[x - 1] ? 1U : 0U;
    }
    EXPECT_GT(steps, 40U) << name;
  }
  EXPECT_EQ(decoded(read_picture("heic-plain.heic"), 1)->planes.colour.at(0).bits, 8);
}

TEST(decode_heif, alpha_multiplies_the_colours) {
  for (const auto* name : {"heic-alpha.heic", "avif-alpha.avif"}) {
    const auto picture = decoded(read_picture(name), 2);
    ASSERT_TRUE(picture) << picture.error().message;
    ASSERT_EQ(picture->planes.alpha.size(), 1U) << name;
    EXPECT_LE(picture->planes.alpha[0].row_16(4)[4], 700) << name;
    EXPECT_LE(picture->planes.colour[0].row_16(4)[4], 700) << name;
  }
}

// More is stored than is shown, the rest is cut: at the right, or in the middle.
TEST(decode_heif, what_sticks_out_is_cut_off) {
  const Bytes odd = read_picture("heic-odd.heic");
  EXPECT_EQ(decoded(odd, 1)->planes.colour.at(2).size, (Size{97, 65}));
  EXPECT_EQ(decoded(odd, 8)->planes.colour.at(2).size, (Size{13, 9}));
  const Bytes plain = read_picture("avif-plain.avif");
  ImageHeader header = header_of(plain);
  const Size whole = {header.width, header.height};
  header.width = 6;
  header.height = 4;
  header.frame = {3 - whole.width / 2, 2 - whole.height / 2, whole.width, whole.height};
  const auto picture = decode_heif(plain, header, 1);
  ASSERT_TRUE(picture) << picture.error().message;
  const Raster raster = raster_of(picture->planes);
  ASSERT_EQ(raster.size, (Size{6, 4}));
  EXPECT_LE(difference(colour_at(raster, 0.1, 0.1), kRed), 12);
  EXPECT_LE(difference(colour_at(raster, 0.9, 0.9), kYellow), 12);
}

TEST(decode_heif, brings_its_profile_or_one_made_of_its_numbers) {
  EXPECT_EQ(decoded(read_picture("p3.heic"), 8)->icc_profile, read_picture("p3.icc"));
  EXPECT_EQ(decoded(read_picture("p3-numbers.avif"), 8)->icc_profile.substr(36, 4), "acsp");
  EXPECT_TRUE(decoded(read_picture("avif-plain.avif"), 8)->icc_profile.empty());
}

TEST(decode_heif, another_size_than_the_header_says_is_corrupt) {
  for (const auto* name : {"heic-plain.heic", "avif-alpha.avif"}) {
    const Bytes heif = read_picture(name);
    ImageHeader header = header_of(heif);
    header.height += 1;
    const auto picture = decode_heif(heif, header, 1);
    ASSERT_FALSE(picture);
    EXPECT_EQ(picture.error().code, ErrorCode::image_corrupt);
  }
}

TEST(decode_heif, broken_files_do_no_harm) {
  std::mt19937 random(5);
  for (const auto* name : {"heic-plain.heic", "avif-alpha.avif", "avif-grid.avif"}) {
    const Bytes whole = read_picture(name);
    const ImageHeader header = header_of(whole);
    for (std::size_t size = 0; size + 1 < whole.size(); size += 1 + whole.size() / 40) {
      const auto picture = decode_heif(whole.substr(0, size), header, 2);
      if (picture) continue;
      EXPECT_FALSE(picture.error().retryable()) << picture.error().message;
      EXPECT_EQ(picture.error().message.find('\n'), std::string::npos);
    }
    for (int i = 0; i < 100; ++i) {
      Bytes flipped = whole;
      char& byte = flipped[random() % flipped.size()];
      byte = static_cast<char>(byte ^ static_cast<char>(1U << random() % 8));
      const auto picture = decode_heif(flipped, header, 2);
      if (!picture) continue;
      EXPECT_EQ(picture->planes.stored, (Size{header.width, header.height}));
    }
  }
}

}  // namespace
}  // namespace miniatura
