#include "thumbnailer/heif_coded.h"

#include <gtest/gtest.h>

#include "tests/support/fixture.h"
#include "tests/support/images.h"
#include "thumbnailer/iso_box.h"
#include "thumbnailer/iso_items.h"

namespace miniatura {
namespace {

using namespace pictures;
using namespace std::string_literals;

// The bytes of the first item of a file, and of the first property of a type.
Bytes first_item(const Bytes& file) {
  ByteView rest = file;
  while (const auto box = next_box(rest)) {
    if (box->type == "meta") return Bytes(iso_items(file, box->body.substr(4)).at(0).bytes);
  }
  throw std::runtime_error("no meta");
}

Bytes property(const Bytes& file, std::string_view type) {
  ByteView rest = ByteView(file).substr(file.find(type) - 4);
  return Bytes(next_box(rest)->body);
}

TEST(av1_coded_size, is_what_encoders_write) {
  EXPECT_EQ(av1_coded_size(first_item(read_picture("avif-plain.avif"))), (Size{96, 64}));
  EXPECT_EQ(av1_coded_size(first_item(read_picture("avif-odd.avif"))), (Size{97, 65}));
  EXPECT_EQ(av1_coded_size(first_item(read_picture("avif-two.avif"))), (Size{200, 130}));
  EXPECT_EQ(av1_coded_size(first_item(read_picture("avif-10.avif"))), (Size{256, 64}));
  // A sequence of frames has a header that is not reduced.
  EXPECT_EQ(av1_coded_size(first_item(read_picture("avif-animated.avif"))), (Size{96, 64}));
}

TEST(av1_coded_size, finds_the_largest_of_several_headers) {
  const Bytes small = first_item(read_picture("avif-plain.avif"));
  const Bytes large = first_item(read_picture("avif-two.avif"));
  EXPECT_EQ(av1_coded_size(small + large), (Size{200, 130}));
  EXPECT_EQ(av1_coded_size(large + small), (Size{200, 130}));
}

TEST(hevc_coded_size, is_what_the_encoder_writes) {
  const Size plain = hvcc_coded_size(property(read_picture("heic-plain.heic"), "hvcC"));
  EXPECT_EQ(plain, (Size{96, 64}));
  const Size two = hvcc_coded_size(property(read_picture("heic-two.heic"), "hvcC"));
  EXPECT_GE(two.width, 200);
  EXPECT_LT(two.width, 200 + 64);
  EXPECT_GE(two.height, 130);
  EXPECT_LT(two.height, 130 + 64);
}

TEST(hevc_coded_size, sees_parameters_among_the_units_of_an_item) {
  const Bytes hvcc = property(read_picture("heic-plain.heic"), "hvcC");
  // The unit of type 33, with its length of 2 bytes before it.
  const std::size_t at = hvcc.find("\x42\x01"s);
  ASSERT_NE(at, Bytes::npos);
  const std::size_t length = static_cast<unsigned char>(hvcc[at - 1]);
  const Bytes unit = hvcc.substr(at, length);
  const Bytes other = big_endian(3, 4) + "\x26\x01\xAF"s;
  EXPECT_EQ(hevc_coded_size(other), (Size{0, 0}));
  EXPECT_EQ(hevc_coded_size(other + big_endian(static_cast<std::uint32_t>(length), 4) + unit),
            (Size{96, 64}));
}

TEST(coded_size, of_nothing_and_of_noise_is_some_size) {
  std::uint32_t state = 1;
  for (int round = 0; round < 2000; ++round) {
    Bytes noise;
    for (int i = 0; i < 64; ++i) {
      state = state * 1'664'525 + 1'013'904'223;
      noise.push_back(static_cast<char>(state >> 24U));
    }
    for (const Size size :
         {av1_coded_size(noise), hevc_coded_size(noise), hvcc_coded_size(noise)}) {
      EXPECT_GE(size.width, 0);
      EXPECT_GE(size.height, 0);
    }
  }
  EXPECT_EQ(av1_coded_size(""), (Size{0, 0}));
  EXPECT_EQ(hvcc_coded_size(""), (Size{0, 0}));
}

}  // namespace
}  // namespace miniatura
