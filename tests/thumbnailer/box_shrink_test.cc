#include "thumbnailer/box_shrink.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <random>

namespace miniatura {
namespace {

// The same, computed as it is said: a channel of rows of numbers.
double box_average(const std::vector<std::uint16_t>& numbers, const BoxInput& input, int channel,
                   int denominator, int left, int top) {
  const auto at = [&](int x, int y, int c) {
    return static_cast<double>(numbers.at(
        static_cast<std::size_t>(y) * static_cast<std::size_t>(input.size.width * input.channels) +
        static_cast<std::size_t>(x * input.channels + c)));
  };
  const double full = input.bits == 8 ? 255 : 65'535;
  double sum = 0;
  int count = 0;
  for (int y = top; y < std::min(top + denominator, input.size.height); ++y) {
    for (int x = left; x < std::min(left + denominator, input.size.width); ++x, ++count) {
      const double number = at(x, y, channel);
      const bool weighted = input.alpha && channel != input.channels - 1;
      sum += weighted ? number * at(x, y, input.channels - 1) / full : number;
    }
  }
  return sum / count;
}

double sample_of(const Plane& plane, int x, int y) {
  return plane.bits == 8 ? plane.row(y)[x] : plane.row_16(y)[x];
}

std::vector<Plane> shrunk(const std::vector<std::uint16_t>& numbers, const BoxInput& input,
                          int denominator) {
  BoxShrink shrink(input, denominator);
  const int numbers_a_row = input.size.width * input.channels;
  const auto count = static_cast<std::size_t>(numbers_a_row);
  for (std::size_t y = 0; y < static_cast<std::size_t>(input.size.height); ++y) {
    const std::vector<std::uint16_t> row(
        numbers.begin() + static_cast<std::ptrdiff_t>(y * count),
        numbers.begin() + static_cast<std::ptrdiff_t>((y + 1) * count));
    if (input.bits == 16) {
      shrink.add(row.data());
    } else {
      const std::vector<std::uint8_t> few(row.begin(), row.end());
      shrink.add(few.data());
    }
  }
  return shrink.finish();
}

void expect_averages(const BoxInput& input, int denominator) {
  std::mt19937 random(7);
  std::vector<std::uint16_t> numbers;
  const int count = input.size.width * input.size.height * input.channels;
  for (int i = 0; i < count; ++i) {
    const auto number = static_cast<std::uint16_t>(random());
    numbers.push_back(input.bits == 8 ? number & 0xFFU : number);
  }
  const std::vector<Plane> planes = shrunk(numbers, input, denominator);
  ASSERT_EQ(planes.size(), static_cast<std::size_t>(input.channels));
  for (int c = 0; c < input.channels; ++c) {
    const Plane& plane = planes[static_cast<std::size_t>(c)];
    const std::string what =
        fmt::format("{}x{}, channel {} of {}, {} bits, alpha {}, by {}", input.size.width,
                    input.size.height, c, input.channels, input.bits, input.alpha, denominator);
    ASSERT_EQ(plane.averaged, denominator) << what;
    ASSERT_EQ(plane.size, (Size{(input.size.width + denominator - 1) / denominator,
                                (input.size.height + denominator - 1) / denominator}))
        << what;
    EXPECT_EQ(plane.across, 1.0 / denominator);
    EXPECT_EQ(plane.down, 1.0 / denominator);
    const bool kept = denominator == 1 && !input.alpha;
    ASSERT_EQ(plane.bits, kept ? input.bits : 16) << what;
    const double gain = plane.bits == input.bits ? 1 : 257;
    double worst = 0;
    for (int y = 0; y < plane.size.height; ++y) {
      for (int x = 0; x < plane.size.width; ++x) {
        const double expected =
            gain * box_average(numbers, input, c, denominator, x * denominator, y * denominator);
        worst = std::max(worst, std::abs(sample_of(plane, x, y) - expected));
      }
    }
    // Half by rounding, another half where each product of 16 bits is rounded before.
    EXPECT_LE(worst, kept ? 0 : input.alpha && input.bits == 16 ? 1.0 : 0.51) << what;
  }
}

TEST(box_shrink, averages_boxes_of_whatever_kind_of_picture) {
  for (const Size size : {Size{1, 1}, {7, 5}, {8, 8}, {9, 17}, {33, 3}, {64, 2}}) {
    for (const int denominator : {1, 2, 4, 8}) {
      for (const int bits : {8, 16}) {
        for (int channels = 1; channels <= 4; ++channels) {
          const double gain = bits == 8 ? 257 : 1;
          expect_averages({size, channels, bits, false, gain, 0}, denominator);
          if (channels > 1) expect_averages({size, channels, bits, true, gain, 0}, denominator);
        }
      }
    }
  }
}

TEST(box_shrink, the_largest_numbers_stay_the_largest) {
  for (const int denominator : {1, 2, 4, 8}) {
    for (const int bits : {8, 16}) {
      const BoxInput input = {{13, 11}, 4, bits, true, bits == 8 ? 257.0 : 1.0, 0};
      const std::vector<std::uint16_t> white(572, bits == 8 ? 255 : 65'535);
      for (const Plane& plane : shrunk(white, input, denominator)) {
        for (int y = 0; y < plane.size.height; ++y) {
          for (int x = 0; x < plane.size.width; ++x) ASSERT_EQ(plane.row_16(y)[x], 65'535);
        }
      }
    }
  }
}

// Of 10 bits, whose middle is not the middle of 16.
TEST(box_shrink, stretches_numbers_as_told_and_no_farther_than_16_bits) {
  const BoxInput input = {{4, 4}, 1, 16, false, 65'535.0 / 1023, 96.5};
  for (const int denominator : {1, 2}) {
    const std::vector<Plane> middle =
        shrunk(std::vector<std::uint16_t>(16, 512), input, denominator);
    EXPECT_NEAR(middle[0].row_16(0)[0], 512 * 65'535.0 / 1023 + 96.5, 0.51);
    const std::vector<Plane> most =
        shrunk(std::vector<std::uint16_t>(16, 1023), input, denominator);
    EXPECT_EQ(most[0].row_16(1)[1], 65'535);
  }
}

TEST(box_shrink, what_is_stretched_has_16_bits) {
  const BoxInput limited = {{1, 1}, 1, 8, false, 257 * 255 / 219.0, -16 * 257 * 255 / 219.0};
  EXPECT_EQ(shrunk({16}, limited, 1)[0].row_16(0)[0], 0);
  EXPECT_EQ(shrunk({235}, limited, 1)[0].row_16(0)[0], 65'535);
  EXPECT_EQ(shrunk({250}, limited, 1)[0].row_16(0)[0], 65'535);
  EXPECT_EQ(shrunk({3}, limited, 2)[0].row_16(0)[0], 0);
}

TEST(box_shrink, rows_that_never_came_are_zeros) {
  BoxShrink shrink({{5, 9}, 1, 8, false, 257, 0}, 4);
  const std::vector<std::uint8_t> row(5, 200);
  for (int i = 0; i < 6; ++i) shrink.add(row.data());
  const std::vector<Plane> planes = shrink.finish();
  ASSERT_EQ(planes[0].size, (Size{2, 3}));
  EXPECT_EQ(planes[0].row_16(0)[1], 200 * 257);
  EXPECT_EQ(planes[0].row_16(1)[1], 100 * 257);
  EXPECT_EQ(planes[0].row_16(2)[1], 0);
}

TEST(box_shrink, a_row_too_many_is_ignored) {
  BoxShrink shrink({{3, 1}, 1, 8, false, 257, 0}, 1);
  const std::vector<std::uint8_t> row(3, 9);
  for (int i = 0; i < 3; ++i) shrink.add(row.data());
  EXPECT_EQ(shrink.finish()[0].row(0)[2], 9);
}

TEST(shrunk_plane, reads_a_channel_where_it_lies) {
  // Two rows of three, with one that is not of the picture behind each.
  const std::vector<std::uint8_t> few = {10, 20, 30, 99, 50, 60, 70, 99};
  const Plane plane = shrunk_plane(few.data(), 4, {{3, 2}, 1, 8, false, 257, 0}, 2);
  ASSERT_EQ(plane.size, (Size{2, 1}));
  EXPECT_EQ(plane.row_16(0)[0], 35 * 257);
  EXPECT_EQ(plane.row_16(0)[1], 50 * 257);
  const std::vector<std::uint16_t> many(few.begin(), few.end());
  const Plane deep = shrunk_plane(many.data(), 4, {{3, 2}, 1, 16, false, 1, 0}, 1);
  EXPECT_EQ(deep.row_16(1)[2], 70);
}

}  // namespace
}  // namespace miniatura
