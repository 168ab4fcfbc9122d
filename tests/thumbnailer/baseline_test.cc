#include "thumbnailer/codecs/jpeg/baseline.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <numeric>
#include <optional>
#include <utility>

#include "tests/support/baseline_oracle.h"

namespace miniatura {
namespace {

using oracle::coded_jpeg;
using oracle::Factors;
using oracle::JpegKind;

const std::vector<Factors> kGrey = {{1, 1}}, k444 = {{1, 1}, {1, 1}, {1, 1}},
                           k422 = {{2, 1}, {1, 1}, {1, 1}}, k440 = {{1, 2}, {1, 1}, {1, 1}},
                           k420 = {{2, 2}, {1, 1}, {1, 1}}, kOdd = {{1, 2}, {2, 1}, {1, 1}},
                           kUpsideDown = {{1, 1}, {2, 2}, {1, 2}};

void expect_like_libjpeg(const JpegKind& kind) {
  const Bytes jpeg = coded_jpeg(kind);
  for (const int eighths : {1, 2, 4}) {
    const auto comparison = oracle::compare(jpeg, eighths);
    EXPECT_TRUE(comparison.taken && comparison.decoded);
    EXPECT_EQ(comparison.difference, "")
        << kind.width << "x" << kind.height << " at " << eighths << "/8, " << kind.factors.size()
        << " components, first " << kind.factors[0].across << "x" << kind.factors[0].down
        << ", restarts " << kind.restart_interval;
  }
}

TEST(Baseline, gives_libjpegs_samples_for_each_sampling_and_size) {
  for (const auto& factors : {kGrey, {{2, 2}}, k444, k422, k440, k420, kOdd, kUpsideDown}) {
    for (const auto& [width, height] : {std::pair{1, 1},
                                        {1, 40},
                                        {40, 1},
                                        {7, 9},
                                        {8, 8},
                                        {15, 17},
                                        {16, 16},
                                        {33, 31},
                                        {64, 48},
                                        {131, 77}}) {
      expect_like_libjpeg({.width = width, .height = height, .factors = factors});
    }
  }
}

TEST(Baseline, gives_libjpegs_samples_at_fine_grids_and_leaves_it_the_uncommon_ones) {
  struct Kind {
    std::vector<Factors> factors;
    int eighths_max;  // at which it is taken
  };
  const Kind kinds[] = {{kGrey, 4},
                        {k444, 4},
                        {k422, 4},
                        {k420, 2},
                        {{{1, 1}, {2, 2}, {1, 1}}, 2},
                        {{{2, 1}, {2, 1}, {1, 1}}, 4},
                        {k440, 0},
                        {kOdd, 0},
                        {kUpsideDown, 2},
                        {{{1, 1}, {2, 1}, {1, 1}}, 0}};
  for (const auto& [factors, eighths_max] : kinds) {
    for (const Size size : {Size{1, 1}, Size{1, 40}, Size{40, 1}, Size{17, 16}, Size{131, 77}}) {
      const Bytes jpeg =
          coded_jpeg({.width = size.width, .height = size.height, .factors = factors});
      for (const int eighths : {1, 2, 4}) {
        const auto comparison = oracle::compare(jpeg, eighths, Grids::fine);
        const std::string name = fmt::format("{}x{} at {}/8, first {}x{}", size.width, size.height,
                                             eighths, factors[0].across, factors[0].down);
        EXPECT_EQ(comparison.taken, eighths <= eighths_max) << name;
        EXPECT_EQ(comparison.difference, "") << name;
      }
    }
  }
}

// Nothing where the file is not taken, or cannot be decoded.
std::optional<Planes> planes_at(const Bytes& jpeg, int eighths, Grids grids = Grids::own) {
  const std::size_t head = oracle::head_bytes(jpeg);
  auto decoder = BaselineJpeg::open(ByteView(jpeg).substr(0, head), eighths, grids);
  if (!decoder) return std::nullopt;
  MemorySource scan(jpeg.substr(head));
  auto planes = decoder->decode(scan);
  if (!planes) return std::nullopt;
  return *std::move(planes);
}

TEST(Baseline, says_where_planes_of_fine_grids_lie) {
  const Bytes jpeg = coded_jpeg({.width = 131, .height = 77, .factors = k420});
  const auto planes = planes_at(jpeg, 2, Grids::fine);
  ASSERT_TRUE(planes);
  for (const Plane& plane : planes->colour) {
    EXPECT_EQ(plane.size, (Size{33, 20}));
    EXPECT_EQ(plane.across, 0.25);
    EXPECT_EQ(plane.down, 0.25);
  }
}

double mean_of(const Plane& plane) {
  double sum = 0;
  for (int y = 0; y < plane.size.height; ++y) {
    sum = std::accumulate(plane.row(y), plane.row(y) + plane.size.width, sum);
  }
  return sum / plane.size.width / plane.size.height;
}

TEST(Baseline, knows_how_far_its_means_lie_too_high) {
  struct Case {
    int quality;
    int step;
    float excess;
  };
  // Brightness is rounded by 16 at quality 50.
  for (const auto& [quality, step, excess] : {Case{50, 16, 0},
                                              {63, 12, 0.25F},
                                              {75, 8, 0},
                                              {88, 4, 0.25F},
                                              {94, 2, 0.125F},
                                              {91, 3, 0.0625F},
                                              {100, 1, 0.0625F}}) {
    const auto sample = [](int x, int y, int) {
      return static_cast<std::uint8_t>(90 + (x * x / 9 + y * y / 7 + x * y / 5) % 80);
    };
    const Bytes jpeg =
        coded_jpeg({.width = 1024, .height = 1024, .quality = quality, .sample = sample});
    const auto planes = planes_at(jpeg, 1);
    ASSERT_TRUE(planes);
    const Plane& plane = planes->colour[0];
    EXPECT_EQ(plane.excess, excess) << step;
    EXPECT_EQ(plane.averaged, 8);
    const auto whole = oracle::Libjpeg(jpeg).planes(8);
    ASSERT_TRUE(whole);
    EXPECT_NEAR(mean_of(plane) - static_cast<double>(plane.excess), mean_of((*whole)[0].samples),
                0.03)
        << step;
  }
}

TEST(Baseline, gives_libjpegs_samples_with_restarts) {
  for (const auto& factors : {kGrey, k444, k422, k420}) {
    for (const int interval : {1, 2, 3, 5, 8, 1000}) {
      expect_like_libjpeg(
          {.width = 133, .height = 75, .factors = factors, .restart_interval = interval});
    }
  }
}

TEST(Baseline, gives_libjpegs_samples_for_each_quality_and_noise) {
  for (const bool own_codes : {false, true}) {
    for (const int quality : {1, 10, 50, 90, 100}) {
      for (const double noise : {0.0, 3.0, 40.0, 250.0}) {
        expect_like_libjpeg({.width = 96,
                             .height = 80,
                             .factors = k420,
                             .quality = quality,
                             .own_codes = own_codes,
                             .noise = noise});
      }
    }
  }
}

TEST(Baseline, gives_libjpegs_samples_of_a_picture_that_is_larger_than_its_buffers) {
  expect_like_libjpeg({.width = 700, .height = 500, .factors = k422, .quality = 97, .noise = 60});
  expect_like_libjpeg({.width = 600,
                       .height = 450,
                       .factors = k420,
                       .quality = 97,
                       .restart_interval = 40,
                       .noise = 60});
}

TEST(Baseline, says_where_the_planes_lie) {
  const Bytes jpeg = coded_jpeg({.width = 131, .height = 77, .factors = k420});
  const auto planes = planes_at(jpeg, 2);
  ASSERT_TRUE(planes);
  EXPECT_EQ(planes->stored, (Size{131, 77}));
  EXPECT_EQ(planes->coding, Coding::ycbcr);
  EXPECT_EQ(planes->matrix, YcbcrMatrix{});
  ASSERT_EQ(planes->colour.size(), 3U);
  EXPECT_TRUE(planes->alpha.empty());
  EXPECT_EQ(planes->colour[0].size, (Size{33, 20}));
  EXPECT_EQ(planes->colour[1].size, (Size{17, 10}));
  EXPECT_EQ(planes->colour[0].across, 0.25);
  EXPECT_EQ(planes->colour[1].across, 0.125);
  EXPECT_EQ(planes->colour[2].down, 0.125);
}

// Gives one byte at a time, and then what it is told to.
class DrippingSource : public ByteSource {
 public:
  DrippingSource(Bytes bytes, std::optional<ErrorCode> last)
      : bytes_(std::move(bytes)), last_(last) {}
  std::size_t taken() const { return at_; }

 private:
  Result<std::size_t> pull(std::span<char> buffer) override {
    if (at_ < bytes_.size()) {
      buffer[0] = bytes_[at_++];
      return 1;
    }
    if (last_) return fail(*last_, "no more");
    return 0;
  }
  Bytes bytes_;
  std::optional<ErrorCode> last_;
  std::size_t at_ = 0;
};

TEST(Baseline, takes_bytes_as_they_come_and_only_those_of_the_picture) {
  const Bytes jpeg =
      coded_jpeg({.width = 90, .height = 70, .factors = k420, .restart_interval = 4});
  const std::size_t head = oracle::head_bytes(jpeg);
  for (const int eighths : {1, 2, 4}) {
    auto decoder = BaselineJpeg::open(ByteView(jpeg).substr(0, head), eighths);
    ASSERT_TRUE(decoder);
    // What follows the end of image is not pulled, so its failure does not matter.
    DrippingSource scan(jpeg.substr(head), ErrorCode::network_timeout);
    const auto planes = decoder->decode(scan);
    ASSERT_TRUE(planes);
    MemorySource whole(jpeg.substr(head));
    const auto again = decoder->decode(whole);
    ASSERT_TRUE(again);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(oracle::difference(planes->colour[i], again->colour[i]), "");
    }
  }
}

TEST(Baseline, fails_with_its_sources_error) {
  const Bytes jpeg = coded_jpeg({.width = 90, .height = 70, .factors = k420});
  const std::size_t head = oracle::head_bytes(jpeg);
  auto decoder = BaselineJpeg::open(ByteView(jpeg).substr(0, head), 1);
  ASSERT_TRUE(decoder);
  DrippingSource scan(jpeg.substr(head, 100), ErrorCode::network_timeout);
  const auto planes = decoder->decode(scan);
  ASSERT_FALSE(planes);
  EXPECT_EQ(planes.error().code, ErrorCode::network_timeout);
}

TEST(Baseline, takes_no_scale_but_1_2_and_4_eighths) {
  const Bytes jpeg = coded_jpeg({});
  const ByteView head = ByteView(jpeg).substr(0, oracle::head_bytes(jpeg));
  for (const int eighths : {-1, 0, 3, 5, 6, 7, 9, 16}) {
    EXPECT_FALSE(BaselineJpeg::open(head, eighths)) << eighths;
  }
}

}  // namespace
}  // namespace miniatura
