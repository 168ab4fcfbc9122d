// The reduced inverse DCTs with SSE2, for baseline_idct.h alone. In a header, to be put into the
// walks over the blocks: as calls they made decoding at 4/8 slower by 5 to 9 %
// (bench/jpeg_decode.cc).
#pragma once

#include <emmintrin.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "thumbnailer/codecs/jpeg/idct_terms.h"

namespace miniatura::baseline {
namespace sse2 {

// Two factors, to be multiplied with neighbours and summed up (pmaddwd).
inline __m128i factors(int first, int second) {
  return _mm_set1_epi32(static_cast<int>(static_cast<std::uint32_t>(second) << 16U |
                                         (static_cast<std::uint32_t>(first) & 0xFFFFU)));
}

// By the intrinsic alone: a pointer's own dereference, of a type that `auto` found, would be taken
// not to see what was stored as numbers of 16 bits.
inline __m128i row_of(const std::array<std::int16_t, 64>& coefficients, std::size_t y) {
  return _mm_load_si128(reinterpret_cast<const __m128i*>(coefficients.data() + 8 * y));
}

inline __m128i row_of(const Block& block, const Quantisation& quantisation, std::size_t y) {
  const __m128i steps =
      _mm_load_si128(reinterpret_cast<const __m128i*>(quantisation.steps.data() + 8 * y));
  return _mm_mullo_epi16(row_of(block.coefficients, y), steps);
}

template <int kBits>
inline __m128i cut(__m128i sums) {
  return _mm_srai_epi32(_mm_add_epi32(sums, _mm_set1_epi32(1 << (kBits - 1))), kBits);
}

inline __m128i shifted(__m128i low_halves, int bits) {
  return _mm_srai_epi32(low_halves, 16 - bits);
}

inline void store_32(std::uint8_t* to, __m128i samples) {
  const int four = _mm_cvtsi128_si32(samples);
  std::memcpy(to, &four, sizeof four);
}

struct Four {
  __m128i y0, y1, y2, y3;
};

// Four samples, not cut yet, of frequencies in neighbouring pairs; `even` is shifted already.
inline Four four_of(__m128i even, __m128i in_26, __m128i in_13, __m128i in_57) {
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
inline Four columns_of(const Block& block, const Quantisation& quantisation) {
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

inline bool is_zero(__m128i bits) {
  return _mm_movemask_epi8(_mm_cmpeq_epi8(bits, _mm_setzero_si128())) == 0xFFFF;
}

// Is all zero but the first row (and row 4, which is not used)?
inline bool is_one_row(const Block& block) {
  const auto& in = block.coefficients;
  const __m128i first = _mm_or_si128(row_of(in, 1), _mm_or_si128(row_of(in, 2), row_of(in, 3)));
  const __m128i second = _mm_or_si128(row_of(in, 5), _mm_or_si128(row_of(in, 6), row_of(in, 7)));
  return is_zero(_mm_or_si128(first, second));
}

}  // namespace sse2

inline void clear(Block& block) {
  // Left as a loop it becomes a call of memset or a string instruction, at four times the cost.
#pragma GCC unroll 8
  for (std::size_t y = 0; y < 8; ++y) {
    auto* row = reinterpret_cast<__m128i*>(block.coefficients.data() + 8 * y);
    _mm_store_si128(row, _mm_setzero_si128());
  }
}

inline void idct_4x4(const Block& block, const Quantisation& quantisation, Samples out) {
  sse2::Four rows;
  if (sse2::is_one_row(block)) {
    const __m128i row = _mm_slli_epi16(sse2::row_of(block, quantisation, 0), kPassBits);
    rows = {row, row, row, row};
  } else {
    rows = sse2::columns_of(block, quantisation);
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
  const sse2::Four columns = sse2::four_of(
      sse2::shifted(_mm_unpacklo_epi16(_mm_setzero_si128(), in_01), kFractionBits + 1),
      _mm_unpacklo_epi16(in_23, in_67), _mm_unpackhi_epi16(in_01, in_23),
      _mm_unpackhi_epi16(in_45, in_67));
  const __m128i even =
      _mm_packs_epi32(sse2::cut<kCut2Of4>(columns.y0), sse2::cut<kCut2Of4>(columns.y2));
  const __m128i odd =
      _mm_packs_epi32(sse2::cut<kCut2Of4>(columns.y1), sse2::cut<kCut2Of4>(columns.y3));
  const __m128i left = _mm_unpacklo_epi16(even, odd);
  const __m128i right = _mm_unpackhi_epi16(even, odd);
  const __m128i samples = _mm_xor_si128(
      _mm_packs_epi16(_mm_unpacklo_epi32(left, right), _mm_unpackhi_epi32(left, right)),
      _mm_set1_epi8(-128));
  sse2::store_32(out.first, samples);
  sse2::store_32(out.first + out.stride, _mm_srli_si128(samples, 4));
  sse2::store_32(out.first + 2 * out.stride, _mm_srli_si128(samples, 8));
  sse2::store_32(out.first + 3 * out.stride, _mm_srli_si128(samples, 12));
}

inline void idct_2x2(const Block& block, const Quantisation& quantisation, Samples out) {
  const __m128i zero = _mm_setzero_si128();
  const __m128i in_0 = sse2::row_of(block, quantisation, 0);
  const __m128i in_1 = sse2::row_of(block, quantisation, 1),
                in_3 = sse2::row_of(block, quantisation, 3);
  const __m128i in_5 = sse2::row_of(block, quantisation, 5),
                in_7 = sse2::row_of(block, quantisation, 7);
  const auto odd_of = [](__m128i in_13, __m128i in_57) {
    return _mm_add_epi32(_mm_madd_epi16(in_13, sse2::factors(kF3624, -kF1272)),
                         _mm_madd_epi16(in_57, sse2::factors(kF0850, -kF0720)));
  };
  const __m128i even_low = sse2::shifted(_mm_unpacklo_epi16(zero, in_0), kFractionBits + 2);
  const __m128i even_high = sse2::shifted(_mm_unpackhi_epi16(zero, in_0), kFractionBits + 2);
  const __m128i odd_low = odd_of(_mm_unpacklo_epi16(in_1, in_3), _mm_unpacklo_epi16(in_5, in_7));
  const __m128i odd_high = odd_of(_mm_unpackhi_epi16(in_1, in_3), _mm_unpackhi_epi16(in_5, in_7));
  const __m128i upper_low = sse2::cut<kCut1Of2>(_mm_add_epi32(even_low, odd_low));
  const __m128i upper_high = sse2::cut<kCut1Of2>(_mm_add_epi32(even_high, odd_high));
  const __m128i lower_low = sse2::cut<kCut1Of2>(_mm_sub_epi32(even_low, odd_low));
  const __m128i lower_high = sse2::cut<kCut1Of2>(_mm_sub_epi32(even_high, odd_high));

  // Of each of the two rows, the sum of its odd columns.
  const __m128i odd_columns = _mm_setr_epi16(0, kF3624, 0, -kF1272, 0, kF0850, 0, -kF0720);
  const __m128i upper = _mm_madd_epi16(_mm_packs_epi32(upper_low, upper_high), odd_columns);
  const __m128i lower = _mm_madd_epi16(_mm_packs_epi32(lower_low, lower_high), odd_columns);
  const __m128i halves =
      _mm_add_epi32(_mm_unpacklo_epi32(upper, lower), _mm_unpackhi_epi32(upper, lower));
  const __m128i odd = _mm_add_epi32(halves, _mm_srli_si128(halves, 8));
  const __m128i even = _mm_slli_epi32(_mm_unpacklo_epi32(upper_low, lower_low), kFractionBits + 2);
  const __m128i sums =
      sse2::cut<kCut2Of2>(_mm_unpacklo_epi32(_mm_add_epi32(even, odd), _mm_sub_epi32(even, odd)));
  const __m128i words = _mm_packs_epi32(sums, sums);
  const auto samples = static_cast<std::uint32_t>(
      _mm_cvtsi128_si32(_mm_xor_si128(_mm_packs_epi16(words, words), _mm_set1_epi8(-128))));
  const auto above = static_cast<std::uint16_t>(samples & 0xFFFFU);
  const auto below = static_cast<std::uint16_t>(samples >> 16U);
  std::memcpy(out.first, &above, sizeof above);
  std::memcpy(out.first + out.stride, &below, sizeof below);
}

}  // namespace miniatura::baseline
