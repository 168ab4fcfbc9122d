// The reduced inverse DCT of two neighbours at once, with AVX2: what idct_sse2.h does to a block,
// each half of a vector does to one of them, by the same steps. For progressive.cc, which has its
// blocks beside one another; 7 % of decoding at 4/8 (bench/jpeg_decode.cc).
#pragma once

#include "thumbnailer/codecs/jpeg/idct_terms.h"

namespace miniatura::baseline {

// What idct_4x4() makes of each of two blocks in a row, eight samples beside one another. Where
// this_processor() is Processor::with_avx2.
void idct_4x4_twice(const Block* two, const Quantisation& quantisation, Samples out);

}  // namespace miniatura::baseline
