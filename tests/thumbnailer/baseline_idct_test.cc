#include "thumbnailer/codecs/jpeg/baseline_idct.h"

#include <gtest/gtest.h>

#include <random>

namespace miniatura::baseline {
namespace {

using Idct = void (*)(const Block&, const Quantisation&, Samples);

std::array<std::uint8_t, 16> samples_by(Idct idct, const Block& block, const Quantisation& steps) {
  std::array<std::uint8_t, 16> samples{};
  idct(block, steps, {samples.data(), 4});
  return samples;
}

Quantisation quantisation(std::uint16_t step) {
  Quantisation quantisation;
  quantisation.steps.fill(step);
  return quantisation;
}

TEST(BaselineIdct, is_the_same_with_and_without_vectors) {
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    Block block;
    for (std::size_t i = 0; i < 64; ++i) {
      // From a few to all of the frequencies; the sum stays within what pixels can be.
      const int range = i == 0 ? 120 : static_cast<int>(8 + random() % 30);
      if (i != 0 && random() % static_cast<unsigned>(1 + round % 40) != 0) continue;
      block.coefficients[i] =
          static_cast<std::int16_t>(static_cast<int>(random() % 1000) * 2 * range / 1000 - range);
    }
    const Quantisation steps = quantisation(static_cast<std::uint16_t>(1 + round % 8));
    ASSERT_EQ(samples_by(idct_2x2, block, steps), samples_by(plain_idct_2x2, block, steps));
    ASSERT_EQ(samples_by(idct_4x4, block, steps), samples_by(plain_idct_4x4, block, steps));
  }
}

TEST(BaselineIdct, of_dc_alone_is_the_same_everywhere) {
  // All that DC can be, and all that it can be multiplied with, however hostile.
  for (const unsigned value : {0U, 1U, 2U, 16U, 255U, 1000U, 40000U, 65535U}) {
    const auto step = static_cast<std::uint16_t>(value);
    const Quantisation steps = quantisation(step);
    for (int dc = -32768; dc<32768; dc += dc> - 1100 && dc < 1100 ? 1 : 37) {
      Block block;
      block.coefficients[0] = static_cast<std::int16_t>(dc);
      ASSERT_EQ(samples_by(idct_2x2, block, steps)[5], flat_2x2(block.coefficients[0], steps))
          << dc << " times " << step;
      ASSERT_EQ(samples_by(idct_4x4, block, steps)[15], flat_4x4(block.coefficients[0], steps))
          << dc << " times " << step;
    }
  }
}

TEST(BaselineIdct, of_dc_alone_is_an_eighth_of_it_around_128) {
  const Quantisation steps = quantisation(4);
  const std::array<std::pair<int, int>, 6> expected = {
      {{0, 128}, {2, 129}, {-2, 127}, {20, 138}, {254, 255}, {-300, 0}}};
  for (const auto& [dc, sample] : expected) {
    const auto value = static_cast<std::int16_t>(dc);
    EXPECT_EQ(flat_1x1(value, steps), sample) << dc;
    EXPECT_EQ(flat_2x2(value, steps), sample) << dc;
    EXPECT_EQ(flat_4x4(value, steps), sample) << dc;
  }
}

TEST(BaselineIdct, of_dc_beyond_libjpegs_table_comes_round_as_there) {
  const Quantisation steps = quantisation(8);
  EXPECT_EQ(flat_1x1(511, steps), 255);
  EXPECT_EQ(flat_1x1(512, steps), 0);
  EXPECT_EQ(flat_1x1(1024, steps), 128);
  EXPECT_EQ(flat_1x1(-512, steps), 0);
  EXPECT_EQ(flat_1x1(-513, steps), 255);
}

TEST(BaselineIdct, leaves_out_the_frequencies_that_average_to_nothing) {
  const Quantisation steps = quantisation(8);
  const auto grey = samples_by(idct_2x2, Block{}, steps);
  for (std::size_t y = 0; y < 8; ++y) {
    for (std::size_t x = 0; x < 8; ++x) {
      Block block;
      block.coefficients[8 * y + x] = 40;
      const bool even = (x % 2 == 0 && x != 0) || (y % 2 == 0 && y != 0);
      EXPECT_EQ(samples_by(idct_2x2, block, steps) == grey, even) << x << ", " << y;
    }
  }
}

}  // namespace
}  // namespace miniatura::baseline
