// Of decode_jpeg() what is asked for fine colours: what libjpeg makes for everybody.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "tests/support/jpeg_oracle.h"
#include "thumbnailer/codecs/jpeg/jpeg_decode.h"

namespace miniatura {
namespace {

using oracle::coded_jpeg;
using oracle::Factors;
using oracle::JpegKind;

constexpr int kEighths[] = {1, 2, 4, 8};

Result<DecodedPicture> decoded(const Bytes& jpeg, int eighths) {
  const std::size_t head = oracle::head_bytes(jpeg);
  MemorySource rest(jpeg.substr(head));
  return decode_jpeg(ByteView(jpeg).substr(0, head), rest, {eighths, true}, 100);
}

void expect_as_libjpeg(const JpegKind& kind, int eighths) {
  const std::string name = fmt::format("{}/8 of {}x{}{}, {}x{}", eighths, kind.width, kind.height,
                                       kind.progressive ? " progressive" : "",
                                       kind.factors[0].across, kind.factors[0].down);
  const Bytes jpeg = coded_jpeg(kind);
  const auto picture = decoded(jpeg, eighths);
  ASSERT_TRUE(picture) << name << ": " << picture.error().message;
  const Planes& planes = picture->planes;
  EXPECT_EQ(planes.stored, (Size{kind.width, kind.height})) << name;
  EXPECT_EQ(planes.coding, Coding::rgb) << name;
  EXPECT_EQ(planes.colour.size(), 3U) << name;
  const auto theirs = oracle::Libjpeg(jpeg).rgb(eighths);
  ASSERT_TRUE(theirs) << name;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(oracle::difference(planes.colour.at(i), theirs->at(i)), "") << name << ", " << i;
    EXPECT_EQ(planes.colour[i].across, eighths / 8.0) << name;
    EXPECT_EQ(planes.colour[i].down, eighths / 8.0) << name;
  }
}

TEST(jpeg_decode_fine, gives_libjpegs_colours_for_all_samplings_and_sizes) {
  // 4:4:4, 4:2:2, 4:2:0, 4:4:0, 4:1:1 and 4:1:0.
  for (const Factors first : {Factors{1, 1}, {2, 1}, {2, 2}, {1, 2}, {4, 1}, {4, 2}}) {
    for (const Size size :
         {Size{131, 77}, Size{1, 1}, Size{2, 40}, Size{5, 9}, Size{40, 2}, Size{64, 48}}) {
      JpegKind kind;
      kind.width = size.width;
      kind.height = size.height;
      kind.factors = {first, {1, 1}, {1, 1}};
      kind.noise = 120;  // over the edges of what red, green and blue can be
      for (const bool progressive : {false, true}) {
        kind.progressive = progressive;
        for (const int eighths : kEighths) expect_as_libjpeg(kind, eighths);
      }
    }
  }
}

TEST(jpeg_decode_fine, leaves_grey_grey) {
  const Bytes jpeg = coded_jpeg({});
  for (const int eighths : kEighths) {
    const auto picture = decoded(jpeg, eighths);
    ASSERT_TRUE(picture);
    EXPECT_EQ(picture->planes.coding, Coding::grey);
    EXPECT_EQ(picture->planes.colour.size(), 1U);
  }
}

TEST(jpeg_decode_fine, damage_is_corrupt) {
  const Bytes jpeg = coded_jpeg({.width = 200, .height = 200, .factors = {{2, 1}, {1, 1}, {1, 1}}});
  for (const int eighths : kEighths) {
    for (const std::size_t length : {oracle::head_bytes(jpeg), jpeg.size() / 2}) {
      const auto picture = decoded(jpeg.substr(0, length), eighths);
      ASSERT_FALSE(picture) << eighths;
      EXPECT_EQ(picture.error().code, ErrorCode::image_corrupt) << picture.error().message;
    }
  }
}

}  // namespace
}  // namespace miniatura
