#include "thumbnailer/thumbnail_planes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/images.h"
#include "tests/support/thumbnail_planes.h"

namespace miniatura {
namespace {

using namespace pictures;
using ::testing::HasSubstr;

TEST(thumbnail_planes, colours_have_half_the_sides_rounded_up) {
  EXPECT_EQ(chroma_size({5, 3}, Subsampling::s420), (Size{3, 2}));
  EXPECT_EQ(chroma_size({5, 3}, Subsampling::s422), (Size{3, 3}));
  EXPECT_EQ(chroma_size({5, 3}, Subsampling::s444), (Size{5, 3}));
  EXPECT_EQ(chroma_size({1, 1}, Subsampling::s420), (Size{1, 1}));
}

TEST(thumbnail_planes, ranges_map_black_white_and_no_colour_exactly) {
  const RangeTables& limited = to_limited_range();
  EXPECT_EQ(limited.brightness[0], 16);
  EXPECT_EQ(limited.brightness[255], 235);
  EXPECT_EQ(limited.colour[128], 128);
  EXPECT_EQ(limited.colour[0], 16);
  EXPECT_EQ(limited.colour[255], 240);
  const RangeTables& full = to_full_range();
  EXPECT_EQ(full.brightness[16], 0);
  EXPECT_EQ(full.brightness[235], 255);
  EXPECT_EQ(full.brightness[0], 0) << "below black";
  EXPECT_EQ(full.brightness[255], 255) << "above white";
  EXPECT_EQ(full.colour[128], 128);
  for (unsigned i = 16; i <= 235; ++i) {
    EXPECT_EQ(limited.brightness.at(full.brightness.at(i)), i);
  }
}

TEST(thumbnail_planes, are_refused_unless_they_are_as_the_file_has_them) {
  const auto made = [] { return planes_of(quarters(9, 7), Subsampling::s420); };
  const auto complaint = [](const Planes& planes, Subsampling subsampling = Subsampling::s420) {
    const auto checked = check_thumbnail_planes(planes, subsampling);
    if (checked) return std::string();
    EXPECT_EQ(checked.error().code, ErrorCode::internal);
    return checked.error().message;
  };
  EXPECT_EQ(complaint(made()), "");
  EXPECT_EQ(complaint(grey_ramp({9, 7})), "");
  EXPECT_EQ(complaint(planes_of(quarters(9, 7), Subsampling::s420, false)), "");
  EXPECT_THAT(complaint(made(), Subsampling::s422), HasSubstr("the colours' size"));
  EXPECT_THAT(complaint(made(), Subsampling::s444), HasSubstr("the colours' size"));
  Planes planes = made();
  planes.stored = {9, 8};
  EXPECT_THAT(complaint(planes), HasSubstr("9x8"));
  planes = made();
  planes.coding = Coding::rgb;
  EXPECT_THAT(complaint(planes), HasSubstr("red, green and blue"));
  planes = made();
  planes.coding = Coding::grey;
  EXPECT_THAT(complaint(planes), HasSubstr("number"));
  planes = made();
  planes.matrix.kr = 0.2126;
  EXPECT_THAT(complaint(planes), HasSubstr("matrix"));
  planes = made();
  planes.alpha.emplace_back(Size{9, 7}, 8);
  EXPECT_THAT(complaint(planes), HasSubstr("alpha"));
  planes = made();
  planes.colour[2] = Plane({5, 4}, 16);
  EXPECT_THAT(complaint(planes), HasSubstr("the colours' size"));
  EXPECT_THAT(complaint(Planes{}), HasSubstr("number"));
}

}  // namespace
}  // namespace miniatura
