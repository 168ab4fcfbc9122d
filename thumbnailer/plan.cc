#include "thumbnailer/plan.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "thumbnailer/animate.h"
#include "thumbnailer/geometry.h"

namespace miniatura {
namespace {

// Of a JPEG that is shrunk by its own transform, and encoded with losses again: these hide what is
// missing (bench/quality, at equal bytes; sharp shrinks with margins of 1.125, 1.25 and 1.5).
constexpr std::array<double, 3> kLossyMargins = {1.5, 1.2, 1.2};
// The same without losses. sharp takes 1/2 from a ratio of 3 on, 1/4 from 5 and 1/8 from 9:
// with 2.5 we have decoded finer than that at each of them, and what is left of 1/8 at 5 is hardly
// seen.
constexpr std::array<double, 3> kFineMargins = {5, 2.5, 2.5};

bool goes_lossy(const RenderOrder& order) {
  constexpr int kQualityMax = 90;
  return order.format != ImageFormat::png && order.preset.quality <= kQualityMax &&
         order.preset.subsampling != Subsampling::s444;
}

// Has it a colour of its own for each pixel? Where it has not, red, green and blue in between serve
// nothing: planes of quality 95 are as true, and cost down to three fifths.
bool keeps_colours(const RenderOrder& order) {
  return order.format == ImageFormat::png ||
         (order.format != ImageFormat::webp && order.preset.subsampling == Subsampling::s444);
}

}  // namespace

Tasks plan_tasks(std::span<const RenderOrder> orders, const ImageHeader& header) {
  const Size upright = oriented_size({header.width, header.height}, header.orientation);
  Tasks tasks;
  for (const RenderOrder& order : orders) {
    const Layout layout = lay_out(upright, order.preset);
    const bool moves = stays_animated(order, header);
    (moves ? tasks.moving : tasks.stills)
        .push_back({&order, layout, oriented_size(layout.scaled, header.orientation)});
    tasks.moves.push_back(moves);
  }
  return tasks;
}

std::vector<Footprint> footprints(const Tasks& tasks, const ImageHeader& header) {
  std::vector<Footprint> footprints;
  const auto add = [&](const std::vector<Task>& some, std::uint64_t frames) {
    for (const Task& task : some) {
      const Preset& preset = task.order->preset;
      footprints.push_back({task.scaled, task.layout.canvas, task.order->format, preset.linear,
                            preset.sharpen > 0, preset.progressive, frames});
    }
  };
  add(tasks.stills, 1);
  add(tasks.moving, header.frames);
  return footprints;
}

Shrink shrink_for(const ImageHeader& header, std::span<const Task> tasks) {
  Shrink shrink;
  std::vector<ShrinkTarget> targets;
  for (const Task& task : tasks) {
    if (task.order->preset.linear) return {1, true};
    targets.push_back({task.scaled});
    if (header.format != ImageFormat::jpeg) continue;
    targets.back().margins = goes_lossy(*task.order) ? kLossyMargins : kFineMargins;
    shrink.fine_colours |= keeps_colours(*task.order);
  }
  shrink.denominator = shrink_on_load({header.width, header.height}, targets);
  return shrink;
}

std::vector<std::size_t> largest_first(std::span<const Task> tasks) {
  std::vector<std::size_t> places(tasks.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  const auto area = [&](std::size_t place) {
    return static_cast<std::int64_t>(tasks[place].scaled.width) * tasks[place].scaled.height;
  };
  std::stable_sort(places.begin(), places.end(),
                   [&](std::size_t a, std::size_t b) { return area(a) > area(b); });
  return places;
}

std::vector<Thumbnail> in_order(const Tasks& tasks, std::vector<Thumbnail> stills,
                                std::vector<Thumbnail> moving) {
  std::vector<Thumbnail> all;
  auto still = stills.begin();
  auto animated = moving.begin();
  for (const bool moves : tasks.moves) all.push_back(std::move(moves ? *animated++ : *still++));
  return all;
}

SourceFacts facts_of(const ImageHeader& header, std::uint64_t bytes) {
  return {header.format,      header.width,
          header.height,      bytes,
          header.orientation, std::string(colour_space(header)),
          header.icc_profile, header.capture};
}

}  // namespace miniatura
