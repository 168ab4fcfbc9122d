#include "thumbnailer/geometry.h"

#include <algorithm>
#include <cmath>

namespace miniatura {
namespace {

// Beyond any format and any memory: a line that is enlarged may be as long as it likes.
constexpr double kSideMax = 1e9;

// Half up, as libvips rounds sides; never nothing.
int rounded_side(double side) {
  return static_cast<int>(std::clamp(std::floor(side + 0.5), 1.0, kSideMax));
}

struct Scale {
  double x = 1;
  double y = 1;
};

// 1 at most, unless the preset enlarges.
Scale scale_for(Size source, const Preset& preset) {
  const double across = static_cast<double>(preset.width) / source.width;
  const double down = static_cast<double>(preset.height) / source.height;
  const auto allowed = [&](double scale) { return preset.enlarge ? scale : std::min(scale, 1.0); };
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
        return {allowed(across), allowed(down)};
    }
  }
  return {allowed(both), allowed(both)};
}

// The largest of the box's ratio within both the box and the picture.
Size cover_size(Size scaled, Size box) {
  const double shrink = std::min({1.0, static_cast<double>(scaled.width) / box.width,
                                  static_cast<double>(scaled.height) / box.height});
  return {std::min(scaled.width, rounded_side(box.width * shrink)),
          std::min(scaled.height, rounded_side(box.height * shrink))};
}

// What of `rest` pixels too many, or to be painted, comes before the picture.
enum class Hold { start, middle, end };
int before(int rest, Hold hold, bool odd_first) {
  if (hold == Hold::start) return 0;
  return hold == Hold::end ? rest : (rest + (odd_first ? 1 : 0)) / 2;
}

struct Holds {
  Hold across = Hold::middle;
  Hold down = Hold::middle;
};

Holds holds_of(Gravity gravity) {
  switch (gravity) {
    case Gravity::center:
      break;
    case Gravity::north:
      return {Hold::middle, Hold::start};
    case Gravity::north_east:
      return {Hold::end, Hold::start};
    case Gravity::east:
      return {Hold::end, Hold::middle};
    case Gravity::south_east:
      return {Hold::end, Hold::end};
    case Gravity::south:
      return {Hold::middle, Hold::end};
    case Gravity::south_west:
      return {Hold::start, Hold::end};
    case Gravity::west:
      return {Hold::start, Hold::middle};
    case Gravity::north_west:
      return {Hold::start, Hold::start};
  }
  return {};
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
  const Holds holds = holds_of(preset.gravity);
  if (preset.fit == Fit::cover) {
    layout.canvas = cover_size(layout.scaled, box);
    // From the middle, the odd pixel is cut off at the left and the top, as in sharp.
    layout.crop = {before(layout.scaled.width - layout.canvas.width, holds.across, true),
                   before(layout.scaled.height - layout.canvas.height, holds.down, true),
                   layout.canvas.width, layout.canvas.height};
  } else if (preset.fit == Fit::contain) {
    layout.canvas = box;
    layout.left = before(box.width - layout.scaled.width, holds.across, false);
    layout.top = before(box.height - layout.scaled.height, holds.down, false);
  }
  return layout;
}

Turn turn_of(int orientation) {
  const auto is_one_of = [&](std::initializer_list<int> some) {
    return std::find(some.begin(), some.end(), orientation) != some.end();
  };
  return {is_one_of({2, 3, 7, 8}), is_one_of({3, 4, 6, 7}), orientation >= 5};
}

Size oriented_size(Size stored, int orientation) {
  return orientation >= 5 ? Size{stored.height, stored.width} : stored;
}

Size shrunk_size(Size stored, int denominator) {
  // Rounded up; written so that the largest side does not overflow.
  return {(stored.width - 1) / denominator + 1, (stored.height - 1) / denominator + 1};
}

int shrink_on_load(Size stored, std::span<const ShrinkTarget> targets) {
  // Below this the sides of a shrunk decode are too coarse to be worth it.
  constexpr int kSideMin = 64;
  if (std::min(stored.width, stored.height) < kSideMin) return 1;
  int denominator = 8;
  for (std::size_t i = 0; denominator > 1; ++i, denominator /= 2) {
    const Size size = shrunk_size(stored, denominator);
    const bool enough =
        std::all_of(targets.begin(), targets.end(), [&](const ShrinkTarget& target) {
          const double margin = target.margins.at(i);
          return size.width >= margin * target.size.width &&
                 size.height >= margin * target.size.height;
        });
    if (enough) break;
  }
  return denominator;
}

}  // namespace miniatura
