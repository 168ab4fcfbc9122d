#include "thumbnailer/codecs/jpeg/progressive_dc.h"

#include <gtest/gtest.h>

#include "tests/support/progressive_oracle.h"
#include "thumbnailer/codecs/jpeg/scan_bytes.h"

namespace miniatura {
namespace {

using namespace std::string_literals;
using namespace oracle;

// The largest difference of a sample that there is.
int expect_like_libjpeg(const JpegKind& kind, int tolerance = 0) {
  const Bytes jpeg = coded_jpeg(kind);
  const auto ours = decoded(jpeg);
  const auto theirs = oracle::Libjpeg(jpeg).means();
  if (!ours || !ours->planes || !theirs) {
    ADD_FAILURE() << "not decoded: "
                  << (!ours || ours->planes ? "not taken" : ours->planes.error().message);
    return -1;
  }
  int largest = 0;
  for (std::size_t i = 0; i < theirs->size(); ++i) {
    largest = std::max(largest, largest_difference(ours->planes->colour[i], (*theirs)[i].samples));
  }
  EXPECT_LE(largest, tolerance) << kind.width << "x" << kind.height << ", " << kind.factors.size()
                                << " components, first " << kind.factors[0].across << "x"
                                << kind.factors[0].down << ", restarts " << kind.restart_interval
                                << ", quality " << kind.quality << ", scans " << kind.scans.size();
  return largest;
}

TEST(ProgressiveDc, gives_libjpegs_samples_for_each_sampling_and_size) {
  for (const auto& factors : {kGrey, {{2, 2}}, k444, k422, k440, k420, kOdd, kUpsideDown}) {
    for (const auto& [width, height] : {std::pair{1, 1},
                                        {1, 40},
                                        {40, 1},
                                        {8, 8},
                                        {15, 17},
                                        {16, 16},
                                        {33, 31},
                                        {131, 77},
                                        {264, 200}}) {
      for (const Scans* scans : {&kWhole, &kOneByOne, &kFarApart}) {
        expect_like_libjpeg(
            with_scans({.width = width, .height = height, .factors = factors}, *scans));
      }
    }
  }
}

TEST(ProgressiveDc, gives_libjpegs_samples_with_restarts) {
  for (const auto& factors : {kGrey, k444, k422, k420}) {
    for (const int interval : {1, 2, 3, 8, 1000}) {
      for (const Scans* scans : {&kWhole, &kOneByOne, &kRefinedEarly}) {
        expect_like_libjpeg(
            with_scans(
                {.width = 133, .height = 75, .factors = factors, .restart_interval = interval},
                *scans),
            1);
      }
    }
  }
}

// Low qualities have large steps, so that all bits are waited for.
TEST(ProgressiveDc, waits_for_bits_that_would_show) {
  for (const auto& factors : {kGrey, k444, k420}) {
    for (const int quality : {1, 5, 10}) {
      for (const Scans* scans : {&kRefinedEarly, &kRefinedLate}) {
        expect_like_libjpeg(with_scans(
            {.width = 133, .height = 75, .factors = factors, .quality = quality}, *scans));
      }
      expect_like_libjpeg({.width = 133,
                           .height = 75,
                           .factors = factors,
                           .quality = quality,
                           .progressive = true});
    }
  }
}

TEST(ProgressiveDc, assumes_the_middle_of_bits_that_would_not_show) {
  for (const int quality : {60, 75, 90, 100}) {
    for (const Scans* scans : {&kRefinedEarly, &kRefinedLate, &kNeverRefined}) {
      expect_like_libjpeg(
          with_scans({.width = 133, .height = 75, .factors = k420, .quality = quality}, *scans), 1);
    }
  }
}

// Else all of a picture would be darker.
TEST(ProgressiveDc, is_not_off_on_the_average) {
  const Bytes jpeg = coded_jpeg({.width = 400,
                                 .height = 400,
                                 .factors = k444,
                                 .quality = 55,
                                 .noise = 90,
                                 .progressive = true});
  const auto ours = decoded(jpeg);
  const auto theirs = oracle::Libjpeg(jpeg).means();
  ASSERT_TRUE(ours && ours->planes && theirs);
  EXPECT_LT(ours->pulled, jpeg.size() / 2) << "the last bits";
  for (std::size_t i = 0; i < 3; ++i) {
    const Plane& plane = ours->planes->colour[i];
    double sum = 0;
    for (int y = 0; y < plane.size.height; ++y) {
      for (int x = 0; x < plane.size.width; ++x) {
        sum += plane.row(y)[x] - (*theirs)[i].samples.row(y)[x];
      }
    }
    EXPECT_LT(std::abs(sum / plane.size.width / plane.size.height), 0.25) << i;
  }
}

TEST(ProgressiveDc, says_where_the_planes_lie) {
  const auto ours =
      decoded(coded_jpeg({.width = 131, .height = 77, .factors = k420, .progressive = true}));
  ASSERT_TRUE(ours && ours->planes);
  const Planes& planes = *ours->planes;
  EXPECT_EQ(planes.stored, (Size{131, 77}));
  EXPECT_EQ(planes.coding, Coding::ycbcr);
  EXPECT_EQ(planes.matrix, YcbcrMatrix{});
  ASSERT_EQ(planes.colour.size(), 3U);
  EXPECT_EQ(planes.colour[0].size, (Size{17, 10}));
  EXPECT_EQ(planes.colour[1].size, (Size{9, 5}));
  EXPECT_EQ(planes.colour[0].across, 0.125);
  EXPECT_EQ(planes.colour[1].down, 0.0625);
}

TEST(ProgressiveDc, pulls_no_more_than_it_needs) {
  const Bytes jpeg =
      coded_jpeg({.width = 1000, .height = 800, .factors = k420, .noise = 90, .progressive = true});
  const std::size_t head = oracle::head_bytes(jpeg);
  const auto ours = decoded(jpeg, 1);
  ASSERT_TRUE(ours && ours->planes);
  const std::size_t second_scan = jpeg.find("\xFF\xDA"s, head) - head;
  ASSERT_GT(jpeg.size(), 200'000U);
  EXPECT_LE(ours->pulled, second_scan) << "byte by byte: nothing of the second scan";
  const auto again = decoded(jpeg, 1'000'000);
  ASSERT_TRUE(again && again->planes);
  EXPECT_LE(again->pulled, second_scan + baseline::ScanBytes::kBufferBytes);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(oracle::difference(ours->planes->colour[i], again->planes->colour[i]), "");
  }
}

TEST(ProgressiveDc, leaves_other_kinds_to_libjpeg) {
  const auto is_taken = [](const JpegKind& kind) { return decoded(coded_jpeg(kind)).has_value(); };
  EXPECT_TRUE(is_taken({.factors = k420, .progressive = true}));
  EXPECT_TRUE(is_taken({.factors = kGrey, .progressive = true}));
  EXPECT_FALSE(is_taken({.factors = k420}));
  EXPECT_FALSE(is_taken({.factors = {{4, 1}, {1, 1}, {1, 1}}, .progressive = true}));
  EXPECT_FALSE(is_taken({.factors = k444, .jfif = false, .progressive = true, .coding = JCS_RGB}));
  EXPECT_FALSE(is_taken(
      {.factors = {{1, 1}, {1, 1}, {1, 1}, {1, 1}}, .progressive = true, .coding = JCS_CMYK}));
}

}  // namespace
}  // namespace miniatura
