#include "thumbnailer/resample_rows.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

#include "thumbnailer/float_vectors.h"

namespace miniatura {
namespace {

static_assert(kBand == kLanes);

// To so many rows, from sample x on: rounded, and cut off at what a sample holds.
template <class Sample>
MINIATURA_INLINE inline void put(const Square& square, const std::array<Sample*, kBand>& rows,
                                 std::size_t x) {
  std::array<Sample, kBand * kBand> samples;
  if constexpr (std::is_same_v<Sample, float>) {
    std::memcpy(samples.data(), &square, sizeof square);
  } else {
    std::array<std::int32_t, kBand * kBand> integers;
    const Floats least = {};
    const Floats most = least + static_cast<float>(std::numeric_limits<Sample>::max());
    for (std::size_t r = 0; r < kBand; ++r) {
      Floats rounded = square[r] + 0.5F;
      rounded = rounded > least ? rounded : least;
      rounded = rounded < most ? rounded : most;
      const Integers row = __builtin_convertvector(rounded, Integers);
      std::memcpy(integers.data() + kBand * r, &row, sizeof row);
    }
    for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<Sample>(integers[i]);
  }
  for (std::size_t r = 0; r < kBand; ++r) {
    std::memcpy(rows[r] + x, samples.data() + kBand * r, kBand * sizeof(Sample));
  }
}

template <class Sample>
MINIATURA_INLINE inline void weigh(const float* band, const LineWeights& columns,
                                   const Scaling& scaling, const std::array<Sample*, kBand>& rows) {
  const std::size_t count = columns.first.size();
  for (std::size_t x = 0; x < count; x += kBand) {
    Square square;
    for (std::size_t i = 0; i < kBand; ++i) {
      const std::size_t column = std::min(x + i, count - 1);
      const float* from = band + static_cast<std::size_t>(columns.first[column]) * kBand;
      const float* const weights = columns.of(column);
      Floats sums = {};
      for (int tap = 0; tap < columns.taps; ++tap, from += kBand) {
        sums += weights[tap] * floats_at(from);
      }
      square[i] = sums * scaling.gain - scaling.less;
    }
    transpose(square);
    put(square, rows, x);
  }
}

}  // namespace

template <class Sample>
void to_floats(const Sample* samples, std::size_t count, float* floats, Processor processor) {
  run(processor, [&]() MINIATURA_INLINE {
    const Sample* __restrict from = samples;
    float* __restrict to = floats;
    for (std::size_t x = 0; x < count; ++x) to[x] = static_cast<float>(from[x]);
  });
}
template void to_floats(const std::uint8_t*, std::size_t, float*, Processor);
template void to_floats(const std::uint16_t*, std::size_t, float*, Processor);

void weigh_rows(const std::array<WeighedRows, kBand>& rows, int taps, std::size_t columns,
                float* band, Processor processor) {
  run(processor, [&]() MINIATURA_INLINE {
    for (std::size_t x = 0; x < columns; x += 2 * kBand) {
      Square left;
      Square right;
      for (std::size_t r = 0; r < kBand; ++r) {
        const auto [lines, weights] = rows[r];
        Floats left_sums = {};
        Floats right_sums = {};
        for (int tap = 0; tap < taps; ++tap) {
          left_sums += weights[tap] * floats_at(lines[tap] + x);
          right_sums += weights[tap] * floats_at(lines[tap] + x + kBand);
        }
        left[r] = left_sums;
        right[r] = right_sums;
      }
      transpose(left);
      transpose(right);
      std::memcpy(band + kBand * x, &left, sizeof left);
      std::memcpy(band + kBand * (x + kBand), &right, sizeof right);
    }
  });
}

template <class Sample>
void weigh_columns(const float* band, const LineWeights& columns, const Scaling& scaling,
                   const std::array<Sample*, kBand>& rows, Processor processor) {
  run(processor, [&]() MINIATURA_INLINE { weigh(band, columns, scaling, rows); });
}
template void weigh_columns(const float*, const LineWeights&, const Scaling&,
                            const std::array<std::uint8_t*, kBand>&, Processor);
template void weigh_columns(const float*, const LineWeights&, const Scaling&,
                            const std::array<std::uint16_t*, kBand>&, Processor);
template void weigh_columns(const float*, const LineWeights&, const Scaling&,
                            const std::array<float*, kBand>&, Processor);

}  // namespace miniatura
