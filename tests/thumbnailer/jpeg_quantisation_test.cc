#include "thumbnailer/codecs/jpeg/jpeg_quantisation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "runtime/bytes.h"
#include "tests/support/images.h"
#include "tests/support/jpeg_oracle.h"
#include "tests/support/thumbnail_planes.h"
#include "thumbnailer/codecs/jpeg/jpeg_encode.h"

namespace miniatura {
namespace {

using namespace pictures;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::Ge;
using ::testing::Le;

TEST(jpeg_quantisation, holds_what_a_baseline_file_can_at_every_quality) {
  for (int quality = 1; quality <= 100; ++quality) {
    const auto [brightness, colours] = quantisation_tables(quality);
    EXPECT_THAT(brightness, Each(AllOf(Ge(1U), Le(255U)))) << quality;
    EXPECT_THAT(colours, Each(AllOf(Ge(1U), Le(255U)))) << quality;
  }
}

TEST(jpeg_quantisation, is_finer_for_each_better_quality_and_nowhere_coarser) {
  for (int quality = 2; quality <= 100; ++quality) {
    const QuantisationTables worse = quantisation_tables(quality - 1);
    const QuantisationTables better = quantisation_tables(quality);
    for (std::size_t i = 0; i < worse.brightness.size(); ++i) {
      EXPECT_LE(better.brightness.at(i), worse.brightness.at(i)) << quality << ": " << i;
      EXPECT_LE(better.colours.at(i), worse.colours.at(i)) << quality << ": " << i;
    }
    EXPECT_NE(better.brightness, worse.brightness) << quality;
  }
}

TEST(jpeg_quantisation, loses_nothing_but_fractions_at_100) {
  EXPECT_THAT(quantisation_tables(100).brightness, Each(1U));
  EXPECT_THAT(quantisation_tables(100).colours, Each(1U));
  EXPECT_THAT(quantisation_tables(99).brightness, Each(Le(2U)));
}

TEST(jpeg_quantisation, is_no_finer_for_what_changes_faster) {
  for (const int quality : {10, 50, 80, 95}) {
    const auto [brightness, colours] = quantisation_tables(quality);
    for (const QuantisationTable& table : {brightness, colours}) {
      for (std::size_t row = 0; row < 8; ++row) {
        for (std::size_t column = 0; column < 8; ++column) {
          EXPECT_EQ(table.at(row * 8 + column), table.at(column * 8 + row));
          if (column == 7) continue;
          EXPECT_LE(table.at(row * 8 + column), table.at(row * 8 + column + 1));
        }
      }
    }
  }
}

TEST(jpeg_quantisation, takes_a_quality_out_of_range_for_the_nearest) {
  EXPECT_EQ(quantisation_tables(0).brightness, quantisation_tables(1).brightness);
  EXPECT_EQ(quantisation_tables(101).brightness, quantisation_tables(100).brightness);
}

// The demo's photographs as thumbnails, whose codes are made for all of their pixels.
std::vector<Raster> photographs() {
  std::vector<Raster> found;
  for (const std::string name : {"cairn.jpg", "cat.jpg", "waterfall.jpg"}) {
    const Bytes photograph = read_file(MINIATURA_SOURCE_DIR "/infra/demo/photos/" + name,
                                       std::uint64_t{64} << 20, ErrorCode::internal)
                                 .value();
    found.push_back(thumbnail_of(photograph, 300, 300));
  }
  return found;
}

Bytes ours(const Planes& planes, int quality) {
  Encoding encoding;
  encoding.quality = quality;
  return encode_jpeg(planes, encoding).value();
}

// The same samples by libjpeg's own tables.
Bytes libjpegs(const Planes& planes, int quality) {
  oracle::JpegKind kind;
  kind.width = planes.stored.width;
  kind.height = planes.stored.height;
  kind.factors = {{2, 2}, {1, 1}, {1, 1}};
  kind.quality = quality;
  kind.own_codes = true;
  kind.sample = [&](int x, int y, int i) {
    return i == 0 ? planes.colour[0].row(y)[x]
                  : planes.colour[static_cast<std::size_t>(i)].row(y / 2)[x / 2];
  };
  return oracle::coded_jpeg(kind);
}

double error_db(const Raster& wanted, const Bytes& jpeg) {
  const Raster found = pixels_of(jpeg);
  const double sum = std::transform_reduce(
      wanted.pixels.begin(), wanted.pixels.end(), found.pixels.begin(), 0.0, std::plus<>(),
      [](int one, int other) { return static_cast<double>((one - other) * (one - other)); });
  return 10 * std::log10(sum / (static_cast<double>(wanted.pixels.size()) * 255 * 255));
}

TEST(jpeg_quantisation, takes_about_as_many_bytes_as_libjpeg_for_a_quality) {
  for (const Raster& raster : photographs()) {
    const Planes planes = planes_of(raster, Subsampling::s420);
    for (const int quality : {10, 30, 50, 80, 90, 95, 98}) {
      const auto size = static_cast<double>(ours(planes, quality).size());
      EXPECT_NEAR(size / static_cast<double>(libjpegs(planes, quality).size()), 1, 0.12) << quality;
    }
  }
}

TEST(jpeg_quantisation, errs_less_than_libjpegs_tables_in_as_many_bytes) {
  for (const Raster& raster : photographs()) {
    const Planes planes = planes_of(raster, Subsampling::s420);
    for (const int quality : {50, 80, 90}) {
      const Bytes made = ours(planes, quality);
      // libjpeg's two qualities whose files are just smaller and just larger.
      int larger = quality - 8;
      while (libjpegs(planes, larger).size() < made.size()) ++larger;
      ASSERT_GT(larger, quality - 8);
      const Bytes below = libjpegs(planes, larger - 1);
      const Bytes above = libjpegs(planes, larger);
      const double part = static_cast<double>(made.size() - below.size()) /
                          static_cast<double>(above.size() - below.size());
      EXPECT_LE(error_db(raster, made),
                std::lerp(error_db(raster, below), error_db(raster, above), part) - 0.3)
          << quality;
    }
  }
}

}  // namespace
}  // namespace miniatura
