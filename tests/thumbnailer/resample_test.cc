#include "thumbnailer/resample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "thumbnailer/lanczos.h"

namespace miniatura {
namespace {

// A slope of `step` a sample to the right, of 8 bits.
Plane slope(Size size, double step) {
  Plane plane(size, 8);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      plane.row(y)[x] = static_cast<std::uint8_t>(std::lround(step * x));
    }
  }
  return plane;
}

TEST(resample, keeps_a_slope_where_it_is_and_does_not_shift_it_by_half_a_sample) {
  const Plane plane = slope({100, 40}, 2);
  const auto small = resampled(plane, {0, 0, 100, 40}, {25, 10}, 8);
  ASSERT_TRUE(small) << small.error().message;
  EXPECT_EQ(small->size, (Size{25, 10}));
  // Sample 10 covers 40 to 44, the middle of which is at 41.5 of the samples' own places.
  EXPECT_NEAR(small->row(5)[10], 2 * 41.5, 1);
  EXPECT_DOUBLE_EQ(small->across, 0.25);
  EXPECT_DOUBLE_EQ(small->down, 0.25);
}

TEST(resample, is_right_in_every_column_at_every_ratio) {
  for (int width = 100; width < 900; width += 37) {
    const Plane plane = slope({width, 8}, 255.0 / width);
    for (int to = 10; to < width; to += 23) {
      const auto small = resampled(plane, {0, 0, static_cast<double>(width), 8}, {to, 8}, 8);
      ASSERT_TRUE(small);
      for (int x = 3; x < to - 3; ++x) {
        ASSERT_NEAR(small->row(4)[x], 255.0 / to * (x + 0.5), 3) << width << " to " << to;
      }
    }
  }
}

TEST(resample, takes_a_part_between_samples_and_beyond_the_edge) {
  const Plane plane = slope({100, 40}, 2);
  const auto part = resampled(plane, {10.5, 0, 60, 40}, {30, 10}, 16);
  ASSERT_TRUE(part) << part.error().message;
  // Sample 10 covers 30.5 to 32.5.
  EXPECT_NEAR(part->row_16(5)[10] / 257.0, 2 * 31.0, 0.3);
  const auto beyond = resampled(plane, {-4, 0, 104, 40}, {26, 10}, 8);
  ASSERT_TRUE(beyond) << beyond.error().message;
  EXPECT_NEAR(beyond->row(5)[11], 2 * 41.5, 1);
  EXPECT_LE(beyond->row(5)[0], 8) << "as at the edge";
}

TEST(resample, reads_a_plane_that_was_shrunk_by_the_pixels_of_the_stored_picture) {
  Plane eighth = slope({13, 8}, 16);  // of 100 x 60: the last samples reach over the edge
  eighth.across = eighth.down = 1.0 / 8;
  const auto small = resampled(eighth, {0, 0, 100, 60}, {5, 3}, 8);
  ASSERT_TRUE(small);
  // Sample 2 covers 40 to 60: samples 5 to 7.5.
  EXPECT_NEAR(small->row(1)[2], 16 * 5.75, 2);
}

TEST(resample, takes_off_what_samples_are_too_high_by) {
  Plane plane({8, 8}, 8);
  for (int y = 0; y < 8; ++y) std::fill_n(plane.row(y), 8, std::uint8_t{100});
  plane.excess = 0.25F;
  const auto deep = resampled(plane, {0, 0, 8, 8}, {4, 4}, 16);
  ASSERT_TRUE(deep);
  EXPECT_EQ(deep->row_16(2)[2], 25'636);  // 99.75 * 257
  EXPECT_EQ(deep->excess, 0);
  const auto plain = resampled(plane, {0, 0, 8, 8}, {4, 4}, 8);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->row(2)[2], 100);
}

TEST(resample, makes_one_sample_many_and_many_one) {
  Plane dot({1, 1}, 8);
  dot.row(0)[0] = 77;
  const auto many = resampled(dot, {0, 0, 1, 1}, {64, 3}, 8);
  ASSERT_TRUE(many) << many.error().message;
  EXPECT_EQ(many->row(2)[63], 77);
  const auto one = resampled(slope({5'000, 3}, 0.05), {0, 0, 5'000, 3}, {1, 1}, 8);
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_NEAR(one->row(0)[0], 125, 2);
}

TEST(resample, scales_eight_bits_to_sixteen_by_the_whole_range) {
  Plane white({8, 8}, 8);
  for (int y = 0; y < 8; ++y) std::fill_n(white.row(y), 8, std::uint8_t{255});
  const auto deep = resampled(white, {0, 0, 8, 8}, {8, 8}, 16);
  ASSERT_TRUE(deep);
  EXPECT_EQ(deep->row_16(3)[3], 65'535);
}

// A plane of noise, of any number of bits, and what stands there, from 0 to 1.
struct Noise {
  Plane plane;
  std::vector<double> values;
};
Noise noise(Size size, int bits) {
  std::mt19937 random(11);
  Noise noise{Plane(size, bits), {}};
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const auto sample = static_cast<std::uint16_t>(random());
      if (bits == 8) noise.plane.row(y)[x] = static_cast<std::uint8_t>(sample);
      if (bits == 16) noise.plane.row_16(y)[x] = sample;
      if (bits == 32) noise.plane.row_float(y)[x] = static_cast<float>(sample) / 65'535;
      noise.values.push_back(bits == 8 ? (sample & 255) / 255.0 : sample / 65'535.0);
    }
  }
  return noise;
}

double value_of(const Plane& plane, int x, int y) {
  if (plane.bits == 8) return plane.row(y)[x] / 255.0;
  if (plane.bits == 16) return plane.row_16(y)[x] / 65'535.0;
  return static_cast<double>(plane.row_float(y)[x]);
}

// By the weights alone, in no order that is worth a thought.
double expected(const Noise& noise, const LineWeights& rows, const LineWeights& columns,
                std::size_t x, std::size_t y) {
  double sum = 0;
  for (int row = 0; row < rows.taps; ++row) {
    for (int column = 0; column < columns.taps; ++column) {
      const int place = (rows.first[y] + row) * noise.plane.size.width + columns.first[x] + column;
      sum += static_cast<double>(rows.of(y)[row]) * static_cast<double>(columns.of(x)[column]) *
             noise.values[static_cast<std::size_t>(place)];
    }
  }
  return sum;
}

void expect_exact(const Noise& from, const Region& part, Size size, int bits) {
  const Size whole = from.plane.size;
  const LineWeights rows = lanczos_weights(whole.height, {part.top, part.height}, size.height);
  const LineWeights columns = lanczos_weights(whole.width, {part.left, part.width}, size.width);
  const auto small = resampled(from.plane, part, size, bits);
  ASSERT_TRUE(small) << small.error().message;
  constexpr double kHalf[] = {0.5 / 255, 0.5 / 65'535, 0};
  const double rounding = kHalf[bits / 16];
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      double wanted =
          expected(from, rows, columns, static_cast<std::size_t>(x), static_cast<std::size_t>(y));
      if (bits != 32) wanted = std::clamp(wanted, 0.0, 1.0);
      ASSERT_NEAR(value_of(*small, x, y), wanted, rounding + 2e-6)
          << from.plane.bits << " to " << bits << " at " << x << ", " << y;
    }
  }
}

TEST(resample, is_exact_for_every_kind_of_sample_in_the_whole_and_in_parts) {
  for (const int bits : {8, 16, 32}) {
    const Noise from = noise({203, 67}, bits);
    for (const Region& part : {Region{0, 0, 203, 67}, Region{60.5, 10, 130, 40.25},
                               Region{-20, 50, 60, 30}, Region{0, -9, 203, 90}}) {
      for (const int to : {8, 16, 32}) expect_exact(from, part, {53, 19}, to);
    }
  }
}

}  // namespace
}  // namespace miniatura
