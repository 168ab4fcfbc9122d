#include "thumbnailer/geometry.h"

#include <algorithm>
#include <cmath>

namespace miniatura {
namespace {

// Half up, as libvips rounds sides; never nothing.
int rounded_side(double side) { return std::max(1, static_cast<int>(std::floor(side + 0.5))); }

struct Scale {
  double x = 1;
  double y = 1;
};

// 1 at most: nothing is enlarged.
Scale scale_for(Size source, const Preset& preset) {
  const double across = static_cast<double>(preset.width) / source.width;
  const double down = static_cast<double>(preset.height) / source.height;
  double both = 1;
  if (preset.width == 0) {
    both = down;
  } else if (preset.height == 0) {
    both = across;
  } else {
    switch (preset.fit) {
      case Fit::inside:
      case Fit::contain:
        both = std::min(across, down);
        break;
      case Fit::cover:
      case Fit::outside:
        both = std::max(across, down);
        break;
      case Fit::fill:
        return {std::min(across, 1.0), std::min(down, 1.0)};
    }
  }
  both = std::min(both, 1.0);
  return {both, both};
}

// The largest of the box's ratio within both the box and the picture.
Size cover_size(Size scaled, Size box) {
  const double shrink = std::min({1.0, static_cast<double>(scaled.width) / box.width,
                                  static_cast<double>(scaled.height) / box.height});
  return {std::min(scaled.width, rounded_side(box.width * shrink)),
          std::min(scaled.height, rounded_side(box.height * shrink))};
}

}  // namespace

Layout lay_out(Size source, const Preset& preset) {
  const Scale scale = scale_for(source, preset);
  Layout layout;
  layout.scaled = {rounded_side(source.width * scale.x), rounded_side(source.height * scale.y)};
  layout.crop = {0, 0, layout.scaled.width, layout.scaled.height};
  layout.canvas = layout.scaled;
  const Size box{preset.width, preset.height};
  if (box.width == 0 || box.height == 0) return layout;
  if (preset.fit == Fit::cover) {
    layout.canvas = cover_size(layout.scaled, box);
    // The odd pixel is cut off at the left and the top, as in sharp.
    layout.crop = {(layout.scaled.width - layout.canvas.width + 1) / 2,
                   (layout.scaled.height - layout.canvas.height + 1) / 2, layout.canvas.width,
                   layout.canvas.height};
  } else if (preset.fit == Fit::contain) {
    layout.canvas = box;
    layout.left = (box.width - layout.scaled.width) / 2;
    layout.top = (box.height - layout.scaled.height) / 2;
  }
  return layout;
}

Size oriented_size(Size stored, int orientation) {
  return orientation >= 5 ? Size{stored.height, stored.width} : stored;
}

Size shrunk_size(Size stored, int denominator) {
  return {(stored.width + denominator - 1) / denominator,
          (stored.height + denominator - 1) / denominator};
}

int shrink_on_load(Size stored, std::span<const Size> targets) {
  // Below this the sides of a shrunk decode are too coarse to be worth it.
  constexpr int kSideMin = 64;
  if (std::min(stored.width, stored.height) < kSideMin) return 1;
  for (const int denominator : {8, 4, 2}) {
    const Size size = shrunk_size(stored, denominator);
    const bool enough = std::all_of(targets.begin(), targets.end(), [&](Size target) {
      return size.width >= 2 * target.width && size.height >= 2 * target.height;
    });
    if (enough) return denominator;
  }
  return 1;
}

}  // namespace miniatura
