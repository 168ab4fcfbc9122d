#include "thumbnailer/planes.h"

#include <algorithm>
#include <new>
#include <utility>

namespace miniatura {

Plane::Plane(Size its_size, int its_bits) : size(its_size), bits(its_bits) {
  const std::size_t row_bytes =
      static_cast<std::size_t>(size.width) * static_cast<std::size_t>(bits / 8);
  stride_bytes_ = (row_bytes + kAlignment - 1) / kAlignment * kAlignment;
  constexpr std::align_val_t kAligned{kAlignment};
  samples_ = std::shared_ptr<std::uint8_t[]>(
      static_cast<std::uint8_t*>(
          ::operator new[](stride_bytes_* static_cast<std::size_t>(size.height), kAligned)),
      [](std::uint8_t* samples) { ::operator delete[](samples, kAligned); });
}

namespace {

template <class Sample>
Sample* samples(Plane& plane, int y) {
  return reinterpret_cast<Sample*>(plane.row(y));
}
template <class Sample>
const Sample* samples(const Plane& plane, int y) {
  return reinterpret_cast<const Sample*>(plane.row(y));
}

// Rows stay rows.
template <class Sample>
void mirror(const Plane& from, Plane& to, bool across, bool down) {
  const int height = from.size.height;
  for (int y = 0; y < height; ++y) {
    const Sample* const row = samples<Sample>(from, down ? height - 1 - y : y);
    Sample* const target = samples<Sample>(to, y);
    if (across) {
      std::reverse_copy(row, row + from.size.width, target);
    } else {
      std::copy_n(row, from.size.width, target);
    }
  }
}

// Rows become columns, a block at a time, so that both stay in the cache.
template <class Sample>
void transpose(const Plane& from, Plane& to, bool across, bool down) {
  constexpr int kBlock = 32;
  const auto [width, height] = from.size;
  for (int top = 0; top < height; top += kBlock) {
    for (int left = 0; left < width; left += kBlock) {
      for (int y = top; y < std::min(top + kBlock, height); ++y) {
        const Sample* const row = samples<Sample>(from, y);
        const int column = down ? height - 1 - y : y;
        for (int x = left; x < std::min(left + kBlock, width); ++x) {
          samples<Sample>(to, across ? width - 1 - x : x)[column] = row[x];
        }
      }
    }
  }
}

template <class Sample>
void turn(const Plane& from, Plane& to, int orientation) {
  const Turn how = turn_of(orientation);
  if (how.swap) {
    transpose<Sample>(from, to, how.mirror_across, how.mirror_down);
  } else {
    mirror<Sample>(from, to, how.mirror_across, how.mirror_down);
  }
}

}  // namespace

Plane as_float(Plane plane) {
  if (plane.bits == 32) return plane;
  constexpr float kPart = 1.0F / 65'535;
  Plane result(plane.size, 32);
  result.across = plane.across;
  result.down = plane.down;
  for (int y = 0; y < plane.size.height; ++y) {
    std::transform(plane.row_16(y), plane.row_16(y) + plane.size.width, result.row_float(y),
                   [](std::uint16_t sample) { return static_cast<float>(sample) * kPart; });
  }
  return result;
}

Plane oriented(const Plane& plane, int orientation) {
  if (orientation <= 1 || orientation > 8) return plane;
  Plane upright(oriented_size(plane.size, orientation), plane.bits);
  if (plane.bits > 8) {
    turn<std::uint16_t>(plane, upright, orientation);
  } else {
    turn<std::uint8_t>(plane, upright, orientation);
  }
  return upright;
}

}  // namespace miniatura
