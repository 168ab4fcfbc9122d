// Eight floats at once, for inner loops: compiled for every processor and, on x86-64, once more for
// AVX2. Both give the same bits where the file is compiled with -ffp-contract=off (CMakeLists.txt),
// and the loops have one order of adding. For such files alone.
#pragma once

#include <cstddef>
#include <cstdint>

#include "thumbnailer/processor.h"

// What is marked so becomes a part of its caller, and is compiled for the caller's processor.
#define MINIATURA_INLINE __attribute__((always_inline))

namespace miniatura {

constexpr std::size_t kLanes = 8;

// Vectors of the compiler's, which it makes of what the processor has.
using Floats [[gnu::vector_size(kLanes * sizeof(float))]] = float;
using UnalignedFloats
    [[gnu::vector_size(kLanes * sizeof(float)), gnu::aligned(alignof(float)), gnu::may_alias]] =
        float;
using Integers [[gnu::vector_size(kLanes * sizeof(float))]] = std::int32_t;
using Square = Floats[kLanes];

#if defined(__x86_64__)
template <class Loops>
__attribute__((target("avx2"))) void run_with_avx2(const Loops& loops) {
  loops();
}
#endif

// `loops` is a lambda marked MINIATURA_INLINE.
template <class Loops>
void run([[maybe_unused]] Processor processor, const Loops& loops) {
#if defined(__x86_64__)
  if (processor == Processor::with_avx2) return run_with_avx2(loops);
#endif
  loops();
}

// Wherever they lie.
MINIATURA_INLINE inline const UnalignedFloats& floats_at(const float* place) {
  return *reinterpret_cast<const UnalignedFloats*>(place);
}

// Eight columns of eight rows become eight rows of eight columns, or back.
MINIATURA_INLINE inline void transpose(Square& square) {
  Square pairs;
  for (std::size_t i = 0; i < kLanes; i += 2) {
    const Floats &a = square[i], &b = square[i + 1];
    pairs[i] = __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13);
    pairs[i + 1] = __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
  }
  Square fours;
  for (std::size_t i = 0; i < kLanes; i += 4) {
    for (std::size_t half = 0; half < 2; ++half) {
      const Floats &a = pairs[i + half], &b = pairs[i + half + 2];
      fours[i + 2 * half] = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
      fours[i + 2 * half + 1] = __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (std::size_t i = 0; i < 4; ++i) {
    const Floats &a = fours[i], &b = fours[i + 4];
    square[i] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11);
    square[i + 4] = __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

}  // namespace miniatura
