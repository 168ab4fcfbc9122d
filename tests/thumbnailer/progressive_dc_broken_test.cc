#include <gtest/gtest.h>

#include <random>

#include "tests/support/progressive_oracle.h"
#include "thumbnailer/codecs/jpeg/progressive_dc.h"

namespace miniatura {
namespace {

using namespace std::string_literals;
using namespace oracle;

ErrorCode code_of(ByteView jpeg, std::uint64_t scans_max = kScansMax) {
  const auto result = decoded(jpeg, 1000, scans_max);
  EXPECT_TRUE(result);
  return result && !result->planes ? result->planes.error().code : ErrorCode::internal;
}

TEST(ProgressiveDc, takes_bits_that_never_come_as_good) {
  for (const int quality : {1, 10}) {
    const Bytes jpeg = coded_jpeg(with_scans(
        {.width = 133, .height = 75, .factors = k420, .quality = quality}, kNeverRefined));
    const auto ours = decoded(jpeg);
    ASSERT_TRUE(ours && ours->planes);
    EXPECT_EQ(code_of(ByteView(jpeg).substr(0, jpeg.size() - 2)), ErrorCode::image_corrupt)
        << "they might have come";
  }
}

TEST(ProgressiveDc, is_corrupt_at_every_length_at_which_means_are_missing) {
  const Scans* const all[] = {&kWhole, &kOneByOne, &kFarApart};
  for (const Scans* scans : all) {
    const Bytes jpeg = coded_jpeg(with_scans({.width = 97, .height = 83, .factors = k420}, *scans));
    const std::size_t head = oracle::head_bytes(jpeg);
    std::size_t whole_at = 0;
    for (std::size_t size = head; size < jpeg.size(); ++size) {
      const auto ours = decoded(ByteView(jpeg).substr(0, size));
      ASSERT_TRUE(ours);
      if (!ours->planes) {
        EXPECT_EQ(ours->planes.error().code, ErrorCode::image_corrupt);
        EXPECT_EQ(whole_at, 0U) << "it was whole already at " << whole_at << ", not at " << size;
      } else if (whole_at == 0) {
        whole_at = size;
      }
    }
    // Nothing that stands behind is missed.
    EXPECT_GT(whole_at, head);
    EXPECT_LT(whole_at, jpeg.size() * 2 / 3);
  }
}

TEST(ProgressiveDc, needs_every_component) {
  Bytes jpeg = coded_jpeg(with_scans({.factors = k420}, kOneByOne));
  const std::size_t second = jpeg.find("\xFF\xDA"s, oracle::head_bytes(jpeg));
  EXPECT_EQ(code_of(jpeg.substr(0, second) + "\xFF\xD9"s), ErrorCode::image_corrupt);
}

TEST(ProgressiveDc, needs_the_restart_markers_that_should_come) {
  Bytes jpeg = coded_jpeg(
      with_scans({.width = 160, .height = 160, .factors = k420, .restart_interval = 5}, kWhole));
  const std::size_t second = jpeg.find("\xFF\xD1"s);
  ASSERT_NE(second, Bytes::npos);
  jpeg[second + 1] = static_cast<char>(0xD2);
  EXPECT_EQ(code_of(jpeg), ErrorCode::image_corrupt);
}

TEST(ProgressiveDc, walks_over_a_limited_number_of_scans) {
  const Bytes jpeg = coded_jpeg(with_scans({.factors = k420, .quality = 1}, kRefinedLate));
  EXPECT_EQ(code_of(jpeg, 7), ErrorCode::image_too_large);
  const auto ours = decoded(jpeg, 1000, 7);
  ASSERT_TRUE(ours && !ours->planes);
  EXPECT_NE(ours->planes.error().message.find("JPEG of 8 scans, over the limit of 7"), Bytes::npos)
      << ours->planes.error().message;
  const auto within = decoded(jpeg, 1000, 8);
  EXPECT_TRUE(within && within->planes);
}

TEST(ProgressiveDc, takes_segments_between_scans_but_no_nonsense) {
  const Bytes jpeg = coded_jpeg(with_scans({.factors = k420}, kOneByOne));
  const std::size_t second = jpeg.find("\xFF\xDA"s, oracle::head_bytes(jpeg));
  const auto with = [&](const Bytes& segment) {
    return jpeg.substr(0, second) + segment + jpeg.substr(second);
  };
  const auto plain = decoded(jpeg);
  ASSERT_TRUE(plain && plain->planes);
  for (const Bytes& harmless :
       {"\xFF\xFE\0\x05huh"s, "\xFF\xE1\0\x02"s, "\xFF\xDC\0\x04\0\x30"s, "\xFF\x01"s, "\xFF\xFF"s,
        "between"s, "\xFF\xFE\xFF\xFF"s + Bytes(65'533, 'x'), "\xFF\0\xFF\xD3"s,
        // A code that is none, of a number that nobody goes by.
        "\xFF\xC4\0\x16\x03\x03"s + Bytes(15, '\0') + "\1\2\3"}) {
    const auto ours = decoded(with(harmless));
    ASSERT_TRUE(ours && ours->planes) << ours->planes.error().message;
    EXPECT_EQ(oracle::difference(ours->planes->colour[1], plain->planes->colour[1]), "");
  }
  for (const Bytes& bad :
       {"\xFF\xD8"s, "\xFF\xFE\0\1"s, "\xFF\xDD\0\5\0\0\0"s, "\xFF\xC4\0\x03\x20"s, "\xFF\xF0\0\2"s,
        "\xFF\xC2\0\x0B\x08\0\x10\0\x10\1\1\x11\0"s, "\xFF\xDA\0\x08\1\1\0\0\x3F\0"s,
        "\xFF\xDA\0\x08\1\1\x30\0\0\0"s, "\xFF\xDA\0\x08\1\x09\0\0\0\0"s,
        "\xFF\xDA\0\x08\1\1\0\0\0\x20"s, "\xFF\xDA\0\x0C\3\1\0\1\0\1\0\0\0\0"s}) {
    EXPECT_EQ(code_of(with(bad)), ErrorCode::image_corrupt) << testing::PrintToString(bad);
  }
}

TEST(ProgressiveDc, goes_by_no_code_that_is_none) {
  const auto message = [](const Bytes& jpeg) {
    const auto ours = decoded(jpeg);
    return ours && !ours->planes ? ours->planes.error().message : "decoded";
  };
  const Bytes jpeg = coded_jpeg(with_scans({.factors = k420}, kOneByOne));
  const std::size_t head = oracle::head_bytes(jpeg);
  Bytes ones;
  for (int i = 0; i < 2000; ++i) ones += "\xFF\0"s;
  EXPECT_NE(message(jpeg.substr(0, head) + ones + jpeg.substr(head)).find("bad Huffman code"),
            Bytes::npos);
  const std::size_t second = jpeg.find("\xFF\xDA"s, head);
  EXPECT_NE(
      message(jpeg.substr(0, second) + "\xFF\xDA\0\x08\1\1\x30\0\0\0"s).find("codes that are none"),
      Bytes::npos);
}

TEST(ProgressiveDc, fails_with_its_sources_error) {
  class Broken : public ByteSource {
    Result<std::size_t> pull(std::span<char>) override {
      return fail(ErrorCode::network_timeout, "no more");
    }
  };
  const Bytes jpeg = coded_jpeg({.factors = k420, .progressive = true});
  auto decoder = ProgressiveDc::open(ByteView(jpeg).substr(0, oracle::head_bytes(jpeg)));
  ASSERT_TRUE(decoder);
  Broken source;
  const auto planes = decoder->decode(source, kScansMax);
  ASSERT_FALSE(planes);
  EXPECT_EQ(planes.error().code, ErrorCode::network_timeout);
}

// What libjpeg decodes without complaint is decoded, and alike; the rest is an error or a picture.
TEST(ProgressiveDc, is_like_libjpeg_whichever_bit_is_turned) {
  std::mt19937 random(7);
  int same = 0;
  for (const Scans* scans : {&kWhole, &kOneByOne, &kFarApart, &kRefinedEarly}) {
    const Bytes good = coded_jpeg(with_scans(
        {.width = 70, .height = 50, .factors = k420, .quality = 95, .restart_interval = 4},
        *scans));
    for (int i = 0; i < 1500; ++i) {
      Bytes jpeg = good;
      for (unsigned flips = 1 + random() % 2; flips > 0; --flips) {
        const int bit = 1 << random() % 8;
        char& byte = jpeg[random() % jpeg.size()];
        byte = static_cast<char>(byte ^ bit);
      }
      const auto ours = decoded(jpeg);
      if (!ours || !ours->planes) continue;
      const auto theirs = oracle::Libjpeg(jpeg).means();
      if (!theirs) continue;
      for (std::size_t c = 0; c < 3; ++c) {
        EXPECT_LE(largest_difference(ours->planes->colour[c], (*theirs)[c].samples),
                  scans == &kRefinedEarly ? 1 : 0);
      }
      ++same;
    }
  }
  EXPECT_GT(same, 500);
}

TEST(ProgressiveDc, makes_of_noise_an_error_or_a_picture) {
  std::mt19937 random(3);
  const Bytes good = coded_jpeg(with_scans({.width = 200, .height = 150, .factors = k420}, kWhole));
  const std::size_t head = oracle::head_bytes(good);
  for (int i = 0; i < 300; ++i) {
    Bytes jpeg = good.substr(0, head);
    const auto length = random() % 3000;
    for (unsigned at = 0; at < length; ++at) jpeg += static_cast<char>(random());
    const auto ours = decoded(jpeg);
    ASSERT_TRUE(ours);
    EXPECT_TRUE(ours->planes || ours->planes.error().code == ErrorCode::image_corrupt);
  }
}

}  // namespace
}  // namespace miniatura
