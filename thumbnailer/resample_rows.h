// The inner loops of resizing: sums of weighted rows, and of weighted columns. Pure.
//
// In plain loops over neighbours in memory that a compiler makes vectors of, once for every
// processor and, on x86-64, once for AVX2, taken where it is there. Both give the same bits: each
// sum has one order, and no product is added without being rounded. So a thumbnail has the same
// bytes wherever it is made.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "thumbnailer/lanczos.h"
#include "thumbnailer/processor.h"

namespace miniatura {

// So many rows are made at a time: as many as their floats fill a vector of AVX2.
constexpr std::size_t kBand = 8;

// A band of rows as they lie beside one another: sample x of row r is at kBand * x + r. There, what
// a column is multiplied by is the same for a whole vector. It, and each row of floats, has room
// for `padded` columns.
constexpr std::size_t kPadding = 16;
constexpr std::size_t padded(std::size_t columns) {
  return (columns + kPadding - 1) / kPadding * kPadding;
}

// Of uint8_t or uint16_t.
template <class Sample>
void to_floats(const Sample* samples, std::size_t count, float* floats,
               Processor processor = this_processor());

// What one row of a band is made of: so many rows, each times its weight.
struct WeighedRows {
  const float* const* rows;
  const float* weights;
};

void weigh_rows(const std::array<WeighedRows, kBand>& rows, int taps, std::size_t columns,
                float* band, Processor processor = this_processor());

// What becomes of a sum: times `gain`, less `less`.
struct Scaling {
  float gain = 1;
  float less = 0;
};

// From a band to rows, padded ones, whose samples are made of its columns: scaled, and, of
// integers, rounded and cut off at their range. Of uint8_t, uint16_t or float.
template <class Sample>
void weigh_columns(const float* band, const LineWeights& columns, const Scaling& scaling,
                   const std::array<Sample*, kBand>& rows, Processor processor = this_processor());

}  // namespace miniatura
