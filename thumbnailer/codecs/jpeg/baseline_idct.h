// From a block's 64 frequencies to 1x1, 2x2 or 4x4 samples: libjpeg's reduced inverse DCTs.
//
// Each output sample is the mean of the pixels it stands for, so of a row's eight frequencies those
// that average to nothing are left out: 2, 4 and 6 of two samples, 4 of four, all but DC of one.
// The arithmetic is that of jidctred.c, bit for bit: 13 bits of fraction, two more between the
// passes over columns and rows. The fast ones are also right where a hostile picture leaves the
// range of a real one: they wrap and saturate just where libjpeg-turbo's SSE2 does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "thumbnailer/codecs/jpeg/idct_terms.h"
#if defined(__SSE2__)
#include "thumbnailer/codecs/jpeg/idct_sse2.h"
#endif

namespace miniatura::baseline {

// All coefficients are 0 then.
void clear(Block& block);

// Of a block that has only DC, any of its samples, which are all the same.
std::uint8_t flat_1x1(std::int16_t dc, const Quantisation& quantisation);
std::uint8_t flat_2x2(std::int16_t dc, const Quantisation& quantisation);
std::uint8_t flat_4x4(std::int16_t dc, const Quantisation& quantisation);

void idct_2x2(const Block& block, const Quantisation& quantisation, Samples out);
void idct_4x4(const Block& block, const Quantisation& quantisation, Samples out);

// The same without SSE2, for other machines, and to compare with; equal within the range of real
// pictures.
void plain_idct_2x2(const Block& block, const Quantisation& quantisation, Samples out);
void plain_idct_4x4(const Block& block, const Quantisation& quantisation, Samples out);

// The same by the edge, 2 or 4, for the walks over the blocks: one that has only DC, and one whose
// other coefficients are read, of which nothing is left.
template <int kEdge>
void put_flat(std::int16_t dc, const Quantisation& quantisation, Samples out) {
  constexpr auto kFlat = kEdge == 2 ? flat_2x2 : flat_4x4;
  const std::uint8_t sample = kFlat(dc, quantisation);
  for (std::size_t y = 0; y < kEdge; ++y) std::memset(out.first + y * out.stride, sample, kEdge);
}
template <int kEdge>
[[gnu::always_inline]] inline void put_block(Block& block, std::int16_t dc,
                                             const Quantisation& quantisation, Samples out) {
  constexpr auto kIdct = kEdge == 2 ? idct_2x2 : idct_4x4;
  block.coefficients[0] = dc;
  kIdct(block, quantisation, out);
  clear(block);
}

}  // namespace miniatura::baseline
