#include "thumbnailer/codecs/png/png_rows.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

Planes rows_of(const PngKind& kind, int width, const std::vector<std::uint8_t>& row) {
  ImageHeader header;
  header.width = width;
  header.height = 1;
  PngRows rows(kind, header, 1);
  EXPECT_EQ(row.size(), kind.row_bytes(width));
  rows.add(row.data());
  return rows.planes();
}

TEST(png_kind, knows_its_bytes) {
  PngKind kind;
  EXPECT_EQ(kind.row_bytes(5), 15U);
  EXPECT_EQ(kind.pixel_bytes(), 3U);
  kind.channels = 4;
  kind.bits = 16;
  EXPECT_EQ(kind.row_bytes(5), 40U);
  EXPECT_EQ(kind.pixel_bytes(), 8U);
  kind.channels = 1;
  kind.bits = 2;
  EXPECT_EQ(kind.row_bytes(5), 2U);
  EXPECT_EQ(kind.pixel_bytes(), 1U);
}

TEST(png_rows, less_than_8_bits_fill_the_whole_range) {
  PngKind kind;
  kind.channels = 1;
  kind.bits = 2;
  const Planes planes = rows_of(kind, 5, {0b00'01'10'11, 0b10'00'00'00});
  const std::uint8_t* const row = planes.colour.at(0).row(0);
  EXPECT_EQ((std::vector<int>{row[0], row[1], row[2], row[3], row[4]}),
            (std::vector<int>{0, 85, 170, 255, 170}));
}

TEST(png_rows, places_behind_a_palettes_end_are_black) {
  PngKind kind;
  kind.channels = 1;
  kind.palette = true;
  for (auto& colour : kind.colours) colour = {0, 0, 0, 255};
  kind.colours[1] = {9, 8, 7, 0};
  EXPECT_EQ(rows_of(kind, 2, {1, 200}).colour.at(1).row(0)[0], 8);
  EXPECT_EQ(rows_of(kind, 2, {1, 200}).colour.at(1).row(0)[1], 0);
  kind.transparent_colours = true;
  const Planes planes = rows_of(kind, 2, {1, 200});
  EXPECT_EQ(planes.alpha.at(0).row_16(0)[0], 0);
  EXPECT_EQ(planes.alpha.at(0).row_16(0)[1], 65'535);
}

TEST(png_rows, one_colour_is_transparent_by_its_stored_number) {
  PngKind kind;
  kind.bits = 16;
  kind.transparent = {0x0102, 0x0304, 0x0506};
  const Planes planes = rows_of(kind, 2, {1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 7});
  EXPECT_EQ(planes.alpha.at(0).row_16(0)[0], 0);
  EXPECT_EQ(planes.alpha.at(0).row_16(0)[1], 65'535);
  EXPECT_EQ(planes.colour.at(2).row_16(0)[1], 0x0507);
}

}  // namespace
}  // namespace miniatura
