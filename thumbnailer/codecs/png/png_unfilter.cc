// Compiled with -O3 (CMakeLists.txt). A pixel's channels are computed at once; the pixels of a row
// hang on each other, but for `up`.
#include "thumbnailer/codecs/png/png_unfilter.h"

#include <cstdlib>
#include <cstring>

namespace miniatura {
namespace {

using Bytes8 = std::uint8_t __attribute__((vector_size(8)));
using Bytes16 = std::uint8_t __attribute__((vector_size(16)));
using Words8 = std::int16_t __attribute__((vector_size(16)));
using Quads2 = std::uint64_t __attribute__((vector_size(16)));

// A pixel. One byte more is read than one of 3 has, and two more than one of 6: that is faster.
template <std::size_t kBytes>
Bytes16 load(const std::uint8_t* at) {
  std::uint64_t pixel = 0;
  std::memcpy(&pixel, at, kBytes == 3 ? 4 : kBytes == 6 ? 8 : kBytes);
  return reinterpret_cast<Bytes16>(Quads2{pixel, 0});
}
template <std::size_t kBytes>
void store(std::uint8_t* at, std::uint64_t pixel) {
  std::memcpy(at, &pixel, kBytes);
}

// The same with room beside each byte.
template <std::size_t kBytes>
Words8 load_wide(const std::uint8_t* at) {
  constexpr Bytes16 kZero = {};
  return reinterpret_cast<Words8>(__builtin_shufflevector(load<kBytes>(at), kZero, 0, 16, 1, 17, 2,
                                                          18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
}
template <std::size_t kBytes>
void store_wide(std::uint8_t* at, Words8 pixel) {
  store<kBytes>(at, reinterpret_cast<std::uint64_t>(__builtin_convertvector(pixel, Bytes8)));
}

// Bytes, which overflow each for itself.
Words8 sum(Words8 a, Words8 b) {
  return reinterpret_cast<Words8>(reinterpret_cast<Bytes16>(a) + reinterpret_cast<Bytes16>(b));
}

// The one of left, up and left-up that is nearest to left + up - left_up: the standard's three
// distances say the same (stb_image's formulation). `left` is known last: hardly anything waits for
// it here.
Words8 paeth(Words8 left, Words8 up, Words8 left_up) {
  const Words8 threshold = (left_up * 3 - up) - left;
  const Words8 low = left < up ? left : up;
  const Words8 high = left < up ? up : left;
  const Words8 not_low = high > threshold;
  const Words8 not_high = threshold > low;
  return ((~not_low & low) | (~not_high & high)) | (not_low & not_high & left_up);
}

template <std::size_t kBytes>
void undo_sub(std::uint8_t* row, std::size_t bytes) {
  Bytes16 left = {};
  for (std::size_t i = 0; i + kBytes <= bytes; i += kBytes) {
    left += load<kBytes>(row + i);
    store<kBytes>(row + i, reinterpret_cast<Quads2>(left)[0]);
  }
}

// Sums of one, two, three and four pixels at once.
template <>
void undo_sub<4>(std::uint8_t* row, std::size_t bytes) {
  constexpr Bytes16 kZero = {};
  Bytes16 left = {};  // four times the same
  std::size_t i = 0;
  for (; i + sizeof(Bytes16) <= bytes; i += sizeof(Bytes16)) {
    Bytes16 four;
    std::memcpy(&four, row + i, sizeof(four));
    four += __builtin_shufflevector(kZero, four, 0, 0, 0, 0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
                                    26, 27);
    four += __builtin_shufflevector(kZero, four, 0, 0, 0, 0, 0, 0, 0, 0, 16, 17, 18, 19, 20, 21, 22,
                                    23);
    four += left;
    std::memcpy(row + i, &four, sizeof(four));
    left = __builtin_shufflevector(four, four, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12,
                                   13, 14, 15);
  }
  for (; i < bytes; ++i) row[i] = static_cast<std::uint8_t>(row[i] + (i < 4 ? 0 : row[i - 4]));
}

void undo_up(std::uint8_t* __restrict row, const std::uint8_t* __restrict above,
             std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) row[i] = static_cast<std::uint8_t>(row[i] + above[i]);
}

template <std::size_t kBytes>
void undo_average(std::uint8_t* row, const std::uint8_t* above, std::size_t bytes) {
  Words8 left = {};
  for (std::size_t i = 0; i + kBytes <= bytes; i += kBytes) {
    left = sum(load_wide<kBytes>(row + i), (left + load_wide<kBytes>(above + i)) >> 1);
    store_wide<kBytes>(row + i, left);
  }
}

template <std::size_t kBytes>
void undo_paeth(std::uint8_t* row, const std::uint8_t* above, std::size_t bytes) {
  Words8 left = {};
  Words8 left_up = {};
  for (std::size_t i = 0; i + kBytes <= bytes; i += kBytes) {
    const Words8 up = load_wide<kBytes>(above + i);
    left = sum(load_wide<kBytes>(row + i), paeth(left, up, left_up));
    store_wide<kBytes>(row + i, left);
    left_up = up;
  }
}

template <std::size_t kBytes>
bool undo(unsigned filter, std::uint8_t* row, const std::uint8_t* above, std::size_t bytes) {
  switch (filter) {
    case 0:
      return true;
    case 1:
      undo_sub<kBytes>(row, bytes);
      return true;
    case 2:
      undo_up(row, above, bytes);
      return true;
    case 3:
      undo_average<kBytes>(row, above, bytes);
      return true;
    case 4:
      undo_paeth<kBytes>(row, above, bytes);
      return true;
    default:
      return false;
  }
}

}  // namespace

bool unfilter(unsigned filter, std::uint8_t* row, const std::uint8_t* above, std::size_t bytes,
              std::size_t pixel_bytes) {
  switch (pixel_bytes) {
    case 1:
      return undo<1>(filter, row, above, bytes);
    case 2:
      return undo<2>(filter, row, above, bytes);
    case 3:
      return undo<3>(filter, row, above, bytes);
    case 4:
      return undo<4>(filter, row, above, bytes);
    case 6:
      return undo<6>(filter, row, above, bytes);
    default:
      return undo<8>(filter, row, above, bytes);
  }
}

}  // namespace miniatura
