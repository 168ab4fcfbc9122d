#include "thumbnailer/codecs/jpeg/baseline_idct.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <cstring>

namespace miniatura::baseline {
namespace {

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

#if defined(__SSE2__)

namespace {

// Two factors, to be multiplied with neighbours and summed up (pmaddwd).
__m128i factors(int first, int second) {
  return _mm_set1_epi32(static_cast<int>(static_cast<std::uint32_t>(second) << 16U |
                                         (static_cast<std::uint32_t>(first) & 0xFFFFU)));
}

// By the intrinsic alone: a pointer's own dereference, of a type that `auto` found, would be taken
// not to see what was stored as numbers of 16 bits.
__m128i row_of(const std::array<std::int16_t, 64>& coefficients, std::size_t y) {
  return _mm_load_si128(reinterpret_cast<const __m128i*>(coefficients.data() + 8 * y));
}

__m128i row_of(const Block& block, const Quantisation& quantisation, std::size_t y) {
  const __m128i steps =
      _mm_load_si128(reinterpret_cast<const __m128i*>(quantisation.steps.data() + 8 * y));
  return _mm_mullo_epi16(row_of(block.coefficients, y), steps);
}

template <int kBits>
__m128i cut(__m128i sums) {
  return _mm_srai_epi32(_mm_add_epi32(sums, _mm_set1_epi32(1 << (kBits - 1))), kBits);
}

__m128i shifted(__m128i low_halves, int bits) { return _mm_srai_epi32(low_halves, 16 - bits); }

void store_32(std::uint8_t* to, __m128i samples) {
  const int four = _mm_cvtsi128_si32(samples);
  std::memcpy(to, &four, sizeof four);
}

struct Four {
  __m128i y0, y1, y2, y3;
};

// Four samples, not cut yet, of frequencies in neighbouring pairs; `even` is shifted already.
Four four_of(__m128i even, __m128i in_26, __m128i in_13, __m128i in_57) {
  const __m128i turn = _mm_madd_epi16(in_26, factors(kF1847, -kF0765));
  const __m128i inner = _mm_add_epi32(_mm_madd_epi16(in_13, factors(kF1061, -kF2172)),
                                      _mm_madd_epi16(in_57, factors(kF1451, -kF0211)));
  const __m128i outer = _mm_add_epi32(_mm_madd_epi16(in_13, factors(kF2562, kF0899)),
                                      _mm_madd_epi16(in_57, factors(-kF0601, -kF0509)));
  const __m128i sum = _mm_add_epi32(even, turn);
  const __m128i difference = _mm_sub_epi32(even, turn);
  return {_mm_add_epi32(sum, outer), _mm_add_epi32(difference, inner),
          _mm_sub_epi32(difference, inner), _mm_sub_epi32(sum, outer)};
}

// The columns' pass over all eight columns: four rows of eight, of 16 bits.
Four columns_of(const Block& block, const Quantisation& quantisation) {
  const __m128i zero = _mm_setzero_si128();
  const __m128i in_0 = row_of(block, quantisation, 0), in_1 = row_of(block, quantisation, 1);
  const __m128i in_2 = row_of(block, quantisation, 2), in_3 = row_of(block, quantisation, 3);
  const __m128i in_5 = row_of(block, quantisation, 5), in_6 = row_of(block, quantisation, 6);
  const __m128i in_7 = row_of(block, quantisation, 7);
  const Four low = four_of(shifted(_mm_unpacklo_epi16(zero, in_0), kFractionBits + 1),
                           _mm_unpacklo_epi16(in_2, in_6), _mm_unpacklo_epi16(in_1, in_3),
                           _mm_unpacklo_epi16(in_5, in_7));
  const Four high = four_of(shifted(_mm_unpackhi_epi16(zero, in_0), kFractionBits + 1),
                            _mm_unpackhi_epi16(in_2, in_6), _mm_unpackhi_epi16(in_1, in_3),
                            _mm_unpackhi_epi16(in_5, in_7));
  return {_mm_packs_epi32(cut<kCut1Of4>(low.y0), cut<kCut1Of4>(high.y0)),
          _mm_packs_epi32(cut<kCut1Of4>(low.y1), cut<kCut1Of4>(high.y1)),
          _mm_packs_epi32(cut<kCut1Of4>(low.y2), cut<kCut1Of4>(high.y2)),
          _mm_packs_epi32(cut<kCut1Of4>(low.y3), cut<kCut1Of4>(high.y3))};
}

bool is_zero(__m128i bits) {
  return _mm_movemask_epi8(_mm_cmpeq_epi8(bits, _mm_setzero_si128())) == 0xFFFF;
}

// Is all zero but the first row (and row 4, which is not used)?
bool is_one_row(const Block& block) {
  const auto& in = block.coefficients;
  const __m128i first = _mm_or_si128(row_of(in, 1), _mm_or_si128(row_of(in, 2), row_of(in, 3)));
  const __m128i second = _mm_or_si128(row_of(in, 5), _mm_or_si128(row_of(in, 6), row_of(in, 7)));
  return is_zero(_mm_or_si128(first, second));
}

}  // namespace

void clear(Block& block) {
  // Left as a loop it becomes a call of memset or a string instruction, at four times the cost.
#pragma GCC unroll 8
  for (std::size_t y = 0; y < 8; ++y) {
    auto* row = reinterpret_cast<__m128i*>(block.coefficients.data() + 8 * y);
    _mm_store_si128(row, _mm_setzero_si128());
  }
}

void idct_4x4(const Block& block, const Quantisation& quantisation, Samples out) {
  Four rows;
  if (is_one_row(block)) {
    const __m128i row = _mm_slli_epi16(row_of(block, quantisation, 0), kPassBits);
    rows = {row, row, row, row};
  } else {
    rows = columns_of(block, quantisation);
  }
  // Columns 0 and 1, 2 and 3, …, each of four rows.
  const __m128i low_01 = _mm_unpacklo_epi16(rows.y0, rows.y1);
  const __m128i low_23 = _mm_unpacklo_epi16(rows.y2, rows.y3);
  const __m128i high_01 = _mm_unpackhi_epi16(rows.y0, rows.y1);
  const __m128i high_23 = _mm_unpackhi_epi16(rows.y2, rows.y3);
  const __m128i in_01 = _mm_unpacklo_epi32(low_01, low_23);
  const __m128i in_23 = _mm_unpackhi_epi32(low_01, low_23);
  const __m128i in_45 = _mm_unpacklo_epi32(high_01, high_23);
  const __m128i in_67 = _mm_unpackhi_epi32(high_01, high_23);
  const Four columns =
      four_of(shifted(_mm_unpacklo_epi16(_mm_setzero_si128(), in_01), kFractionBits + 1),
              _mm_unpacklo_epi16(in_23, in_67), _mm_unpackhi_epi16(in_01, in_23),
              _mm_unpackhi_epi16(in_45, in_67));
  const __m128i even = _mm_packs_epi32(cut<kCut2Of4>(columns.y0), cut<kCut2Of4>(columns.y2));
  const __m128i odd = _mm_packs_epi32(cut<kCut2Of4>(columns.y1), cut<kCut2Of4>(columns.y3));
  const __m128i left = _mm_unpacklo_epi16(even, odd);
  const __m128i right = _mm_unpackhi_epi16(even, odd);
  const __m128i samples = _mm_xor_si128(
      _mm_packs_epi16(_mm_unpacklo_epi32(left, right), _mm_unpackhi_epi32(left, right)),
      _mm_set1_epi8(-128));
  store_32(out.first, samples);
  store_32(out.first + out.stride, _mm_srli_si128(samples, 4));
  store_32(out.first + 2 * out.stride, _mm_srli_si128(samples, 8));
  store_32(out.first + 3 * out.stride, _mm_srli_si128(samples, 12));
}

void idct_2x2(const Block& block, const Quantisation& quantisation, Samples out) {
  const __m128i zero = _mm_setzero_si128();
  const __m128i in_0 = row_of(block, quantisation, 0);
  const __m128i in_1 = row_of(block, quantisation, 1), in_3 = row_of(block, quantisation, 3);
  const __m128i in_5 = row_of(block, quantisation, 5), in_7 = row_of(block, quantisation, 7);
  const auto odd_of = [](__m128i in_13, __m128i in_57) {
    return _mm_add_epi32(_mm_madd_epi16(in_13, factors(kF3624, -kF1272)),
                         _mm_madd_epi16(in_57, factors(kF0850, -kF0720)));
  };
  const __m128i even_low = shifted(_mm_unpacklo_epi16(zero, in_0), kFractionBits + 2);
  const __m128i even_high = shifted(_mm_unpackhi_epi16(zero, in_0), kFractionBits + 2);
  const __m128i odd_low = odd_of(_mm_unpacklo_epi16(in_1, in_3), _mm_unpacklo_epi16(in_5, in_7));
  const __m128i odd_high = odd_of(_mm_unpackhi_epi16(in_1, in_3), _mm_unpackhi_epi16(in_5, in_7));
  const __m128i upper_low = cut<kCut1Of2>(_mm_add_epi32(even_low, odd_low));
  const __m128i upper_high = cut<kCut1Of2>(_mm_add_epi32(even_high, odd_high));
  const __m128i lower_low = cut<kCut1Of2>(_mm_sub_epi32(even_low, odd_low));
  const __m128i lower_high = cut<kCut1Of2>(_mm_sub_epi32(even_high, odd_high));

  // Of each of the two rows, the sum of its odd columns.
  const __m128i odd_columns = _mm_setr_epi16(0, kF3624, 0, -kF1272, 0, kF0850, 0, -kF0720);
  const __m128i upper = _mm_madd_epi16(_mm_packs_epi32(upper_low, upper_high), odd_columns);
  const __m128i lower = _mm_madd_epi16(_mm_packs_epi32(lower_low, lower_high), odd_columns);
  const __m128i halves =
      _mm_add_epi32(_mm_unpacklo_epi32(upper, lower), _mm_unpackhi_epi32(upper, lower));
  const __m128i odd = _mm_add_epi32(halves, _mm_srli_si128(halves, 8));
  const __m128i even = _mm_slli_epi32(_mm_unpacklo_epi32(upper_low, lower_low), kFractionBits + 2);
  const __m128i sums =
      cut<kCut2Of2>(_mm_unpacklo_epi32(_mm_add_epi32(even, odd), _mm_sub_epi32(even, odd)));
  const __m128i words = _mm_packs_epi32(sums, sums);
  const auto samples = static_cast<std::uint32_t>(
      _mm_cvtsi128_si32(_mm_xor_si128(_mm_packs_epi16(words, words), _mm_set1_epi8(-128))));
  const auto above = static_cast<std::uint16_t>(samples & 0xFFFFU);
  const auto below = static_cast<std::uint16_t>(samples >> 16U);
  std::memcpy(out.first, &above, sizeof above);
  std::memcpy(out.first + out.stride, &below, sizeof below);
}

#else

void clear(Block& block) { block.coefficients.fill(0); }
void idct_2x2(const Block& block, const Quantisation& quantisation, Samples out) {
  plain_idct_2x2(block, quantisation, out);
}
void idct_4x4(const Block& block, const Quantisation& quantisation, Samples out) {
  plain_idct_4x4(block, quantisation, out);
}

#endif

}  // namespace miniatura::baseline
