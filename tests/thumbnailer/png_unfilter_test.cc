#include "thumbnailer/codecs/png/png_unfilter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace miniatura {
namespace {

// As the standard has it, 9.4.
int paeth_predictor(int a, int b, int c) {
  const int p = a + b - c;
  const int pa = std::abs(p - a);
  const int pb = std::abs(p - b);
  const int pc = std::abs(p - c);
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}

std::vector<std::uint8_t> as_the_standard_has_it(unsigned filter, std::vector<std::uint8_t> row,
                                                 const std::vector<std::uint8_t>& above,
                                                 std::size_t pixel_bytes) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    const int a = i < pixel_bytes ? 0 : row[i - pixel_bytes];
    const int b = above[i];
    const int c = i < pixel_bytes ? 0 : above[i - pixel_bytes];
    const int expected[] = {0, a, b, (a + b) / 2, paeth_predictor(a, b, c)};
    row[i] = static_cast<std::uint8_t>(row[i] + expected[filter]);
  }
  return row;
}

TEST(unfilter, undoes_every_filter_of_every_pixel_and_leaves_the_slack_alone) {
  std::mt19937 random(3);
  for (const std::size_t pixel_bytes : {1U, 2U, 3U, 4U, 6U, 8U}) {
    for (unsigned filter = 0; filter <= 4; ++filter) {
      for (std::size_t pixels = 1; pixels < 700; pixels += pixels < 20 ? 1 : 97) {
        // Small numbers, too: near each other the predictor's ties come up.
        const unsigned mask = pixels % 2 == 0 ? 0xFF : 0x03;
        const std::size_t bytes = pixels * pixel_bytes;
        std::vector<std::uint8_t> row(bytes + kUnfilterSlackBytes);
        std::vector<std::uint8_t> above(bytes + kUnfilterSlackBytes);
        for (auto* numbers : {&row, &above}) {
          for (std::uint8_t& number : *numbers) {
            number = static_cast<std::uint8_t>(random() & mask);
          }
        }
        std::vector<std::uint8_t> expected = as_the_standard_has_it(
            filter, {row.begin(), row.end() - kUnfilterSlackBytes}, above, pixel_bytes);
        expected.insert(expected.end(), row.end() - kUnfilterSlackBytes, row.end());
        ASSERT_TRUE(unfilter(filter, row.data(), above.data(), bytes, pixel_bytes));
        ASSERT_EQ(row, expected) << "filter " << filter << ", " << pixels << " pixels of "
                                 << pixel_bytes;
      }
    }
  }
}

// All of its three arguments, where a row's first byte, and then the second, is what is expected.
TEST(unfilter, expects_what_paeth_did) {
  for (int a = 0; a < 256; a += 3) {
    for (int b = 0; b < 256; ++b) {
      for (int c = 0; c < 256; c += 5) {
        std::vector<std::uint8_t> row(2 + kUnfilterSlackBytes);
        std::vector<std::uint8_t> above(2 + kUnfilterSlackBytes);
        above[0] = static_cast<std::uint8_t>(c);
        above[1] = static_cast<std::uint8_t>(b);
        row[0] = static_cast<std::uint8_t>(a - c);
        ASSERT_TRUE(unfilter(4, row.data(), above.data(), 2, 1));
        ASSERT_EQ(row[1], paeth_predictor(a, b, c)) << a << " " << b << " " << c;
      }
    }
  }
}

TEST(unfilter, knows_five_filters) {
  std::vector<std::uint8_t> row(4 + kUnfilterSlackBytes);
  EXPECT_FALSE(unfilter(5, row.data(), row.data(), 4, 4));
  EXPECT_FALSE(unfilter(255, row.data(), row.data(), 4, 3));
}

}  // namespace
}  // namespace miniatura
