#include "thumbnailer/magick_render.h"

#include <algorithm>
#include <new>

#include "thumbnailer/admission.h"
#include "thumbnailer/animate.h"
#include "thumbnailer/codecs/magick/magick.h"
#include "thumbnailer/decode.h"
#include "thumbnailer/finish.h"
#include "thumbnailer/plan.h"

namespace miniatura {
namespace {

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

Result<std::vector<Raster>> finished_frame(const Raster& frame, const MagickImage& decoded,
                                           std::span<const Task> tasks, int orientation) {
  TRY(image, decoded.frame(frame));
  std::vector<Raster> rasters;
  for (const Task& task : tasks) {
    TRY(scaled, image.resized(task.scaled, light_of(task.order->preset)));
    TRY(raster, scaled.raster(colours_of(task.order->preset)));
    rasters.push_back(finished(std::move(raster), task, orientation));
  }
  return rasters;
}

Result<std::vector<Thumbnail>> make_all(const Tasks& tasks, ByteView whole,
                                        const MagickImage& decoded, const ImageHeader& header) {
  const SourceMetadata metadata{decoded.icc_profile(), header.copyright};
  TRY(stills, make_stills(tasks.stills, decoded, header, metadata));
  std::vector<Thumbnail> moving;
  if (!tasks.moving.empty()) {
    const auto finish = [&](const Raster& frame) {
      return finished_frame(frame, decoded, tasks.moving, header.orientation);
    };
    TRY(made, animated_thumbnails(whole, header, finish, tasks.moving, metadata));
    moving = std::move(made);
  }
  return in_order(tasks, std::move(stills), std::move(moving));
}

// The library takes the last samples of a shrunk JPEG, which reach over its edge, for whole ones,
// and what it makes of them is shifted: so it shrinks only what has no such.
int magick_denominator(const ImageHeader& header, std::span<const Task> tasks) {
  if (header.format != ImageFormat::jpeg) return 1;
  int denominator = shrink_for(header, tasks).denominator;
  while (header.width % denominator != 0 || header.height % denominator != 0) denominator /= 2;
  return denominator;
}

Result<Rendered> render_within(ByteSource& source, std::span<const RenderOrder> orders,
                               const Limits& limits, const Deadline& deadline) {
  Rendered rendered;
  const Stopwatch download;
  TRY(picture, open_picture(source, limits, Reading::whole));
  rendered.timings.download = download.lap();

  const Stopwatch decode;
  const auto& [header, bytes, arrives] = picture;
  rendered.source = facts_of(header, bytes.size());
  const Tasks tasks = plan_tasks(orders, header);
  if (!tasks.moving.empty()) CHECKED(check_animation_limits(header, limits));
  const int denominator = magick_denominator(header, tasks.stills);
  // Beside the source there are its essential bytes and the library's own copy of them.
  const std::uint64_t copies = 2 * bytes.size();
  TRY(admission,
      Admission::request(magick_bytes(header, denominator, footprints(tasks, header)) + copies,
                         limits, deadline.remaining(SystemClock())));
  TRY(decoded,
      final_if_alone(MagickImage::decode(essential_bytes(bytes, header), header, denominator),
                     admission));
  rendered.timings.decode = decode.lap();

  const Stopwatch rest;
  TRY(thumbnails, final_if_alone(make_all(tasks, bytes, decoded, header), admission));
  rendered.thumbnails = std::move(thumbnails);
  rendered.timings.render = rest.lap();
  return rendered;
}

}  // namespace

Result<Rendered> render_by_magick(ByteSource& source, std::span<const RenderOrder> orders,
                                  const Limits& limits, const Deadline& deadline) {
  try {
    return render_within(source, orders, limits, deadline);
  } catch (const std::bad_alloc&) {  // the source's bytes, or a raster
    return fail(ErrorCode::memory_exhausted, "out of memory");
  }
}

}  // namespace miniatura
