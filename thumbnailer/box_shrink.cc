// Compiled with -O3 (CMakeLists.txt): the plain loops become vectors of the machine.
#include "thumbnailer/box_shrink.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace miniatura {
namespace {

constexpr std::uint32_t kFull8 = 255, kFull16 = 65'535;

// Vectors of what every machine has, as GCC and clang know them.
using Bytes16 = std::uint8_t __attribute__((vector_size(16)));
using Words8 = std::uint16_t __attribute__((vector_size(16)));
using Doubles4 = std::uint32_t __attribute__((vector_size(16)));

std::size_t index(int i) { return static_cast<std::size_t>(i); }

// x / 65535, rounded, for all products of two such numbers.
std::uint32_t by_full_16(std::uint32_t x) {
  const std::uint32_t t = x + kFull16 / 2 + 1;
  return (t + (t >> 16U)) >> 16U;
}

std::uint32_t product(std::uint8_t colour, std::uint8_t alpha) {
  return std::uint32_t{colour} * alpha;
}
std::uint32_t product(std::uint16_t colour, std::uint16_t alpha) {
  return by_full_16(std::uint32_t{colour} * alpha);
}
std::uint32_t whole(std::uint8_t alpha) { return alpha * kFull8; }
std::uint32_t whole(std::uint16_t alpha) { return alpha; }

template <class Sample, class Sum>
void sum_plain(const Sample* __restrict row, Sum* __restrict sums, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) sums[i] = static_cast<Sum>(sums[i] + row[i]);
}

template <class Sample>
void sum_with_alpha(const Sample* __restrict row, std::uint32_t* __restrict sums,
                    std::size_t pixels, std::size_t channels) {
  const std::size_t colours = channels - 1;
  for (std::size_t i = 0; i < pixels; ++i, row += channels, sums += channels) {
    for (std::size_t c = 0; c < colours; ++c) sums[c] += product(row[c], row[colours]);
    sums[colours] += whole(row[colours]);
  }
}

// Two pixels' products with their alpha, which itself is multiplied by 255, added up.
Doubles4 sum_of_two_rgba(Words8 pixels) {
  constexpr Words8 kColours = {0xFFFF, 0xFFFF, 0xFFFF, 0, 0xFFFF, 0xFFFF, 0xFFFF, 0};
  constexpr Words8 kAlphas = {0, 0, 0, kFull8, 0, 0, 0, kFull8};
  constexpr Words8 kZero = {};
  const Words8 alphas = __builtin_shufflevector(pixels, pixels, 3, 3, 3, 3, 7, 7, 7, 7);
  const Words8 products = pixels * ((alphas & kColours) | kAlphas);
  return reinterpret_cast<Doubles4>(
             __builtin_shufflevector(products, kZero, 0, 8, 1, 9, 2, 10, 3, 11)) +
         reinterpret_cast<Doubles4>(
             __builtin_shufflevector(products, kZero, 4, 12, 5, 13, 6, 14, 7, 15));
}

// The same as sum_with_alpha for every two neighbours at once: of this kind are most pictures with
// alpha. Sums are of ceil(pixels / 2) columns.
void sum_rgba_8_by_two(const std::uint8_t* __restrict row, std::uint32_t* __restrict sums,
                       std::size_t pixels) {
  constexpr Bytes16 kZero = {};
  std::size_t i = 0;
  for (; i + 4 <= pixels; i += 4) {
    Bytes16 four;
    Doubles4 both[2];
    std::memcpy(&four, row + 4 * i, sizeof(four));
    std::memcpy(both, sums + 2 * i, sizeof(both));
    both[0] += sum_of_two_rgba(reinterpret_cast<Words8>(__builtin_shufflevector(
        four, kZero, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)));
    both[1] += sum_of_two_rgba(reinterpret_cast<Words8>(__builtin_shufflevector(
        four, kZero, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)));
    std::memcpy(sums + 2 * i, both, sizeof(both));
  }
  for (; i < pixels; ++i) sum_with_alpha(row + 4 * i, sums + i / 2 * 4, 1, 4);
}

// Eight of the words that are every other one, as they are where 32 bits hold less than 16.
Words8 packed(Doubles4 a, Doubles4 b) {
  return __builtin_shufflevector(reinterpret_cast<Words8>(a), reinterpret_cast<Words8>(b), 0, 2, 4,
                                 6, 8, 10, 12, 14);
}

// colour * alpha of 8 bits each, as 16 bits: 257 / 255 of the product, rounded.
Words8 multiplied(Words8 colours, Words8 alphas) {
  const Words8 products = colours * alphas;
  const Words8 rounding = products + 64;
  return products + ((rounding + (rounding >> 8)) >> 7);  // 257 / 255 is 1 + 1 / 127.5
}

// Pixels of 8 bits with alpha to a plane a channel: nothing is averaged.
void take_apart_rgba_8(const std::uint8_t* row, const std::array<std::uint16_t*, 4>& samples,
                       std::size_t pixels) {
  std::size_t i = 0;
  for (; i + 8 <= pixels; i += 8) {
    Doubles4 v[2];
    std::memcpy(v, row + 4 * i, sizeof(v));
    const Words8 alphas = packed(v[0] >> 24, v[1] >> 24);
    const Words8 made[] = {multiplied(packed(v[0] & kFull8, v[1] & kFull8), alphas),
                           multiplied(packed(v[0] >> 8 & kFull8, v[1] >> 8 & kFull8), alphas),
                           multiplied(packed(v[0] >> 16 & kFull8, v[1] >> 16 & kFull8), alphas),
                           alphas * 257};
    for (std::size_t c = 0; c < 4; ++c) std::memcpy(samples[c] + i, &made[c], sizeof(made[c]));
  }
  for (; i < pixels; ++i) {
    const std::uint32_t alpha = row[4 * i + 3];
    for (std::size_t c = 0; c < 3; ++c) {
      samples[c][i] = static_cast<std::uint16_t>((row[4 * i + c] * alpha * 257 + 127) / kFull8);
    }
    samples[3][i] = static_cast<std::uint16_t>(alpha * 257);
  }
}

// Sums of columns to sums of boxes, of one channel.
template <std::size_t kChannels, std::size_t kAcross, class Sum>
void sum_across(const Sum* __restrict sums, std::int32_t* __restrict boxes, std::size_t count) {
  for (std::size_t x = 0; x < count; ++x) {
    std::uint32_t sum = 0;
    for (std::size_t k = 0; k < kAcross; ++k) sum += sums[(x * kAcross + k) * kChannels];
    boxes[x] = static_cast<std::int32_t>(sum);
  }
}

template <std::size_t kChannels, class Sum>
void sum_across(std::size_t across, const Sum* sums, std::int32_t* boxes, std::size_t count) {
  if (across == 8) return sum_across<kChannels, 8>(sums, boxes, count);
  if (across == 4) return sum_across<kChannels, 4>(sums, boxes, count);
  if (across == 2) return sum_across<kChannels, 2>(sums, boxes, count);
  sum_across<kChannels, 1>(sums, boxes, count);
}

template <class Sum>
void sum_across(std::size_t channels, std::size_t across, const Sum* sums, std::int32_t* boxes,
                std::size_t count) {
  if (channels == 4) return sum_across<4>(across, sums, boxes, count);
  if (channels == 3) return sum_across<3>(across, sums, boxes, count);
  if (channels == 2) return sum_across<2>(across, sums, boxes, count);
  sum_across<1>(across, sums, boxes, count);
}

void scale(const std::int32_t* __restrict boxes, std::uint16_t* __restrict samples,
           std::size_t count, float factor, float offset) {
  for (std::size_t i = 0; i < count; ++i) {
    const float number = static_cast<float>(boxes[i]) * factor + offset;
    samples[i] = static_cast<std::uint16_t>(
        static_cast<std::int32_t>(std::clamp(number, 0.0F, static_cast<float>(kFull16))));
  }
}

template <std::size_t kChannels, class Sample>
void take_apart(const Sample* __restrict row, Sample* __restrict samples, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) samples[i] = row[i * kChannels];
}

template <class Sample>
void take_apart(std::size_t channels, const Sample* row, Sample* samples, std::size_t count) {
  if (channels == 4) return take_apart<4>(row, samples, count);
  if (channels == 3) return take_apart<3>(row, samples, count);
  if (channels == 2) return take_apart<2>(row, samples, count);
  take_apart<1>(row, samples, count);
}

template <class Sample>
Sample* row_of(Plane& plane, int y) {
  if constexpr (sizeof(Sample) == 2) {
    return plane.row_16(y);
  } else {
    return plane.row(y);
  }
}

}  // namespace

bool BoxShrink::multiplies_rgba_8() const {
  return denominator_ == 1 && input_.alpha && input_.bits == 8 && input_.channels == 4;
}

// Samples that go where they stay: nothing is averaged, multiplied or stretched.
bool BoxShrink::copies() const {
  const bool stretched = input_.gain != (input_.bits == 8 ? 257 : 1) || input_.offset != 0;
  return denominator_ == 1 && !input_.alpha && !stretched;
}

BoxShrink::BoxShrink(const BoxInput& input, int denominator)
    : input_(input), denominator_(denominator) {
  const bool few = input.bits == 8 && !input.alpha;
  full_ = input.bits == 8 ? kFull8 : kFull16;
  if (input.alpha && input.bits == 8) full_ *= kFull8;
  const Size size = {(input.size.width + denominator - 1) / denominator,
                     (input.size.height + denominator - 1) / denominator};
  for (int channel = 0; channel < input.channels; ++channel) {
    Plane plane(size, few && copies() ? 8 : 16);
    plane.across = plane.down = 1.0 / denominator;
    plane.averaged = denominator;
    planes_.push_back(std::move(plane));
  }
  if (copies() || multiplies_rgba_8()) return;
  if (input.alpha && input.bits == 8 && input.channels == 4 && denominator > 1) column_ = 2;
  columns_ = index((input.size.width + column_ - 1) / column_);
  const std::size_t numbers = columns_ * index(input.channels);
  if (few) {
    few_.resize(numbers);
  } else {
    many_.resize(numbers);
  }
  boxes_.resize(index(size.width));
}

void BoxShrink::add(const std::uint8_t* row) { add_row(row); }
void BoxShrink::add(const std::uint16_t* row) { add_row(row); }

template <class Sample>
void BoxShrink::add_row(const Sample* row) {
  if (rows_ >= input_.size.height) return;
  const auto pixels = index(input_.size.width);
  const auto channels = index(input_.channels);
  if (copies()) {
    for (std::size_t c = 0; c < channels; ++c) {
      take_apart(channels, row + c, row_of<Sample>(planes_[c], rows_), pixels);
    }
    ++rows_;
    return;
  }
  if constexpr (sizeof(Sample) == 1) {
    if (multiplies_rgba_8()) {
      const int y = rows_++;
      take_apart_rgba_8(
          row,
          {planes_[0].row_16(y), planes_[1].row_16(y), planes_[2].row_16(y), planes_[3].row_16(y)},
          pixels);
      return;
    }
    if (column_ == 2) {
      sum_rgba_8_by_two(row, many_.data(), pixels);
    } else if (input_.alpha) {
      sum_with_alpha(row, many_.data(), pixels, channels);
    } else {
      sum_plain(row, few_.data(), pixels * channels);
    }
  } else if (input_.alpha) {
    sum_with_alpha(row, many_.data(), pixels, channels);
  } else {
    sum_plain(row, many_.data(), pixels * channels);
  }
  count_row();
}

void BoxShrink::count_row() {
  ++rows_;
  ++rows_in_box_;
  if (rows_in_box_ == denominator_ || rows_ == input_.size.height) write_row();
}

void BoxShrink::write_row() {
  const int y = (rows_ - 1) / denominator_;
  if (few_.empty()) {
    write_sums(many_, y);
  } else {
    write_sums(few_, y);
  }
  rows_in_box_ = 0;
}

template <class Sum>
void BoxShrink::write_sums(std::vector<Sum>& sums, int y) {
  const auto channels = index(input_.channels);
  const auto across = index(denominator_ / column_);  // columns of a box
  const std::size_t whole_boxes = index(input_.size.width / denominator_);
  const int rest = input_.size.width % denominator_;  // pixels of the last box
  const bool stretched = !input_.alpha;
  const double gain = (stretched ? input_.gain : kFull16 / full_) / rows_in_box_;
  const auto offset = static_cast<float>((stretched ? input_.offset : 0) + 0.5);
  for (std::size_t c = 0; c < channels; ++c) {
    std::uint16_t* const samples = planes_[c].row_16(y);
    sum_across(channels, across, sums.data() + c, boxes_.data(), whole_boxes);
    scale(boxes_.data(), samples, whole_boxes, static_cast<float>(gain / denominator_), offset);
    if (rest == 0) continue;
    std::int32_t sum = 0;
    for (std::size_t x = whole_boxes * across; x < columns_; ++x) {
      sum += static_cast<std::int32_t>(sums[x * channels + c]);
    }
    scale(&sum, samples + whole_boxes, 1, static_cast<float>(gain / rest), offset);
  }
  std::fill(sums.begin(), sums.end(), Sum{0});
}

std::vector<Plane> BoxShrink::finish() {
  if (rows_ < input_.size.height) {
    const std::vector<std::uint16_t> nothing(index(input_.size.width) * index(input_.channels));
    while (rows_ < input_.size.height) {
      if (input_.bits == 8) {
        add(reinterpret_cast<const std::uint8_t*>(nothing.data()));
      } else {
        add(nothing.data());
      }
    }
  }
  return std::move(planes_);
}

namespace {

template <class Sample>
Plane shrunk(const Sample* samples, std::ptrdiff_t stride, const BoxInput& input, int denominator) {
  BoxShrink shrink(input, denominator);
  for (int y = 0; y < input.size.height; ++y) shrink.add(samples + y * stride);
  return std::move(shrink.finish().front());
}

}  // namespace

Plane shrunk_plane(const std::uint8_t* samples, std::ptrdiff_t stride, const BoxInput& input,
                   int denominator) {
  return shrunk(samples, stride, input, denominator);
}

Plane shrunk_plane(const std::uint16_t* samples, std::ptrdiff_t stride, const BoxInput& input,
                   int denominator) {
  return shrunk(samples, stride, input, denominator);
}

}  // namespace miniatura
