// What jpeg_encode.cc does with them, but with a hand on how often the rows are read.
#include "thumbnailer/codecs/jpeg/jpeg_blocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <numeric>
#include <string>

#include "tests/support/images.h"
#include "tests/support/thumbnail_planes.h"

namespace miniatura {
namespace {

using namespace pictures;
using ::testing::_;
using ::testing::Each;
using ::testing::Pair;
using ::testing::SizeIs;

class CountedRows : public PlaneRows {
 public:
  CountedRows(const Planes& planes, Subsampling subsampling)
      : PlaneRows(planes, subsampling, false) {}
  void read(int group) override {
    ++times[group];
    PlaneRows::read(group);
  }
  std::map<int, int> times;
};

enum class Passes { one, two, many };

Bytes file_of(JpegRows& rows, std::vector<int> groups, bool keeps, Passes passes) {
  const QuantisationTables tables = quantisation_tables(80);
  JpegBlocks blocks(rows, tables, std::move(groups), keeps);
  jpeg_compress_struct compressor{};
  jpeg_error_mgr errors{};
  compressor.err = jpeg_std_error(&errors);
  errors.error_exit = [](j_common_ptr) { std::abort(); };
  jpeg_create_compress(&compressor);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&compressor, &bytes, &size);
  compressor.image_width = static_cast<JDIMENSION>(rows.size().width);
  compressor.image_height = static_cast<JDIMENSION>(blocks.height());
  compressor.input_components = 3;
  compressor.in_color_space = JCS_YCbCr;
  jpeg_set_defaults(&compressor);
  compressor.comp_info[0].h_samp_factor = rows.components()[0].factors.across;
  compressor.comp_info[0].v_samp_factor = rows.components()[0].factors.down;
  jpeg_add_quant_table(&compressor, 0, tables.brightness.data(), 100, TRUE);
  jpeg_add_quant_table(&compressor, 1, tables.colours.data(), 100, TRUE);
  compressor.optimize_coding = passes == Passes::one ? FALSE : TRUE;
  if (passes == Passes::many) jpeg_simple_progression(&compressor);
  blocks.start(&compressor);
  jpeg_finish_compress(&compressor);
  jpeg_destroy_compress(&compressor);
  Bytes file(reinterpret_cast<const char*>(bytes), size);
  std::free(bytes);
  return file;
}

std::vector<int> every_group(const JpegRows& rows) {
  std::vector<int> groups(static_cast<std::size_t>(rows.groups()));
  std::iota(groups.begin(), groups.end(), 0);
  return groups;
}

constexpr Subsampling kSubsamplings[] = {Subsampling::s420, Subsampling::s422, Subsampling::s444};

TEST(jpeg_blocks, are_the_same_whether_they_are_kept_or_made_again) {
  const Raster raster = smooth_picture({131, 77});
  for (const Subsampling subsampling : kSubsamplings) {
    const Planes planes = planes_of(raster, subsampling);
    for (const Passes passes : {Passes::one, Passes::two, Passes::many}) {
      CountedRows rows(planes, subsampling);
      const Bytes kept = file_of(rows, every_group(rows), true, passes);
      EXPECT_THAT(rows.times, SizeIs(static_cast<std::size_t>(rows.groups())));
      EXPECT_THAT(rows.times, Each(Pair(_, 1)));
      const Bytes made_again = file_of(rows, every_group(rows), false, passes);
      EXPECT_EQ(kept, made_again);
      EXPECT_LE(differences(pixels_of(kept), raster).mean, 3);
    }
  }
}

TEST(jpeg_blocks, are_made_once_where_the_file_is_written_in_one_pass) {
  const Planes planes = planes_of(noisy_quarters(131, 77), Subsampling::s420);
  CountedRows rows(planes, Subsampling::s420);
  file_of(rows, every_group(rows), false, Passes::one);
  EXPECT_THAT(rows.times, SizeIs(5));
  EXPECT_THAT(rows.times, Each(Pair(_, 1)));
}

TEST(jpeg_blocks, are_those_of_the_groups_that_are_asked_for) {
  // Bands of one colour, as high as a group is.
  const std::vector<Colour> bands = {kRed, kGreen, kBlue, kWhite};
  Raster raster({48, 60}, 3);
  for (int y = 0; y < 60; ++y) {
    for (int x = 0; x < 48; ++x) {
      const Colour& colour = bands.at(static_cast<std::size_t>(y) / 16);
      std::copy(colour.begin(), colour.end(), raster.at(x, y));
    }
  }
  const Planes planes = planes_of(raster, Subsampling::s420);
  CountedRows rows(planes, Subsampling::s420);
  for (const bool keeps : {true, false}) {
    const Raster two = pixels_of(file_of(rows, {3, 1}, keeps, Passes::two));
    EXPECT_EQ(two.size, (Size{48, 32}));
    const auto colour_at = [&](int y) {
      return Colour{two.at(20, y)[0], two.at(20, y)[1], two.at(20, y)[2]};
    };
    EXPECT_LE(difference(colour_at(8), kWhite), 8);
    EXPECT_LE(difference(colour_at(24), kGreen), 8);
  }
  EXPECT_EQ(pixels_of(file_of(rows, every_group(rows), true, Passes::two)).size, (Size{48, 60}));
}

}  // namespace
}  // namespace miniatura
