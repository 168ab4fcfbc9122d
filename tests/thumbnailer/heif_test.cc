#include "thumbnailer/codecs/heif/heif.h"

#include <gtest/gtest.h>

#include "tests/support/fixture.h"
#include "tests/support/images.h"

namespace miniatura {
namespace {

using namespace pictures;

std::vector<std::uint16_t> row_of(const HeifPicture& picture, int y) {
  std::vector<std::uint16_t> rgba(static_cast<std::size_t>(picture.size().width) * 4);
  picture.row(y, rgba);
  return rgba;
}

TEST(heif_picture, gives_8_and_10_bits_as_16) {
  const auto plain = HeifPicture::decode(read_picture("heic-plain.heic"));
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(plain->size(), (Size{96, 64}));
  EXPECT_FALSE(plain->alpha());
  const auto red = row_of(*plain, 10);
  EXPECT_NEAR(red[40], kRed[0] * 257, 700);
  EXPECT_NEAR(red[41], kRed[1] * 257, 700);
  EXPECT_EQ(red[43], 65'535);
  EXPECT_EQ(red[40] % 257, 0) << "8 bits fill the whole range";

  for (const auto* name : {"heic-10.heic", "avif-10.avif"}) {
    const auto deep = HeifPicture::decode(read_picture(name));
    ASSERT_TRUE(deep) << deep.error().message;
    const auto slope = row_of(*deep, 10);
    // Neighbours differ by 16 of 65536, steps of 10 bits by 64: a slope of 8 bits would have 16.
    std::size_t steps = 0;
    for (std::size_t i = 4; i < slope.size(); i += 4) steps += slope[i] != slope[i - 4] ? 1U : 0U;
    EXPECT_GT(steps, 40U) << name;
  }
}

// Turning and cutting are left to the caller: the library turns 8 bits alone.
TEST(heif_picture, is_as_it_is_stored) {
  EXPECT_EQ(HeifPicture::decode(read_picture("heic-orientation-6.heic"))->size(), (Size{96, 64}));
  const Size odd = HeifPicture::decode(read_picture("heic-odd.heic"))->size();
  EXPECT_GE(odd.width, 97);
  EXPECT_GE(odd.height, 65);
}

TEST(heif_picture, has_straight_alpha) {
  const auto picture = HeifPicture::decode(read_picture("avif-alpha.avif"));
  ASSERT_TRUE(picture);
  ASSERT_TRUE(picture->alpha());
  const auto row = row_of(*picture, 10);
  EXPECT_EQ(row[3], 0);
  EXPECT_EQ(row[row.size() - 1], 65'535);
}

TEST(heif_picture, brings_its_profile_or_one_made_of_its_numbers) {
  EXPECT_EQ(HeifPicture::decode(read_picture("p3.heic"))->icc_profile(), read_picture("p3.icc"));
  EXPECT_EQ(HeifPicture::decode(read_picture("p3-numbers.avif"))->icc_profile().substr(36, 4),
            "acsp");
  EXPECT_TRUE(HeifPicture::decode(read_picture("avif-plain.avif"))->icc_profile().empty());
}

TEST(heif_picture, tells_what_is_wrong_in_one_line) {
  const Bytes whole = read_picture("heic-plain.heic");
  for (const Bytes& bytes :
       {Bytes(), whole.substr(0, whole.size() - 40), heif_start("heic", {ispe(8, 8)})}) {
    const auto picture = HeifPicture::decode(bytes);
    ASSERT_FALSE(picture);
    EXPECT_FALSE(picture.error().retryable()) << picture.error().message;
    EXPECT_EQ(picture.error().message.find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace miniatura
