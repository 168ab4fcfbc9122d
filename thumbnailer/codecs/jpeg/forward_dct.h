// What an encoder of JPEG does to blocks of samples: their frequencies, in steps. Pure.
//
// libjpeg's own rounds every frequency to the nearest step; why that is not the best is said in
// jpeg_quantisation.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "thumbnailer/codecs/jpeg/jpeg_quantisation.h"
#include "thumbnailer/processor.h"

namespace miniatura {

// Row by row of the 8x8 frequencies, the mean first: a JBLOCK, aligned as libjpeg's memory is.
struct alignas(32) CoefficientBlock : std::array<std::int16_t, 64> {};

class ForwardDct {
 public:
  // A frequency becomes n steps from n - `rounding` steps on, in size: 0.5 is to the nearest. So
  // are, whatever `rounding` is, the mean of a block, or plain ground would show its seams; and
  // frequencies of a step of 1, since what they would spare buys nothing finer.
  ForwardDct(const QuantisationTable& steps, float rounding);

  // Eight rows of samples, 8 * `count` in each, as `count` blocks. The same on every processor.
  void to_blocks(const std::uint8_t* const* rows, std::size_t count, CoefficientBlock* blocks,
                 Processor processor = this_processor()) const;

 private:
  // What each frequency that the transform leaves is multiplied by; lane by lane of its vectors.
  std::array<float, 64> factors_{};
  std::array<float, 64> roundings_{};
};

}  // namespace miniatura
