#include <gtest/gtest.h>

#include <random>

#include "tests/support/progressive_oracle.h"
#include "thumbnailer/codecs/jpeg/progressive.h"

namespace miniatura {
namespace {

using namespace std::string_literals;
using namespace oracle;

const Scans kUsual = {};

Error error_of(ByteView jpeg, std::uint64_t scans_max = kScansMax) {
  const auto result = decoded_at(4, jpeg, 1000, scans_max);
  if (!result) return fail(ErrorCode::internal, "not taken").value();
  return result->planes ? fail(ErrorCode::internal, "decoded").value() : result->planes.error();
}

TEST(Progressive, is_corrupt_at_every_length_but_the_whole) {
  for (const int interval : {0, 3}) {
    const Bytes jpeg = coded_jpeg({.width = 97,
                                   .height = 83,
                                   .factors = k420,
                                   .restart_interval = interval,
                                   .progressive = true});
    for (std::size_t size = head_bytes(jpeg); size < jpeg.size(); ++size) {
      const auto ours = decoded_at(2, ByteView(jpeg).substr(0, size));
      ASSERT_TRUE(ours);
      ASSERT_FALSE(ours->planes) << size;
      ASSERT_EQ(ours->planes.error().code, ErrorCode::image_corrupt);
    }
    EXPECT_TRUE(decoded_at(2, jpeg)->planes);
  }
}

// Each scan in turn, cut at many places, with the rest of the file behind it.
TEST(Progressive, has_libjpegs_verdict_where_a_scan_is_short) {
  for (const Scans* scans : {&kUsual, &kInSmallSteps}) {
    const Bytes jpeg = coded_jpeg(with_scans({.width = 97, .height = 83, .factors = k420}, *scans));
    int broken = 0;
    for (std::size_t at = head_bytes(jpeg); at < jpeg.size() - 2; at += 23) {
      std::size_t end = at;
      while (end + 1 < jpeg.size() &&
             !(jpeg[end] == '\xFF' && jpeg[end + 1] != 0 && jpeg[end + 1] != '\xFF')) {
        ++end;
      }
      const std::size_t cut = std::min<std::size_t>(end - at, 1 + at % 30);
      if (cut == 0) continue;
      const Comparison comparison = compare_at(4, Bytes(jpeg).erase(end - cut, cut));
      ASSERT_TRUE(comparison.taken);
      ASSERT_EQ(comparison.difference, "") << cut << " bytes before " << end;
      broken += comparison.decoded ? 0 : 1;
    }
    EXPECT_GT(broken, 100);
  }
}

TEST(Progressive, needs_the_restart_markers_that_should_come) {
  const Bytes jpeg = coded_jpeg(
      {.width = 160, .height = 160, .factors = k420, .restart_interval = 5, .progressive = true});
  for (std::size_t at = jpeg.find("\xFF\xD1"s); at != Bytes::npos;
       at = jpeg.find("\xFF\xD1"s, at + 1)) {
    Bytes broken = jpeg;
    broken[at + 1] = static_cast<char>(0xD2);
    EXPECT_EQ(error_of(broken).code, ErrorCode::image_corrupt) << at;
  }
}

TEST(Progressive, walks_over_a_limited_number_of_scans) {
  const Bytes jpeg = coded_jpeg(with_scans({.factors = k420}, kRefinedLate));
  const Error error = error_of(jpeg, 7);
  EXPECT_EQ(error.code, ErrorCode::image_too_large);
  EXPECT_EQ(error.message, "JPEG of 8 scans, over the limit of 7");
  EXPECT_TRUE(decoded_at(4, jpeg, 1000, 8)->planes);
}

TEST(Progressive, keeps_no_more_than_was_announced) {
  const Bytes jpeg =
      coded_jpeg({.width = 300, .height = 200, .factors = k420, .progressive = true});
  const std::size_t head = head_bytes(jpeg);
  auto decoder = ProgressiveJpeg::open(ByteView(jpeg).substr(0, head), jpeg.size() / 2);
  ASSERT_TRUE(decoder);
  Portions source(ByteView(jpeg).substr(head), 1000);
  const auto planes = decoder->decode(4, source, kScansMax);
  ASSERT_FALSE(planes);
  EXPECT_EQ(planes.error().code, ErrorCode::image_too_large);
  EXPECT_LE(source.pulled(), jpeg.size() / 2 + 40'000);
}

TEST(Progressive, goes_by_no_code_that_is_none_and_takes_no_impossible_scan) {
  const Bytes jpeg = coded_jpeg(with_scans({.factors = k420}, kWhole));
  const std::size_t second = jpeg.find("\xFF\xDA"s, head_bytes(jpeg));
  const auto with = [&](const Bytes& segment) {
    return error_of(jpeg.substr(0, second) + segment + jpeg.substr(second)).code;
  };
  EXPECT_EQ(with("\xFF\xFE\0\x05huh"s), ErrorCode::internal) << "decoded";
  for (const Bytes& bad : {"\xFF\xDA\0\x08\1\1\x03\1\x3F\0"s, "\xFF\xDA\0\x08\1\1\0\1\x40\0"s,
                           "\xFF\xDA\0\x08\1\1\0\5\4\0"s, "\xFF\xDA\0\x08\1\1\0\1\x3F\x0E"s,
                           "\xFF\xDA\0\x08\1\1\0\1\x3F\x31"s, "\xFF\xDA\0\x0A\2\1\0\2\0\1\x3F\0"s,
                           "\xFF\xDA\0\x08\1\1\0\0\x3F\0"s}) {
    EXPECT_EQ(with(bad), ErrorCode::image_corrupt) << testing::PrintToString(bad);
  }
}

TEST(Progressive, fails_with_its_sources_error) {
  class Broken : public ByteSource {
    Result<std::size_t> pull(std::span<char>) override {
      return fail(ErrorCode::network_timeout, "no more");
    }
  };
  const Bytes jpeg = coded_jpeg({.factors = k420, .progressive = true});
  auto decoder = ProgressiveJpeg::open(ByteView(jpeg).substr(0, head_bytes(jpeg)), jpeg.size());
  ASSERT_TRUE(decoder);
  Broken source;
  const auto planes = decoder->decode(4, source, kScansMax);
  ASSERT_FALSE(planes);
  EXPECT_EQ(planes.error().code, ErrorCode::network_timeout);
}

// In the scans' data alone: verdict and samples are libjpeg's.
TEST(Progressive, is_like_libjpeg_whichever_bit_of_a_scan_is_turned) {
  std::mt19937 random(7);
  int same = 0;
  int broken = 0;
  for (const Scans* scans : {&kUsual, &kWhole, &kInSmallSteps, &kRefinedLate}) {
    for (const int interval : {0, 4}) {
      const Bytes good = coded_jpeg(with_scans(
          {.width = 70, .height = 50, .factors = k420, .quality = 95, .restart_interval = interval},
          *scans));
      for (int i = 0; i < 700; ++i) {
        Bytes jpeg = good;
        const std::size_t at = head_bytes(good) + random() % (good.size() - head_bytes(good));
        const std::size_t scan = good.rfind("\xFF\xDA"s, at);
        // Not in a scan's header, nor in the codes before the next, nor so as to make a marker.
        if (at < scan + 14 || good.find("\xFF\xC4"s, at) < good.find("\xFF\xDA"s, at + 1)) continue;
        const auto turned = static_cast<char>(jpeg[at] ^ static_cast<char>(1U << random() % 8));
        if (turned == '\xFF' || jpeg[at] == '\xFF' || jpeg[at - 1] == '\xFF') continue;
        jpeg[at] = turned;
        const Comparison comparison = compare_at(i % 2 == 0 ? 2 : 4, jpeg);
        ASSERT_EQ(comparison.difference, "") << at << " of " << good.size();
        (comparison.decoded ? same : broken) += 1;
      }
    }
  }
  EXPECT_GT(same, 100);
  EXPECT_GT(broken, 100);
}

// Anywhere: what both decode is alike.
TEST(Progressive, decodes_nothing_otherwise_than_libjpeg) {
  std::mt19937 random(11);
  int same = 0;
  for (const Scans* scans : {&kUsual, &kInSmallSteps}) {
    const Bytes good = coded_jpeg(with_scans(
        {.width = 70, .height = 50, .factors = k420, .quality = 95, .own_codes = true}, *scans));
    for (int i = 0; i < 2000; ++i) {
      Bytes jpeg = good;
      for (unsigned flips = 1 + random() % 2; flips > 0; --flips) {
        char& byte = jpeg[random() % jpeg.size()];
        byte = static_cast<char>(byte ^ static_cast<char>(1U << random() % 8));
      }
      const Comparison comparison = compare_at(4, jpeg);
      if (!comparison.decoded) continue;
      ASSERT_EQ(comparison.difference, "");
      ++same;
    }
  }
  EXPECT_GT(same, 200);
}

TEST(Progressive, makes_of_noise_an_error_or_a_picture) {
  std::mt19937 random(3);
  const Bytes good =
      coded_jpeg({.width = 200, .height = 150, .factors = k420, .progressive = true});
  const std::size_t second = good.find("\xFF\xDA"s, head_bytes(good)) + 10;
  for (int i = 0; i < 300; ++i) {
    Bytes jpeg = good.substr(0, i % 2 == 0 ? head_bytes(good) : second);
    const auto length = random() % 3000;
    for (unsigned at = 0; at < length; ++at) jpeg += static_cast<char>(random());
    const auto ours = decoded_at(4, jpeg + "\xFF\xD9"s);
    ASSERT_TRUE(ours);
    EXPECT_TRUE(ours->planes || ours->planes.error().code == ErrorCode::image_corrupt);
  }
}

}  // namespace
}  // namespace miniatura
