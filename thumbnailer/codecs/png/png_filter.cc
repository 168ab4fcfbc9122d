#include "thumbnailer/codecs/png/png_filter.h"

#include <algorithm>
#include <cstdlib>

namespace miniatura {
namespace {

// The loops below are written so that the compiler finds vectors in them: no branches, no
// aliasing, left and above by offsets.

// How far the bytes are from 0, either way round.
std::uint32_t cost_of(const std::uint8_t* row, std::size_t count) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t other_way = static_cast<std::uint8_t>(-row[i]);
    sum += std::min(row[i], other_way);
  }
  return sum;
}

constexpr std::uint8_t kFilterMax = 4;

struct Neighbours {
  const std::uint8_t* row;
  const std::uint8_t* above;
  std::size_t count;
  std::size_t pixel_bytes;
};

// `predict` of left, above, and above left.
template <class Predict>
void subtract(const Neighbours& n, std::uint8_t* __restrict to, Predict predict) {
  const std::uint8_t* const left = n.row - n.pixel_bytes;
  const std::uint8_t* const above_left = n.above - n.pixel_bytes;
  for (std::size_t i = 0; i < n.count; ++i) {
    to[i] = static_cast<std::uint8_t>(n.row[i] - predict(left[i], n.above[i], above_left[i]));
  }
}

std::int16_t paeth(std::int16_t left, std::int16_t above, std::int16_t above_left) {
  const auto magnitude = [](int value) {
    return static_cast<std::int16_t>(value < 0 ? -value : value);
  };
  const std::int16_t to_left = magnitude(above - above_left);
  const std::int16_t to_above = magnitude(left - above_left);
  const std::int16_t to_above_left = magnitude(left + above - 2 * above_left);
  const std::int16_t second = to_above <= to_above_left ? above : above_left;
  return to_left <= to_above && to_left <= to_above_left ? left : second;
}

void filter(std::uint8_t number, const Neighbours& n, std::uint8_t* to) {
  switch (number) {
    case 0:
      std::copy_n(n.row, n.count, to);
      break;
    case 1:
      return subtract(n, to, [](int left, int, int) { return left; });
    case 2:
      return subtract(n, to, [](int, int above, int) { return above; });
    case 3:
      return subtract(n, to, [](int left, int above, int) { return (left + above) / 2; });
    default:
      return subtract(n, to, [](std::uint8_t left, std::uint8_t above, std::uint8_t above_left) {
        return paeth(left, above, above_left);
      });
  }
}

}  // namespace

PngRowFilter::PngRowFilter(std::size_t row_bytes, std::size_t pixel_bytes, bool choose)
    : row_bytes_(row_bytes),
      pixel_bytes_(pixel_bytes),
      choose_(choose),
      row_(kMargin + row_bytes),
      above_(kMargin + row_bytes),
      candidate_(row_bytes + 1) {}

void PngRowFilter::filter_to(std::uint8_t* to) {
  const Neighbours neighbours{row_.data() + kMargin, above_.data() + kMargin, row_bytes_,
                              pixel_bytes_};
  to[0] = 0;
  filter(0, neighbours, to + 1);
  std::uint32_t least = cost_of(to + 1, row_bytes_);
  for (std::uint8_t number = 1; choose_ && number <= kFilterMax; ++number) {
    candidate_[0] = number;
    filter(number, neighbours, candidate_.data() + 1);
    const std::uint32_t cost = cost_of(candidate_.data() + 1, row_bytes_);
    if (cost >= least) continue;
    std::copy(candidate_.begin(), candidate_.end(), to);
    least = cost;
  }
  std::swap(row_, above_);
}

Size size_of_pass(const PngPass& pass, Size picture) {
  const auto count = [](int whole, int first, int step) {
    return whole > first ? (whole - first + step - 1) / step : 0;
  };
  return {count(picture.width, pass.left, pass.across), count(picture.height, pass.top, pass.down)};
}

}  // namespace miniatura
