#include "thumbnailer/scale.h"

#include <algorithm>
#include <utility>

#include "thumbnailer/resample.h"

namespace miniatura {
namespace {

int groups(int pixels, int pixels_in_one) { return (pixels - 1) / pixels_in_one + 1; }

struct Span {
  double begin = 0;
  double end = 1;
};

Span mirrored(Span span, bool mirror) { return mirror ? Span{1 - span.end, 1 - span.begin} : span; }

// The pixels of the thumbnail from the upper left corner of what it keeps, so many across and down,
// as a part of the stored picture.
Region region_of(const Cut& cut, Size stored, int width, int height) {
  const auto& [scaled, crop, canvas, left, top] = cut.layout;
  const Span across{static_cast<double>(crop.left) / scaled.width,
                    static_cast<double>(crop.left + width) / scaled.width};
  const Span down{static_cast<double>(crop.top) / scaled.height,
                  static_cast<double>(crop.top + height) / scaled.height};
  const Turn turn = turn_of(cut.orientation);
  const Span x = mirrored(turn.swap ? down : across, turn.mirror_across);
  const Span y = mirrored(turn.swap ? across : down, turn.mirror_down);
  return {x.begin * stored.width, y.begin * stored.height, (x.end - x.begin) * stored.width,
          (y.end - y.begin) * stored.height};
}

struct Target {
  Region region;
  Size size;
  double across() const { return size.width / region.width; }
  double down() const { return size.height / region.height; }
};

Target target_of(const Cut& cut, Size stored, const ColourGrid& grid) {
  const Size samples{groups(cut.layout.crop.width, grid.across),
                     groups(cut.layout.crop.height, grid.down)};
  return {region_of(cut, stored, samples.width * grid.across, samples.height * grid.down),
          oriented_size(samples, cut.orientation)};
}

// Of the plane that has this place among the colours.
ColourGrid grid_of(const Planes& planes, const Cut& cut, std::size_t place) {
  return planes.coding == Coding::ycbcr && place > 0 ? cut.grid : ColourGrid{};
}

bool keeps_all(const Cut& cut) {
  return cut.layout.crop.width == cut.layout.scaled.width &&
         cut.layout.crop.height == cut.layout.scaled.height;
}

bool is_fine(const Plane& plane, const Target& target, double factor) {
  // A millionth for what was divided.
  constexpr double kAlmost = 1 - 1e-6;
  return plane.across >= target.across() * factor * kAlmost &&
         plane.down >= target.down() * factor * kAlmost;
}

}  // namespace

Result<Planes> scaled(const Planes& from, const Cut& cut) {
  Planes result{from.stored, from.coding, from.matrix, {}, {}};
  for (std::size_t i = 0; i < from.colour.size(); ++i) {
    const Target target = target_of(cut, from.stored, grid_of(from, cut, i));
    TRY(plane, resampled(from.colour[i], target.region, target.size, cut.bits));
    result.colour.push_back(std::move(plane));
  }
  for (const Plane& alpha : from.alpha) {
    const Target target = target_of(cut, from.stored, {});
    TRY(plane, resampled(alpha, target.region, target.size, cut.bits));
    result.alpha.push_back(std::move(plane));
  }
  return result;
}

const Planes& Cascade::source_for(const Cut& cut) const {
  const auto serves = [&](const Planes& planes) {
    const Plane& first = planes.colour[0];
    const Target wanted = target_of(cut, planes.stored, {});
    const bool is_it = keeps_all(cut) && first.size == wanted.size;
    if (!is_it && !is_fine(first, wanted, 2)) return false;
    for (std::size_t i = 1; i < planes.colour.size(); ++i) {
      if (!is_fine(planes.colour[i], target_of(cut, planes.stored, grid_of(planes, cut, i)), 1)) {
        return false;
      }
    }
    return true;
  };
  const auto smallest = std::find_if(kept_.rbegin(), kept_.rend(), serves);
  return smallest == kept_.rend() ? decoded_ : *smallest;
}

void Cascade::keep(Planes scaled, const Cut& cut) {
  if (!keeps_all(cut)) return;  // a part serves nobody
  // What was enlarged is no better than what was decoded.
  const bool enlarged = !decoded_.colour.empty() &&
                        !is_fine(decoded_.colour[0], target_of(cut, decoded_.stored, {}), 1);
  if (!enlarged) kept_.push_back(std::move(scaled));
}

void Cascade::expect(std::span<const Cut> rest) {
  const bool is_needed = std::any_of(
      rest.begin(), rest.end(), [this](const Cut& cut) { return &source_for(cut) == &decoded_; });
  if (!is_needed) decoded_.colour.clear(), decoded_.alpha.clear();
}

}  // namespace miniatura
