#include "thumbnailer/resample.h"

#include <algorithm>
#include <new>
#include <vector>

#include "thumbnailer/lanczos.h"
#include "thumbnailer/resample_rows.h"

namespace miniatura {
namespace {

// What a sample of so many bits has at most.
float full(int bits) { return bits == 32 ? 1.0F : bits == 16 ? 65'535.0F : 255.0F; }

// Part of some rows of a plane as floats, which a band is made of; small enough for a cache.
class Strip {
 public:
  static constexpr std::size_t kColumns = 16 * kPadding;  // at most

  // The rows from `top` on, and their columns from `left` on.
  const float* const* take(const Plane& plane, int top, int rows, std::size_t left,
                           std::size_t columns) {
    floats_.resize(static_cast<std::size_t>(rows) * kColumns);
    lines_.clear();
    for (int y = top; y < top + rows; ++y) {
      float* const floats = floats_.data() + lines_.size() * kColumns;
      lines_.push_back(plane.bits == 32 ? plane.row_float(y) + left : floats);
      if (plane.bits == 16) to_floats(plane.row_16(y) + left, columns, floats);
      if (plane.bits == 8) to_floats(plane.row(y) + left, columns, floats);
    }
    return lines_.data();
  }

 private:
  std::vector<float> floats_;
  std::vector<const float*> lines_;
};

// Which source rows a band of the result is made of, from its row `y` on; behind the last row of
// all, that one counts again.
struct Band {
  std::array<std::size_t, kBand> rows{};
  int first = 0;  // of the source
  int count = 0;

  Band(const LineWeights& weights, std::size_t y) {
    for (std::size_t r = 0; r < kBand; ++r) rows.at(r) = std::min(y + r, weights.first.size() - 1);
    const auto by_first = [&](std::size_t a, std::size_t b) {
      return weights.first[a] < weights.first[b];
    };
    const auto [least, most] = std::minmax_element(rows.begin(), rows.end(), by_first);
    first = weights.first[*least];
    count = weights.first[*most] + weights.taps - first;
  }
};

template <class Sample>
Sample* row_of(Plane& plane, std::size_t y) {
  return reinterpret_cast<Sample*>(plane.row(static_cast<int>(y)));
}

// First rows are added up, then columns, a band after the other: what lies between is a band of
// floats, and never a picture.
template <class Sample>
void resample(const Plane& from, const LineWeights& rows, const LineWeights& columns, Plane& to) {
  // Columns that nobody asks for are left out; the first of the others begins where padding ends.
  const auto [least, most] = std::minmax_element(columns.first.begin(), columns.first.end());
  const std::size_t begin = static_cast<std::size_t>(*least) / kPadding * kPadding;
  const auto end = static_cast<std::size_t>(*most) + static_cast<std::size_t>(columns.taps);
  const float gain = full(to.bits) / full(from.bits);
  const Scaling scaling{gain, from.excess * gain};
  Strip strip;
  std::vector<float> sums(kBand * padded(static_cast<std::size_t>(from.size.width)));
  for (std::size_t y = 0; y < rows.first.size(); y += kBand) {
    const Band band(rows, y);
    std::array<WeighedRows, kBand> weighed{};
    for (std::size_t x = begin; x < end; x += Strip::kColumns) {
      const std::size_t width = std::min(Strip::kColumns, end - x);
      const float* const* lines = strip.take(from, band.first, band.count, x, width);
      for (std::size_t r = 0; r < kBand; ++r) {
        const std::size_t row = band.rows.at(r);
        weighed.at(r) = {lines + (rows.first[row] - band.first), rows.of(row)};
      }
      weigh_rows(weighed, rows.taps, width, sums.data() + kBand * x);
    }
    std::array<Sample*, kBand> results{};
    for (std::size_t r = 0; r < kBand; ++r) results.at(r) = row_of<Sample>(to, band.rows.at(r));
    weigh_columns(sums.data(), columns, scaling, results);
  }
}

}  // namespace

Result<Plane> resampled(const Plane& plane, const Region& region, Size size, int bits) {
  try {
    Plane result(size, bits);
    result.across = size.width / region.width;
    result.down = size.height / region.height;
    const LineWeights rows =
        lanczos_weights(plane.size.height, {region.top * plane.down, region.height * plane.down},
                        size.height, plane.averaged);
    const LineWeights columns =
        lanczos_weights(plane.size.width, {region.left * plane.across, region.width * plane.across},
                        size.width, plane.averaged);
    if (bits == 8) resample<std::uint8_t>(plane, rows, columns, result);
    if (bits == 16) resample<std::uint16_t>(plane, rows, columns, result);
    if (bits == 32) resample<float>(plane, rows, columns, result);
    return result;
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::memory_exhausted, "resize: out of memory");
  }
}

}  // namespace miniatura
