#include "thumbnailer/codecs/png/png_filter.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

namespace miniatura {
namespace {

using Row = std::vector<std::uint8_t>;

// As the format's description has it, a byte after the other.
Row undone(const Row& filtered, const Row& above, std::size_t pixel_bytes) {
  Row row(filtered.size() - 1);
  for (std::size_t i = 0; i < row.size(); ++i) {
    const int a = i >= pixel_bytes ? row[i - pixel_bytes] : 0;
    const int b = above[i];
    const int c = i >= pixel_bytes ? above[i - pixel_bytes] : 0;
    const int p = a + b - c;
    const int pa = std::abs(p - a), pb = std::abs(p - b), pc = std::abs(p - c);
    const int paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
    const int predicted[] = {0, a, b, (a + b) / 2, paeth};
    row[i] = static_cast<std::uint8_t>(filtered[i + 1] + predicted[filtered[0]]);
  }
  return row;
}

// Rows of several natures, so that each filter has its turn.
std::vector<Row> rows_of(std::size_t row_bytes) {
  std::vector<Row> rows;
  std::uint32_t noise = 1;
  for (unsigned y = 0; y < 40; ++y) {
    Row row(row_bytes);
    for (unsigned x = 0; x < row_bytes; ++x) {
      noise = noise * 1'664'525U + 1'013'904'223U;
      const unsigned values[] = {noise >> 24U & 1U,       x * 7,
                                 y * y * 31 + x * x * 13, x * 5 + y * 9 + (noise >> 30U),
                                 (noise >> 24U),          0xFF * (x / 9 % 2)};
      row[x] = static_cast<std::uint8_t>(values[y / 7 % 6]);
    }
    rows.push_back(row);
    if (y % 5 == 0) rows.push_back(row);
  }
  return rows;
}

TEST(png_filter, can_be_undone) {
  std::set<int> used;
  for (const std::size_t pixel_bytes : {1U, 2U, 3U, 4U}) {
    for (const std::size_t pixels : {1U, 2U, 5U, 16U, 33U, 100U}) {
      const std::size_t row_bytes = pixels * pixel_bytes;
      PngRowFilter filter(row_bytes, pixel_bytes, true);
      Row above(row_bytes);
      for (const Row& row : rows_of(row_bytes)) {
        std::copy(row.begin(), row.end(), filter.next_row());
        Row filtered(row_bytes + 1);
        filter.filter_to(filtered.data());
        ASSERT_LE(filtered[0], 4);
        used.insert(filtered[0]);
        ASSERT_EQ(undone(filtered, above, pixel_bytes), row) << int{filtered[0]};
        above = row;
      }
    }
  }
  EXPECT_EQ(used.size(), 5U);
}

TEST(png_filter, take_what_promises_to_be_short) {
  PngRowFilter filter(30, 3, true);
  Row filtered(31);
  const auto number_for = [&](auto value_at) {
    for (int x = 0; x < 30; ++x) filter.next_row()[x] = static_cast<std::uint8_t>(value_at(x));
    filter.filter_to(filtered.data());
    return int{filtered[0]};
  };
  EXPECT_EQ(number_for([](int x) { return 90 + x / 3; }), 1) << "one more a pixel: as the left one";
  EXPECT_EQ(number_for([](int x) { return 90 + x / 3; }), 2) << "the same again: as above";
  EXPECT_EQ(number_for([](int) { return 0; }), 0);
}

TEST(png_filter, stay_as_they_are_without_a_choice) {
  PngRowFilter filter(5, 1, false);
  for (int y = 0; y < 2; ++y) {
    for (int x = 0; x < 5; ++x) filter.next_row()[x] = static_cast<std::uint8_t>(100 + x);
    Row row(6);
    filter.filter_to(row.data());
    EXPECT_EQ(row, (Row{0, 100, 101, 102, 103, 104}));
  }
}

TEST(png_filter, of_the_passes_together_have_each_pixel_once) {
  for (const Size size : {Size{1, 1}, {2, 1}, {1, 2}, {3, 5}, {8, 8}, {9, 17}, {40, 4}}) {
    std::set<std::pair<int, int>> pixels;
    std::size_t count = 0;
    for (const PngPass& pass : kPngPasses) {
      const Size part = size_of_pass(pass, size);
      for (int y = 0; y < part.height; ++y) {
        for (int x = 0; x < part.width; ++x, ++count) {
          const int left = pass.left + x * pass.across;
          const int top = pass.top + y * pass.down;
          ASSERT_LT(left, size.width);
          ASSERT_LT(top, size.height);
          pixels.emplace(left, top);
        }
      }
    }
    EXPECT_EQ(count, static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height));
    EXPECT_EQ(pixels.size(), count);
    EXPECT_EQ(size_of_pass(kPngWhole, size), size);
  }
}

}  // namespace
}  // namespace miniatura
