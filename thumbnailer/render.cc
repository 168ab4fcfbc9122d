#include "thumbnailer/render.h"

#include <fmt/core.h>

#include <algorithm>
#include <new>
#include <numeric>

#include "thumbnailer/admission.h"
#include "thumbnailer/codecs/magick.h"
#include "thumbnailer/encode.h"
#include "thumbnailer/geometry.h"
#include "thumbnailer/header.h"
#include "thumbnailer/raster.h"
#include "thumbnailer/sharpen.h"
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

// An order and its place among the pixels.
struct Task {
  const RenderOrder* order = nullptr;
  Layout layout;
  Size scaled;  // as layout.scaled, in stored axes
};

std::vector<Task> plan_tasks(std::span<const RenderOrder> orders, const ImageHeader& header) {
  const Size upright = oriented_size({header.width, header.height}, header.orientation);
  std::vector<Task> tasks;
  for (const RenderOrder& order : orders) {
    const Layout layout = lay_out(upright, order.preset);
    tasks.push_back({&order, layout, oriented_size(layout.scaled, header.orientation)});
  }
  return tasks;
}

std::vector<Footprint> footprints(std::span<const Task> tasks) {
  std::vector<Footprint> footprints;
  for (const Task& task : tasks) {
    const Preset& preset = task.order->preset;
    footprints.push_back(
        {task.scaled, task.layout.canvas, task.order->format, preset.linear, preset.sharpen > 0});
  }
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

Result<Bytes> encoded(const Raster& raster, ImageFormat format, const Preset& preset,
                      Bytes icc_profile, const Copyright& copyright) {
  const Encoding encoding{preset.quality, preset.progressive, preset.subsampling,
                          std::move(icc_profile),
                          preset.keep_copyright ? exif_of(copyright) : Bytes()};
  if (preset.max_bytes == 0) return encode(raster, format, encoding);
  auto bytes = encode_within(raster, format, encoding, preset.max_bytes);
  if (!bytes) {
    bytes.error().message = fmt::format("preset {}: {}", preset.name, bytes.error().message);
  }
  return bytes;
}

// Upright, cut, sharpened, put on its canvas and encoded.
Result<Thumbnail> finish(const Task& task, const MagickImage& scaled, const ImageHeader& header) {
  const Layout& layout = task.layout;
  const Colour background = task.order->preset.background;
  TRY(stored, scaled.raster());
  Raster raster = oriented(std::move(stored), header.orientation);
  raster = cropped(std::move(raster), layout.crop);
  raster = sharpened(std::move(raster), task.order->preset.sharpen);
  raster = on_canvas(std::move(raster), layout.canvas, layout.left, layout.top, background);
  const ImageFormat format = task.order->format;
  raster = format == ImageFormat::jpeg ? flattened(std::move(raster), background)
                                       : without_opaque_alpha(std::move(raster));
  Thumbnail thumbnail;
  thumbnail.preset = task.order->preset.name;
  thumbnail.width = raster.size.width;
  thumbnail.height = raster.size.height;
  thumbnail.format = format;
  TRY(bytes, encoded(raster, format, task.order->preset, scaled.icc_profile(), header.copyright));
  thumbnail.bytes = std::move(bytes);
  return thumbnail;
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

Result<std::vector<Thumbnail>> make_all(std::span<const Task> tasks, const MagickImage& decoded,
                                        const ImageHeader& header) {
  std::vector<Thumbnail> thumbnails(tasks.size());
  std::vector<MagickImage> all_scaled;
  std::vector<MagickImage> all_scaled_linear;
  for (const std::size_t place : largest_first(tasks)) {
    const Task& task = tasks[place];
    const bool linear = task.order->preset.linear;
    std::vector<MagickImage>& before = linear ? all_scaled_linear : all_scaled;
    const MagickImage& from = source_for(task.scaled, decoded, before);
    TRY(scaled, from.resized(task.scaled, linear ? Light::linear : Light::encoded));
    TRY(thumbnail, finish(task, scaled, header));
    thumbnails[place] = std::move(thumbnail);
    before.push_back(std::move(scaled));
  }
  return thumbnails;
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
                               const Limits& limits) {
  Rendered rendered;
  const Stopwatch download;
  TRY(fetched, fetch(source, limits));
  rendered.timings.download = download.lap();

  const Stopwatch decode;
  TRY(header, read_header(fetched.bytes, fetched.format, ImageExtent::whole));
  CHECKED(check_limits(header, limits));
  rendered.source = {header.format, header.width, header.height, fetched.bytes.size(),
                     header.orientation};
  const std::vector<Task> tasks = plan_tasks(orders, header);
  const int denominator = denominator_for(header, tasks);
  // Beside the source there are its essential bytes and the library's own copy of them.
  const std::uint64_t copies = 2 * fetched.bytes.size();
  TRY(admission,
      Admission::request(estimated_bytes(header, denominator, footprints(tasks)) + copies, limits));
  TRY(decoded, final_if_alone(
                   MagickImage::decode(essential_bytes(fetched.bytes, header), header, denominator),
                   admission));
  rendered.timings.decode = decode.lap();

  const Stopwatch rest;
  TRY(thumbnails, final_if_alone(make_all(tasks, decoded, header), admission));
  rendered.thumbnails = std::move(thumbnails);
  rendered.timings.render = rest.lap();
  return rendered;
}

}  // namespace

Result<Rendered> render(ByteSource& source, std::span<const RenderOrder> orders,
                        const Limits& limits) {
  try {
    return render_within(source, orders, limits);
  } catch (const std::bad_alloc&) {  // the source's bytes, or a raster
    return fail(ErrorCode::memory_exhausted, "out of memory");
  }
}

}  // namespace miniatura
