// What is damaged in a scan: BaselineJpeg and libjpeg agree on each.
#include "thumbnailer/codecs/jpeg/baseline_scan.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/baseline_oracle.h"

namespace miniatura {
namespace {

using namespace std::string_literals;
using oracle::coded_jpeg;
using oracle::JpegKind;

const std::vector<oracle::Factors> kGrey = {{1, 1}}, k444 = {{1, 1}, {1, 1}, {1, 1}},
                                   k420 = {{2, 2}, {1, 1}, {1, 1}};

Error error_of(ByteView jpeg, int eighths = 1) {
  const std::size_t head = oracle::head_bytes(jpeg);
  auto decoder = BaselineJpeg::open(jpeg.substr(0, head), eighths);
  if (!decoder) return fail(ErrorCode::internal, "not taken").value();
  MemorySource scan{Bytes(jpeg.substr(head))};
  auto planes = decoder->decode(scan);
  return planes ? fail(ErrorCode::internal, "decoded").value() : planes.error();
}

TEST(BaselineScan, is_cut_at_each_length_with_libjpegs_verdict) {
  for (const int interval : {0, 3}) {
    for (const auto& factors : {kGrey, k420}) {
      const Bytes jpeg =
          coded_jpeg({.width = 50, .height = 34, .factors = factors, .restart_interval = interval});
      int decoded = 0;
      for (std::size_t length = oracle::head_bytes(jpeg); length < jpeg.size(); ++length) {
        for (const int eighths : {1, 2, 4}) {
          const auto comparison = oracle::compare(ByteView(jpeg).substr(0, length), eighths);
          ASSERT_TRUE(comparison.taken);
          ASSERT_EQ(comparison.difference, "") << length << " bytes at " << eighths << "/8";
          decoded += comparison.decoded ? 1 : 0;
        }
      }
      // Only without its end of image, or with half of it.
      EXPECT_EQ(decoded, 2 * 3);
    }
  }
}

TEST(BaselineScan, with_bits_flipped_has_libjpegs_verdict_and_samples) {
  std::mt19937 random(7);
  int decoded = 0;
  for (int round = 0; round < 1500; ++round) {
    const JpegKind kind{.width = 60,
                        .height = 44,
                        .factors = round % 3 == 0   ? kGrey
                                   : round % 3 == 1 ? k444
                                                    : k420,
                        .quality = round % 2 == 0 ? 30 : 90,
                        .restart_interval = round % 4 == 0 ? 4 : 0,
                        .own_codes = round % 5 == 0};
    Bytes jpeg = coded_jpeg(kind);
    const std::size_t head = oracle::head_bytes(jpeg);
    for (int flips = 1 + round % 3; flips > 0; --flips) {
      char& byte = jpeg[head + random() % (jpeg.size() - head)];
      byte = static_cast<char>(byte ^ 1 << random() % 8);
    }
    const int eighths = std::array{1, 2, 4}[random() % 3];
    const auto comparison = oracle::compare(jpeg, eighths);
    ASSERT_TRUE(comparison.taken);
    ASSERT_EQ(comparison.difference, "") << "round " << round << " at " << eighths << "/8";
    decoded += comparison.decoded ? 1 : 0;
  }
  EXPECT_GT(decoded, 50);
  EXPECT_LT(decoded, 1450);
}

TEST(BaselineScan, of_garbage_has_libjpegs_verdict_and_samples) {
  std::mt19937 random(11);
  int decoded = 0;
  for (int round = 0; round < 1000; ++round) {
    const JpegKind kind{.width = 30 + round % 7,
                        .height = 20,
                        .factors = round % 3 == 0   ? kGrey
                                   : round % 3 == 1 ? k444
                                                    : k420,
                        .quality = round % 2 == 0 ? 1 : 90,
                        .restart_interval = round % 8 == 0 ? 2 : 0};
    Bytes jpeg = coded_jpeg(kind);
    jpeg.resize(oracle::head_bytes(jpeg));
    // Without FF, so that no marker ends it before the blocks are there.
    for (int i = 0; i < 4000; ++i) {
      jpeg.push_back(static_cast<char>(random() % (round % 2 == 0 ? 255 : 200)));
    }
    for (const int eighths : {1, 2, 4}) {
      const auto comparison = oracle::compare(jpeg, eighths);
      ASSERT_TRUE(comparison.taken);
      ASSERT_EQ(comparison.difference, "") << "round " << round << " at " << eighths << "/8";
      decoded += comparison.decoded ? 1 : 0;
    }
  }
  EXPECT_GT(decoded, 100);
}

TEST(BaselineScan, may_have_bytes_too_many_before_a_marker) {
  const Bytes jpeg =
      coded_jpeg({.width = 64, .height = 64, .factors = k420, .restart_interval = 4});
  const std::size_t marker = jpeg.find("\xFF\xD0", oracle::head_bytes(jpeg));
  ASSERT_NE(marker, Bytes::npos);
  for (const ByteView extra :
       {ByteView("\xFF"), ByteView("\xFF\xFF\xFF"), ByteView("abc"), ByteView("a\xFF\0b", 4)}) {
    Bytes more = jpeg;
    more.insert(marker, extra);
    for (const int eighths : {1, 2, 4}) {
      const auto comparison = oracle::compare(more, eighths);
      EXPECT_TRUE(comparison.decoded);
      EXPECT_EQ(comparison.difference, "");
    }
  }
}

TEST(BaselineScan, without_the_right_restart_marker_is_damaged) {
  const Bytes jpeg =
      coded_jpeg({.width = 64, .height = 64, .factors = k420, .restart_interval = 4});
  const std::size_t marker = jpeg.find("\xFF\xD1", oracle::head_bytes(jpeg));
  ASSERT_NE(marker, Bytes::npos);
  for (const char other : {'\xD0', '\xD2', '\xD7', '\xD9', '\xC0', '\xE1'}) {
    Bytes wrong = jpeg;
    wrong[marker + 1] = other;
    EXPECT_EQ(oracle::compare(wrong, 1).difference, "");
    const Error error = error_of(wrong);
    EXPECT_EQ(error.code, ErrorCode::image_corrupt);
    EXPECT_NE(error.message.find("instead of restart marker 1"), Bytes::npos) << error.message;
  }
  Bytes missing = jpeg;
  missing.erase(marker, 2);
  EXPECT_EQ(error_of(missing).code, ErrorCode::image_corrupt);
}

TEST(BaselineScan, says_what_is_damaged_and_where) {
  const Bytes jpeg = coded_jpeg({.width = 64, .height = 64, .factors = k420});
  const std::size_t head = oracle::head_bytes(jpeg);
  const Error cut = error_of(jpeg.substr(0, head + 40));
  EXPECT_EQ(cut.code, ErrorCode::image_corrupt);
  EXPECT_EQ(cut.message, "JPEG: premature end of data in row 1 of 4");
  // Sixteen ones begin no code.
  Bytes ones = jpeg.substr(0, head);
  for (int i = 0; i < 4000; ++i) ones += Bytes("\xFF\0", 2);
  for (const int eighths : {1, 2, 4}) {
    EXPECT_EQ(error_of(ones, eighths).message, "JPEG: bad Huffman code in row 1 of 4");
  }
  EXPECT_EQ(error_of(jpeg.substr(0, head)).code, ErrorCode::image_corrupt);
}

// A grey JPEG of which each block is a difference of 15 bits, all ones, and the end.
Bytes rising_jpeg(int edge) {
  const auto side = Bytes{static_cast<char>(edge >> 8), static_cast<char>(edge & 0xFF)};
  Bytes jpeg = "\xFF\xD8\xFF\xDB\0\x43\0"s + Bytes(64, '\1');
  jpeg += "\xFF\xC0\0\x0B\x08"s + side + side + "\x01\x01\x11\0"s;
  for (const auto& [number, symbol] : {std::pair{'\0', '\x0F'}, {'\x10', '\0'}}) {
    jpeg += "\xFF\xC4\0\x14"s + number + '\1' + Bytes(15, '\0') + symbol;
  }
  jpeg += "\xFF\xDA\0\x08\1\1\0\0\x3F\0"s;
  const int blocks = (edge + 7) / 8 * ((edge + 7) / 8);
  std::uint32_t waiting = 0;
  int count = 0;
  for (int i = 0; i < blocks; ++i) {
    waiting = waiting << 17U | 0x0FFFEU;  // a code of 0, 15 ones, a code of 0
    for (count += 17; count >= 8; count -= 8) {
      jpeg.push_back(static_cast<char>(waiting >> static_cast<unsigned>(count - 8)));
      if (jpeg.back() == '\xFF') jpeg.push_back('\0');
    }
  }
  return jpeg + Bytes(2, '\0') + "\xFF\xD9";
}

TEST(BaselineScan, comes_round_where_brightness_leaves_its_range_as_in_libjpeg) {
  // Beyond 16 bits, and beyond 32.
  for (const int edge : {160, 2056}) {
    const Bytes jpeg = rising_jpeg(edge);
    for (const int eighths : {1, 2, 4}) {
      const auto comparison = oracle::compare(jpeg, eighths);
      EXPECT_TRUE(comparison.taken && comparison.decoded);
      EXPECT_EQ(comparison.difference, "") << edge << " at " << eighths << "/8";
    }
  }
}

}  // namespace
}  // namespace miniatura
