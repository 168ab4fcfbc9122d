#include "thumbnailer/codecs/jpeg/forward_dct.h"

#include <cstring>
#include <limits>

#include "thumbnailer/float_vectors.h"

namespace miniatura {
namespace {

using Bytes16 [[gnu::vector_size(2 * kLanes)]] = std::uint8_t;
using Shorts [[gnu::vector_size(kLanes * sizeof(std::int16_t))]] = std::int16_t;

// The transform leaves frequency k this much too large, across and down: cos(k pi / 16) * sqrt(2).
constexpr std::array<double, 8> kScales = {1.0, 1.387039845, 1.306562965, 1.175875602,
                                           1.0, 0.785694958, 0.541196100, 0.275899379};

// Eight lines at once, one in each lane: Arai, Agui and Nakajima's transform, of 5 products (as
// jfdctflt.c has it).
MINIATURA_INLINE inline void transform(Square& s) {
  constexpr float kCos4 = 0.707106781F;
  constexpr float kCos6 = 0.382683433F;
  const Floats sum0 = s[0] + s[7], difference0 = s[0] - s[7];
  const Floats sum1 = s[1] + s[6], difference1 = s[1] - s[6];
  const Floats sum2 = s[2] + s[5], difference2 = s[2] - s[5];
  const Floats sum3 = s[3] + s[4], difference3 = s[3] - s[4];

  const Floats outer = sum0 + sum3, outer_less = sum0 - sum3;
  const Floats inner = sum1 + sum2, inner_less = sum1 - sum2;
  s[0] = outer + inner;
  s[4] = outer - inner;
  const Floats turned = (inner_less + outer_less) * kCos4;
  s[2] = outer_less + turned;
  s[6] = outer_less - turned;

  const Floats low = difference3 + difference2;
  const Floats middle = (difference2 + difference1) * kCos4;
  const Floats high = difference1 + difference0;
  const Floats shared = (low - high) * kCos6;
  const Floats low_turned = low * 0.541196100F + shared;
  const Floats high_turned = high * 1.306562965F + shared;
  const Floats more = difference0 + middle, less = difference0 - middle;
  s[5] = less + low_turned;
  s[3] = less - low_turned;
  s[1] = more + high_turned;
  s[7] = more - high_turned;
}

MINIATURA_INLINE inline void load(const std::uint8_t* const* rows, std::size_t x, Square& square) {
  constexpr float kMiddle = 128;
  for (std::size_t y = 0; y < kLanes; ++y) {
    Bytes16 samples = {};
    std::memcpy(&samples, rows[y] + x, kLanes);
    // By way of shorts and integers: g++ 12 makes no vectors of the straight way.
    const Bytes16 wide = __builtin_shufflevector(samples, Bytes16{}, 0, 16, 1, 17, 2, 18, 3, 19, 4,
                                                 20, 5, 21, 6, 22, 7, 23);
    const Integers integers = __builtin_convertvector(reinterpret_cast<Shorts>(wide), Integers);
    square[y] = __builtin_convertvector(integers, Floats) - kMiddle;
  }
}

}  // namespace

ForwardDct::ForwardDct(const QuantisationTable& steps, float rounding) {
  constexpr double kBoth = 8;  // of both passes, beside kScales
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const double scale = kScales.at(i / 8) * kScales.at(i % 8) * kBoth;
    factors_.at(i) = static_cast<float>(1 / (scale * steps.at(i)));
    roundings_.at(i) = i == 0 || steps.at(i) == 1 ? 0.5F : rounding;
  }
}

void ForwardDct::to_blocks(const std::uint8_t* const* rows, std::size_t count,
                           CoefficientBlock* blocks, Processor processor) const {
  constexpr std::int32_t kSign = std::numeric_limits<std::int32_t>::min();
  run(processor, [&]() MINIATURA_INLINE {
    for (std::size_t i = 0; i < count; ++i) {
      Square square;
      load(rows, i * kLanes, square);
      transform(square);
      transpose(square);
      transform(square);
      transpose(square);
      for (std::size_t y = 0; y < kLanes; ++y) {
        const Floats steps = square[y] * floats_at(factors_.data() + y * kLanes);
        // Away from 0 by the rounding, which takes the sign of what it is added to; then towards 0:
        // the fraction is cut off.
        const Integers sign = reinterpret_cast<Integers>(steps) & kSign;
        const Floats wanted =
            steps + reinterpret_cast<Floats>(
                        sign | reinterpret_cast<Integers>(floats_at(&roundings_[y * kLanes])));
        const Shorts row =
            __builtin_convertvector(__builtin_convertvector(wanted, Integers), Shorts);
        std::memcpy(blocks[i].data() + y * kLanes, &row, sizeof row);
      }
    }
  });
}

}  // namespace miniatura
