// What jidctred.c's transforms are made of, and what they work on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace miniatura::baseline {

// Row by row of the 8x8 frequencies.
struct alignas(16) Quantisation {
  std::array<std::uint16_t, 64> steps{};
};
struct alignas(16) Block {
  std::array<std::int16_t, 64> coefficients{};
};

// Where a block's samples go.
struct Samples {
  std::uint8_t* first;
  std::size_t stride;
};

constexpr int kFractionBits = 13;
constexpr int kPassBits = 2;  // more precise between the passes

// Sums and differences of cosines, 0.211 and so on, with 13 bits of fraction.
constexpr int kF0211 = 1730, kF0509 = 4176, kF0601 = 4926, kF0720 = 5906, kF0765 = 6270;
constexpr int kF0850 = 6967, kF0899 = 7373, kF1061 = 8697, kF1272 = 10426, kF1451 = 11893;
constexpr int kF1847 = 15137, kF2172 = 17799, kF2562 = 20995, kF3624 = 29692;

// Where each pass's result is cut: its fraction, the pass's precision, and the scale of 2 or 4.
constexpr int kCut1Of2 = kFractionBits - kPassBits + 2;
constexpr int kCut2Of2 = kFractionBits + kPassBits + 3 + 2;
constexpr int kCut1Of4 = kFractionBits - kPassBits + 1;
constexpr int kCut2Of4 = kFractionBits + kPassBits + 3 + 1;

}  // namespace miniatura::baseline
