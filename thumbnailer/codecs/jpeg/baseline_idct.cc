#include "thumbnailer/codecs/jpeg/baseline_idct.h"

#include <algorithm>
#include <array>

namespace miniatura::baseline {
namespace {

// Multiplications and additions that may leave the range, as the machine's registers do it.
std::int32_t wrapped(std::int64_t value) { return static_cast<std::int32_t>(value); }
std::int16_t wrapped_16(int value) { return static_cast<std::int16_t>(value); }

std::int16_t dequantised(std::int16_t coefficient, std::uint16_t step) {
  return wrapped_16(coefficient * static_cast<std::int16_t>(step));
}

std::int32_t cut(std::int64_t value, int bits) {
  return wrapped(value + (std::int64_t{1} << (bits - 1))) >> bits;
}

std::uint8_t sample_of(int value) {
  return static_cast<std::uint8_t>(std::clamp(value, -128, 127) + 128);
}

}  // namespace

std::uint8_t flat_1x1(std::int16_t dc, const Quantisation& quantisation) {
  // libjpeg clamps by a table of 1024 places, and what is beyond them comes round again.
  const int value = (dc * static_cast<std::int16_t>(quantisation.steps[0]) + 4) >> 3;
  return sample_of(static_cast<int>(static_cast<std::uint32_t>(value + 512) & 1023U) - 512);
}

std::uint8_t flat_2x2(std::int16_t dc, const Quantisation& quantisation) {
  const std::int64_t column = std::int64_t{dequantised(dc, quantisation.steps[0])} * 4;
  return sample_of(cut(wrapped(column << (kFractionBits + 2)), kCut2Of2));
}

std::uint8_t flat_4x4(std::int16_t dc, const Quantisation& quantisation) {
  const std::int64_t column = wrapped_16(dequantised(dc, quantisation.steps[0]) * 4);
  return sample_of(cut(column << (kFractionBits + 1), kCut2Of4));
}

void plain_idct_2x2(const Block& block, const Quantisation& quantisation, Samples out) {
  std::array<std::array<std::int64_t, 8>, 2> rows{};
  for (std::size_t x : {0U, 1U, 3U, 5U, 7U}) {
    const auto at = [&](std::size_t y) -> std::int64_t {
      return dequantised(block.coefficients[8 * y + x], quantisation.steps[8 * y + x]);
    };
    const std::int64_t even = at(0) << (kFractionBits + 2);
    const std::int64_t odd = at(1) * kF3624 - at(3) * kF1272 + at(5) * kF0850 - at(7) * kF0720;
    rows[0][x] = cut(even + odd, kCut1Of2);
    rows[1][x] = cut(even - odd, kCut1Of2);
  }
  for (std::size_t y = 0; y < 2; ++y) {
    const auto& in = rows[y];
    const std::int64_t even = in[0] << (kFractionBits + 2);
    const std::int64_t odd = in[1] * kF3624 - in[3] * kF1272 + in[5] * kF0850 - in[7] * kF0720;
    std::uint8_t* samples = out.first + y * out.stride;
    samples[0] = sample_of(cut(even + odd, kCut2Of2));
    samples[1] = sample_of(cut(even - odd, kCut2Of2));
  }
}

namespace {

// Four samples of eight frequencies.
template <class At>
std::array<std::int32_t, 4> four_of(const At& at, int bits) {
  const std::int64_t even = at(0) << (kFractionBits + 1);
  const std::int64_t turn = at(2) * kF1847 - at(6) * kF0765;
  const std::int64_t inner = at(1) * kF1061 - at(3) * kF2172 + at(5) * kF1451 - at(7) * kF0211;
  const std::int64_t outer = at(1) * kF2562 + at(3) * kF0899 - at(5) * kF0601 - at(7) * kF0509;
  return {cut(even + turn + outer, bits), cut(even - turn + inner, bits),
          cut(even - turn - inner, bits), cut(even + turn - outer, bits)};
}

}  // namespace

void plain_idct_4x4(const Block& block, const Quantisation& quantisation, Samples out) {
  std::array<std::array<std::int64_t, 8>, 4> rows{};
  for (std::size_t x = 0; x < 8; ++x) {
    const auto column = four_of(
        [&](std::size_t y) -> std::int64_t {
          return dequantised(block.coefficients[8 * y + x], quantisation.steps[8 * y + x]);
        },
        kCut1Of4);
    for (std::size_t y = 0; y < 4; ++y) rows[y][x] = column[y];
  }
  for (std::size_t y = 0; y < 4; ++y) {
    const auto row = four_of([&](std::size_t x) { return rows[y][x]; }, kCut2Of4);
    for (std::size_t x = 0; x < 4; ++x) out.first[y * out.stride + x] = sample_of(row[x]);
  }
}

#if !defined(__SSE2__)

void clear(Block& block) { block.coefficients.fill(0); }
void idct_2x2(const Block& block, const Quantisation& quantisation, Samples out) {
  plain_idct_2x2(block, quantisation, out);
}
void idct_4x4(const Block& block, const Quantisation& quantisation, Samples out) {
  plain_idct_4x4(block, quantisation, out);
}

#endif

}  // namespace miniatura::baseline
