// Lanczos's filter of three lobes, as the weights of a line's samples. Pure.
#pragma once

#include <cstddef>
#include <vector>

namespace miniatura {

// A piece of a line of samples, in samples; it may reach over both ends, where all is as at the
// end.
struct Stretch {
  double begin = 0;
  double length = 0;
};

// What each sample of a resized line is made of: `taps` samples in a row, from first[i] on, by
// the weights from i * taps on. Their sum is 1; no tap lies outside of the line.
struct LineWeights {
  int taps = 0;
  std::vector<int> first;
  std::vector<float> weights;

  const float* of(std::size_t i) const {
    return weights.data() + i * static_cast<std::size_t>(taps);
  }
};

// For the stretch of a line of `from` samples that becomes `to` of them. Shrinking widens the
// filter, so that each sample counts; enlarging does not. At the ends the filter is cut off, and
// the weights within made up for: mirrored, a gradient would become flat there, which is seen along
// a picture's edges. Of samples that are means of `averaged` others each, the weights also raise
// again what that damped. Throws std::bad_alloc.
LineWeights lanczos_weights(int from, const Stretch& stretch, int to, int averaged = 1);

}  // namespace miniatura
