#include "thumbnailer/render.h"

#include <fmt/core.h>

#include <algorithm>
#include <new>
#include <numeric>

#include "thumbnailer/admission.h"
#include "thumbnailer/animate.h"
#include "thumbnailer/codecs/magick/magick.h"
#include "thumbnailer/finish.h"
#include "thumbnailer/geometry.h"
#include "thumbnailer/header.h"
#include "thumbnailer/sniff.h"

namespace miniatura {
namespace {

// So much is looked at before the rest is downloaded: the size of nearly every picture stands
// there.
constexpr std::size_t kStartBytes = std::size_t{64} << 10;

struct Fetched {
  Bytes bytes;
  ImageFormat format;
};

// The format by the first bytes, and whether the header within them is over a limit.
Result<ImageFormat> vet_start(ByteView start, const Limits& limits) {
  TRY(format, sniff(start));
  TRY(header, read_header(start, format, ImageExtent::start));
  CHECKED(check_limits(header, limits));
  return format;
}

Result<Fetched> fetch(ByteSource& source, const Limits& limits) {
  TRY(start, source.peek(kStartBytes));
  auto format = vet_start(start, limits);
  if (!format) {
    source.cancel();
    return fail(std::move(format).error());
  }
  TRY(bytes, read_all(source, limits.source_bytes, ErrorCode::source_too_large, "source"));
  return Fetched{std::move(bytes), *format};
}

struct Tasks {
  std::vector<Task> stills;
  std::vector<Task> moving;
  std::vector<bool> moves;  // of each order: which of the two has it
};

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
                            preset.sharpen > 0, frames});
    }
  };
  add(tasks.stills, 1);
  add(tasks.moving, header.frames);
  return footprints;
}

// By how much the source is shrunk while it is decoded. A decoder averages what stands in the file,
// which is not light.
int denominator_for(const ImageHeader& header, std::span<const Task> tasks) {
  std::vector<Size> sizes;
  for (const Task& task : tasks) {
    if (task.order->preset.linear) return 1;
    sizes.push_back(task.scaled);
  }
  if (header.format != ImageFormat::jpeg) return 1;
  return shrink_on_load({header.width, header.height}, sizes);
}

// From the largest to the smallest, as places in `tasks`.
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

// What to resize from: the smallest that is there with at least twice the target's sides, or just
// these. Resizing what is resized already spares most of the work and, so far apart, loses nothing;
// but what was enlarged is no better than what was decoded. `scaled` goes from the largest to the
// smallest.
const MagickImage& source_for(Size target, const MagickImage& decoded,
                              std::span<const MagickImage> scaled) {
  const Size whole = decoded.size();
  const auto enough = [&](const MagickImage& image) {
    const Size size = image.size();
    if (size.width > whole.width || size.height > whole.height) return false;
    return size == target || (size.width >= 2 * target.width && size.height >= 2 * target.height);
  };
  const auto smallest = std::find_if(scaled.rbegin(), scaled.rend(), enough);
  return smallest == scaled.rend() ? decoded : *smallest;
}

Result<std::vector<Thumbnail>> make_stills(std::span<const Task> tasks, const MagickImage& decoded,
                                           const ImageHeader& header,
                                           const SourceMetadata& metadata) {
  std::vector<Thumbnail> thumbnails(tasks.size());
  std::vector<MagickImage> all_scaled;
  std::vector<MagickImage> all_scaled_linear;
  for (const std::size_t place : largest_first(tasks)) {
    const Task& task = tasks[place];
    const Light light = light_of(task.order->preset);
    std::vector<MagickImage>& before = light == Light::linear ? all_scaled_linear : all_scaled;
    TRY(scaled, source_for(task.scaled, decoded, before).resized(task.scaled, light));
    TRY(raster, scaled.raster(colours_of(task.order->preset)));
    TRY(thumbnail, encoded(finished(std::move(raster), task, header.orientation), task, metadata));
    thumbnails[place] = std::move(thumbnail);
    before.push_back(std::move(scaled));
  }
  return thumbnails;
}

// The still ones and the animated ones, each in its place.
Result<std::vector<Thumbnail>> make_all(const Tasks& tasks, ByteView whole,
                                        const MagickImage& decoded, const ImageHeader& header) {
  const SourceMetadata metadata{decoded.icc_profile(), header.copyright};
  TRY(stills, make_stills(tasks.stills, decoded, header, metadata));
  std::vector<Thumbnail> moving;
  if (!tasks.moving.empty()) {
    TRY(made, animated_thumbnails(whole, header, decoded, tasks.moving, metadata));
    moving = std::move(made);
  }
  std::vector<Thumbnail> all;
  auto still = stills.begin();
  auto animated = moving.begin();
  for (const bool moves : tasks.moves) all.push_back(std::move(moves ? *animated++ : *still++));
  return all;
}

// Memory that ran out with nobody else running will run out again.
template <class T>
Result<T> final_if_alone(Result<T> result, const Admission& admission) {
  if (!result && result.error().code == ErrorCode::memory_exhausted && admission.alone()) {
    result.error().code = ErrorCode::image_too_large;
  }
  return result;
}

Result<Rendered> render_within(ByteSource& source, std::span<const RenderOrder> orders,
                               const Limits& limits, const Deadline& deadline) {
  Rendered rendered;
  const Stopwatch download;
  TRY(fetched, fetch(source, limits));
  rendered.timings.download = download.lap();

  const Stopwatch decode;
  TRY(header, read_header(fetched.bytes, fetched.format, ImageExtent::whole));
  CHECKED(check_limits(header, limits));
  rendered.source = {header.format,        header.width,       header.height,
                     fetched.bytes.size(), header.orientation, std::string(colour_space(header)),
                     header.icc_profile,   header.capture};
  const Tasks tasks = plan_tasks(orders, header);
  if (!tasks.moving.empty()) CHECKED(check_animation_limits(header, limits));
  const int denominator = denominator_for(header, tasks.stills);
  // Beside the source there are its essential bytes and the library's own copy of them.
  const std::uint64_t copies = 2 * fetched.bytes.size();
  TRY(admission,
      Admission::request(estimated_bytes(header, denominator, footprints(tasks, header)) + copies,
                         limits, deadline.remaining(SystemClock())));
  TRY(decoded, final_if_alone(
                   MagickImage::decode(essential_bytes(fetched.bytes, header), header, denominator),
                   admission));
  rendered.timings.decode = decode.lap();

  const Stopwatch rest;
  TRY(thumbnails, final_if_alone(make_all(tasks, fetched.bytes, decoded, header), admission));
  rendered.thumbnails = std::move(thumbnails);
  rendered.timings.render = rest.lap();
  return rendered;
}

}  // namespace

Result<Rendered> render(ByteSource& source, std::span<const RenderOrder> orders,
                        const Limits& limits, const Deadline& deadline) {
  try {
    return render_within(source, orders, limits, deadline);
  } catch (const std::bad_alloc&) {  // the source's bytes, or a raster
    return fail(ErrorCode::memory_exhausted, "out of memory");
  }
}

}  // namespace miniatura
