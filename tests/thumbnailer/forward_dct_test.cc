#include "thumbnailer/codecs/jpeg/forward_dct.h"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <random>
#include <vector>

namespace miniatura {
namespace {

constexpr std::size_t kSide = 8;

// Rows of samples, some blocks wide.
struct Samples {
  std::size_t blocks;
  std::vector<std::uint8_t> values;
  std::array<const std::uint8_t*, kSide> rows() const {
    std::array<const std::uint8_t*, kSide> rows{};
    for (std::size_t y = 0; y < kSide; ++y) rows.at(y) = values.data() + y * blocks * kSide;
    return rows;
  }
  int at(std::size_t block, std::size_t x, std::size_t y) const {
    return values[(y * blocks + block) * kSide + x];
  }
};

// From plain ground to black and white.
Samples noise(std::size_t blocks) {
  Samples samples{blocks, std::vector<std::uint8_t>(kSide * kSide * blocks)};
  std::mt19937 random(3);
  for (std::size_t i = 0; i < samples.values.size(); ++i) {
    const auto spread = static_cast<unsigned>(i / kSide % blocks * 255 / blocks) + 1;
    samples.values[i] = static_cast<std::uint8_t>(127 + random() % spread - spread / 2);
  }
  return samples;
}

Samples plain(std::uint8_t value) { return {1, std::vector<std::uint8_t>(kSide * kSide, value)}; }

QuantisationTable steps_from(unsigned first, unsigned more) {
  QuantisationTable steps{};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    steps.at(i) = first + more * static_cast<unsigned>(i);
  }
  return steps;
}

QuantisationTable all(unsigned step) { return steps_from(step, 0); }

std::vector<CoefficientBlock> blocks_of(const Samples& samples, const ForwardDct& dct,
                                        Processor processor = this_processor()) {
  std::vector<CoefficientBlock> blocks(samples.blocks);
  dct.to_blocks(samples.rows().data(), samples.blocks, blocks.data(), processor);
  return blocks;
}

// T.81, A.3.3.
double frequency(const Samples& samples, std::size_t block, std::size_t place) {
  const auto wave = [](std::size_t x, std::size_t k) {
    return std::cos(static_cast<double>((2 * x + 1) * k) * std::acos(-1.0) / 16) *
           (k == 0 ? std::sqrt(0.5) : 1.0) / 2;
  };
  double sum = 0;
  for (std::size_t y = 0; y < kSide; ++y) {
    for (std::size_t x = 0; x < kSide; ++x) {
      sum += (samples.at(block, x, y) - 128) * wave(x, place % kSide) * wave(y, place / kSide);
    }
  }
  return sum;
}

// How many steps a frequency should become; nothing where it lies on the border.
std::optional<int> wanted(double steps, double rounding) {
  const double size = std::abs(steps) + rounding;
  if (std::abs(size - std::round(size)) < 1e-3) return std::nullopt;
  return static_cast<int>(std::copysign(std::floor(size), steps));
}

TEST(forward_dct, rounds_each_frequency_up_from_where_it_is_told) {
  const Samples samples = noise(60);
  const QuantisationTable steps = steps_from(2, 1);
  for (const float rounding : {0.5F, 0.38F, 0.45F}) {
    const auto blocks = blocks_of(samples, ForwardDct(steps, rounding));
    for (std::size_t block = 0; block < blocks.size(); ++block) {
      for (std::size_t i = 0; i < kSide * kSide; ++i) {
        const double exact = frequency(samples, block, i) / steps.at(i);
        const auto expected = wanted(exact, i == 0 ? 0.5 : static_cast<double>(rounding));
        if (expected) {
          EXPECT_EQ(blocks[block].at(i), *expected) << i << ": " << exact;
        }
      }
    }
  }
}

TEST(forward_dct, rounds_to_the_nearest_where_nothing_is_finer) {
  const Samples samples = noise(60);
  const auto blocks = blocks_of(samples, ForwardDct(all(1), 0.3F));
  for (std::size_t block = 0; block < blocks.size(); ++block) {
    for (std::size_t i = 0; i < kSide * kSide; ++i) {
      const auto expected = wanted(frequency(samples, block, i), 0.5);
      if (expected) {
        EXPECT_EQ(blocks[block].at(i), *expected) << i;
      }
    }
  }
}

TEST(forward_dct, keeps_plain_ground_and_fits_what_a_baseline_file_holds) {
  for (const int value : {0, 1, 127, 128, 129, 255}) {
    CoefficientBlock expected{};
    expected[0] = static_cast<std::int16_t>((value - 128) * 8);
    EXPECT_EQ(blocks_of(plain(static_cast<std::uint8_t>(value)), ForwardDct(all(1), 0.5F))[0],
              expected);
  }
  // Nothing is larger than a cosine's own shape in black and white.
  const auto rises = [](std::size_t x, std::size_t k) {
    return std::cos(static_cast<double>((2 * x + 1) * k) * std::acos(-1.0) / 16) > 0;
  };
  for (std::size_t across = 0; across < kSide; ++across) {
    for (std::size_t down = across == 0 ? 1 : 0; down < kSide; ++down) {
      Samples samples = plain(0);
      for (std::size_t y = 0; y < kSide; ++y) {
        for (std::size_t x = 0; x < kSide; ++x) {
          if (rises(x, across) == rises(y, down)) samples.values[y * kSide + x] = 255;
        }
      }
      const int largest = blocks_of(samples, ForwardDct(all(1), 0.5F))[0].at(down * kSide + across);
      EXPECT_GT(largest, 500);
      EXPECT_LT(largest, 1024);
    }
  }
}

TEST(forward_dct, gives_the_same_bits_with_avx2_and_without) {
  if (this_processor() == Processor::any) GTEST_SKIP() << "no AVX2 here";
  const Samples samples = noise(300);
  for (const unsigned step : {1U, 3U, 16U}) {
    const ForwardDct dct(all(step), 0.38F);
    EXPECT_EQ(blocks_of(samples, dct, Processor::any),
              blocks_of(samples, dct, Processor::with_avx2));
  }
}

}  // namespace
}  // namespace miniatura
