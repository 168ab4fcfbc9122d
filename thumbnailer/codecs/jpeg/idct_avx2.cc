#include "thumbnailer/codecs/jpeg/idct_avx2.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "thumbnailer/codecs/jpeg/baseline_idct.h"
#endif

namespace miniatura::baseline {

#if defined(__x86_64__)

namespace {

#define MINIATURA_AVX2 __attribute__((target("avx2"), always_inline)) inline

MINIATURA_AVX2 __m256i factors(int first, int second) {
  return _mm256_set1_epi32(static_cast<int>(static_cast<std::uint32_t>(second) << 16U |
                                            (static_cast<std::uint32_t>(first) & 0xFFFFU)));
}

MINIATURA_AVX2 const __m128i* vector_at(const std::int16_t* values) {
  return reinterpret_cast<const __m128i*>(values);
}

// Row y of both blocks, not multiplied yet.
MINIATURA_AVX2 __m256i row_of(const Block* two, std::size_t y) {
  return _mm256_inserti128_si256(
      _mm256_castsi128_si256(_mm_load_si128(vector_at(two[0].coefficients.data() + 8 * y))),
      _mm_load_si128(vector_at(two[1].coefficients.data() + 8 * y)), 1);
}

MINIATURA_AVX2 __m256i row_of(const Block* two, const Quantisation& quantisation, std::size_t y) {
  const auto* const steps = reinterpret_cast<const __m128i*>(quantisation.steps.data() + 8 * y);
  return _mm256_mullo_epi16(row_of(two, y), _mm256_broadcastsi128_si256(_mm_load_si128(steps)));
}

// Has one of them nothing but its first row (and row 4, which is not used)? libjpeg-turbo takes a
// shorter way then, which wraps where the other saturates.
MINIATURA_AVX2 bool has_one_row(const Block* two) {
  const __m256i odd = _mm256_or_si256(_mm256_or_si256(row_of(two, 1), row_of(two, 3)),
                                      _mm256_or_si256(row_of(two, 5), row_of(two, 7)));
  const __m256i all = _mm256_or_si256(odd, _mm256_or_si256(row_of(two, 2), row_of(two, 6)));
  const auto zero = static_cast<std::uint32_t>(
      _mm256_movemask_epi8(_mm256_cmpeq_epi8(all, _mm256_setzero_si256())));
  return (zero & 0xFFFFU) == 0xFFFFU || zero >> 16U == 0xFFFFU;
}

template <int kBits>
MINIATURA_AVX2 __m256i cut(__m256i sums) {
  return _mm256_srai_epi32(_mm256_add_epi32(sums, _mm256_set1_epi32(1 << (kBits - 1))), kBits);
}

struct Four {
  __m256i y0, y1, y2, y3;
};

// Four samples, not cut yet, of frequencies in neighbouring pairs; of `even` the low halves are 0.
MINIATURA_AVX2 Four four_of(__m256i even_halves, __m256i in_26, __m256i in_13, __m256i in_57) {
  const __m256i even = _mm256_srai_epi32(even_halves, 16 - kFractionBits - 1);
  const __m256i turn = _mm256_madd_epi16(in_26, factors(kF1847, -kF0765));
  const __m256i inner = _mm256_add_epi32(_mm256_madd_epi16(in_13, factors(kF1061, -kF2172)),
                                         _mm256_madd_epi16(in_57, factors(kF1451, -kF0211)));
  const __m256i outer = _mm256_add_epi32(_mm256_madd_epi16(in_13, factors(kF2562, kF0899)),
                                         _mm256_madd_epi16(in_57, factors(-kF0601, -kF0509)));
  const __m256i sum = _mm256_add_epi32(even, turn);
  const __m256i difference = _mm256_sub_epi32(even, turn);
  return {_mm256_add_epi32(sum, outer), _mm256_add_epi32(difference, inner),
          _mm256_sub_epi32(difference, inner), _mm256_sub_epi32(sum, outer)};
}

template <int kBits>
MINIATURA_AVX2 __m256i both(__m256i low, __m256i high) {
  return _mm256_packs_epi32(cut<kBits>(low), cut<kBits>(high));
}

}  // namespace

__attribute__((target("avx2"))) void idct_4x4_twice(const Block* two,
                                                    const Quantisation& quantisation, Samples out) {
  if (has_one_row(two)) {
    idct_4x4(two[0], quantisation, out);
    idct_4x4(two[1], quantisation, {out.first + 4, out.stride});
    return;
  }
  const __m256i zero = _mm256_setzero_si256();
  const __m256i in_0 = row_of(two, quantisation, 0), in_1 = row_of(two, quantisation, 1);
  const __m256i in_2 = row_of(two, quantisation, 2), in_3 = row_of(two, quantisation, 3);
  const __m256i in_5 = row_of(two, quantisation, 5), in_6 = row_of(two, quantisation, 6);
  const __m256i in_7 = row_of(two, quantisation, 7);
  const Four low = four_of(_mm256_unpacklo_epi16(zero, in_0), _mm256_unpacklo_epi16(in_2, in_6),
                           _mm256_unpacklo_epi16(in_1, in_3), _mm256_unpacklo_epi16(in_5, in_7));
  const Four high = four_of(_mm256_unpackhi_epi16(zero, in_0), _mm256_unpackhi_epi16(in_2, in_6),
                            _mm256_unpackhi_epi16(in_1, in_3), _mm256_unpackhi_epi16(in_5, in_7));
  const __m256i row_0 = both<kCut1Of4>(low.y0, high.y0), row_1 = both<kCut1Of4>(low.y1, high.y1);
  const __m256i row_2 = both<kCut1Of4>(low.y2, high.y2), row_3 = both<kCut1Of4>(low.y3, high.y3);
  // Columns 0 and 1, 2 and 3, …, each of four rows.
  const __m256i low_01 = _mm256_unpacklo_epi16(row_0, row_1);
  const __m256i low_23 = _mm256_unpacklo_epi16(row_2, row_3);
  const __m256i high_01 = _mm256_unpackhi_epi16(row_0, row_1);
  const __m256i high_23 = _mm256_unpackhi_epi16(row_2, row_3);
  const __m256i in_01 = _mm256_unpacklo_epi32(low_01, low_23);
  const __m256i in_23 = _mm256_unpackhi_epi32(low_01, low_23);
  const __m256i in_45 = _mm256_unpacklo_epi32(high_01, high_23);
  const __m256i in_67 = _mm256_unpackhi_epi32(high_01, high_23);
  const Four columns =
      four_of(_mm256_unpacklo_epi16(zero, in_01), _mm256_unpacklo_epi16(in_23, in_67),
              _mm256_unpackhi_epi16(in_01, in_23), _mm256_unpackhi_epi16(in_45, in_67));
  const __m256i even = both<kCut2Of4>(columns.y0, columns.y2);
  const __m256i odd = both<kCut2Of4>(columns.y1, columns.y3);
  const __m256i left = _mm256_unpacklo_epi16(even, odd);
  const __m256i right = _mm256_unpackhi_epi16(even, odd);
  const __m256i samples = _mm256_xor_si256(
      _mm256_packs_epi16(_mm256_unpacklo_epi32(left, right), _mm256_unpackhi_epi32(left, right)),
      _mm256_set1_epi8(-128));
  // Four of the one block and four of the other, beside one another.
  const __m128i first = _mm256_castsi256_si128(samples);
  const __m128i second = _mm256_extracti128_si256(samples, 1);
  const __m128i upper = _mm_unpacklo_epi32(first, second);
  const __m128i lower = _mm_unpackhi_epi32(first, second);
  const auto store = [&](std::size_t y, __m128i eight) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out.first + y * out.stride), eight);
  };
  store(0, upper);
  store(1, _mm_unpackhi_epi64(upper, upper));
  store(2, lower);
  store(3, _mm_unpackhi_epi64(lower, lower));
}

#else

void idct_4x4_twice(const Block*, const Quantisation&, Samples) {}

#endif

}  // namespace miniatura::baseline
