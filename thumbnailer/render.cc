#include "thumbnailer/render.h"

#include <new>
#include <utility>

#include "thumbnailer/admission.h"
#include "thumbnailer/animate.h"
#include "thumbnailer/decode.h"
#include "thumbnailer/finish.h"
#include "thumbnailer/metered_source.h"
#include "thumbnailer/plan.h"
#include "thumbnailer/plane_writer.h"
#include "thumbnailer/planes_raster.h"
#include "thumbnailer/scale.h"
#include "thumbnailer/source_colours.h"

namespace miniatura {
namespace {

// The task, for pixels that are cut already.
Task cut_already(Task task) {
  Rectangle& crop = task.layout.crop;
  crop.left = crop.top = 0;
  return task;
}

ColourGrid grid_of(const RenderOrder& order) {
  const Subsampling kept =
      order.format == ImageFormat::webp ? Subsampling::s420 : order.preset.subsampling;
  return {kept == Subsampling::s444 ? 1 : 2, kept == Subsampling::s420 ? 2 : 1};
}

// Makes thumbnails of one picture after the other: of a still one, or of frames.
class Finisher {
 public:
  Finisher(const ImageHeader& header, const SourceColours& colours)
      : header_(header), colours_(colours) {}

  // How the planes are scaled for the task, and whether they go as they are.
  struct Way {
    Cut cut;
    bool as_planes = false;
  };
  Way way_of(const Planes& planes, const Task& task) const {
    Way way{{task.layout, header_.orientation, {}, 8}, goes_as_planes(planes, task, colours_)};
    if (way.as_planes) {
      way.cut.grid = grid_of(*task.order);
      return way;
    }
    // What is converted is rounded then, and not before.
    const bool changes = planes.coding == Coding::ycbcr ||
                         colours_.conversion(colours_of(task.order->preset)) != nullptr;
    if (planes.colour[0].bits > 8 || changes) way.cut.bits = 16;
    if (!planes.alpha.empty()) way.cut.bits = 32;
    return way;
  }

  Raster raster(const Planes& scaled, const Task& task) const {
    const Preset& preset = task.order->preset;
    return finished(raster_of(scaled, light_of(preset), colours_.conversion(colours_of(preset))),
                    cut_already(task), header_.orientation);
  }

  Planes upright(const Planes& scaled, const Task& task) const {
    const Rectangle& crop = task.layout.crop;
    Planes planes{{crop.width, crop.height}, scaled.coding, scaled.matrix, {}, {}};
    for (const Plane& plane : scaled.colour) {
      planes.colour.push_back(oriented(plane, header_.orientation));
    }
    return planes;
  }

 private:
  const ImageHeader& header_;
  const SourceColours& colours_;
};

// Colour is divided by alpha in the end: what the filter makes of an edge must be cut off in
// neither.
Planes ready_to_scale(Planes planes) {
  if (planes.alpha.empty()) return planes;
  for (Plane& plane : planes.colour) plane = as_float(std::move(plane));
  planes.alpha[0] = as_float(std::move(planes.alpha[0]));
  return planes;
}

// The tasks of one light, by their places, with how each is scaled, from large to small; and what
// they are scaled from.
struct Descent {
  std::vector<std::size_t> places;
  std::vector<Cut> cuts;
  std::vector<bool> as_planes;
  Planes from;
};

Result<Descent> descent_of(Light light, const Planes& decoded, std::span<const Task> tasks,
                           const Finisher& finisher) {
  Descent descent;
  for (const std::size_t place : largest_first(tasks)) {
    if (light_of(tasks[place].order->preset) != light) continue;
    const auto way = finisher.way_of(decoded, tasks[place]);
    descent.places.push_back(place);
    descent.cuts.push_back(way.cut);
    descent.as_planes.push_back(way.as_planes);
  }
  if (descent.places.empty()) return descent;
  descent.from = decoded;
  if (light == Light::linear) {
    TRY(linear, in_linear_light(decoded));
    descent.from = std::move(linear);
  }
  descent.from = ready_to_scale(std::move(descent.from));
  return descent;
}

Result<void> make_stills(Descent descent, std::span<const Task> tasks, const Finisher& finisher,
                         const SourceMetadata& metadata, std::vector<Thumbnail>& thumbnails) {
  Cascade cascade(std::move(descent.from));
  for (std::size_t i = 0; i < descent.cuts.size(); ++i) {
    const Task& task = tasks[descent.places[i]];
    const Cut& cut = descent.cuts[i];
    TRY(planes, scaled(cascade.source_for(cut), cut));
    cascade.keep(planes, cut);
    cascade.expect(std::span(descent.cuts).subspan(i + 1));
    TRY(thumbnail, descent.as_planes[i] ? encoded(finisher.upright(planes, task), task, metadata)
                                        : encoded(finisher.raster(planes, task), task, metadata));
    thumbnails[descent.places[i]] = std::move(thumbnail);
  }
  return {};
}

Result<std::vector<Thumbnail>> make_stills(std::span<const Task> tasks, Planes decoded,
                                           const Finisher& finisher,
                                           const SourceMetadata& metadata) {
  std::vector<Thumbnail> thumbnails(tasks.size());
  TRY(linear, descent_of(Light::linear, decoded, tasks, finisher));
  CHECKED(make_stills(std::move(linear), tasks, finisher, metadata, thumbnails));
  TRY(plain, descent_of(Light::encoded, decoded, tasks, finisher));
  decoded = {};
  CHECKED(make_stills(std::move(plain), tasks, finisher, metadata, thumbnails));
  return thumbnails;
}

// A frame for each of the tasks that keep the animation.
Result<std::vector<Raster>> finished_frame(const Raster& frame, std::span<const Task> tasks,
                                           const Finisher& finisher) {
  std::vector<Raster> rasters(tasks.size());
  const Planes planes = planes_of(frame, 1);
  for (const Light light : {Light::linear, Light::encoded}) {
    TRY(descent, descent_of(light, planes, tasks, finisher));
    for (std::size_t i = 0; i < descent.cuts.size(); ++i) {
      TRY(small, scaled(descent.from, descent.cuts[i]));
      rasters[descent.places[i]] = finisher.raster(small, tasks[descent.places[i]]);
    }
  }
  return rasters;
}

Result<std::vector<Thumbnail>> make_all(const Tasks& tasks, const OpenPicture& picture,
                                        DecodedPicture decoded) {
  const SourceColours colours = source_colours(picture.header, std::move(decoded.icc_profile));
  const SourceMetadata metadata{colours.icc_profile, picture.header.copyright};
  const Finisher finisher(picture.header, colours);
  TRY(stills, make_stills(tasks.stills, std::move(decoded.planes), finisher, metadata));
  std::vector<Thumbnail> moving;
  if (!tasks.moving.empty()) {
    const auto finish = [&](const Raster& frame) {
      return finished_frame(frame, tasks.moving, finisher);
    };
    TRY(made, animated_thumbnails(picture.bytes, picture.header, finish, tasks.moving, metadata));
    moving = std::move(made);
  }
  return in_order(tasks, std::move(stills), std::move(moving));
}

Stopwatch::Lap operator-(const Stopwatch::Lap& a, const Stopwatch::Lap& b) {
  return {a.wall_ms - b.wall_ms, a.cpu_ms - b.cpu_ms};
}

Result<Rendered> render_within(ByteSource& whole_source, std::span<const RenderOrder> orders,
                               const Limits& limits, const Deadline& deadline) {
  Rendered rendered;
  MeteredSource source(whole_source, limits.source_bytes);
  TRY(picture, open_picture(source, limits, Reading::as_it_arrives));
  const Tasks tasks = plan_tasks(orders, picture.header);
  if (!tasks.moving.empty()) CHECKED(check_animation_limits(picture.header, limits));
  const Shrink shrink = shrink_for(picture.header, tasks.stills);
  // A progressive one to RGB is libjpeg's.
  if (shrink.fine_colours && picture.header.channels == 3) {
    picture.header.dc_alone = false;
    picture.header.scans_bytes = 0;
  }
  // Beside the source there are its essential bytes and, of a PNG, its pixels' chunks joined.
  const std::uint64_t copies = picture.header.format == ImageFormat::png ? 3 : 2;
  TRY(admission, Admission::request(estimated_bytes(picture.header, shrink.denominator,
                                                    footprints(tasks, picture.header)) +
                                        copies * picture.bytes.size(),
                                    limits, deadline.remaining(SystemClock())));
  const Stopwatch decoding;
  const Stopwatch::Lap opened = source.spent();
  TRY(decoded, final_if_alone(decode(picture, source, shrink, limits), admission));
  CHECKED(source.finish());
  rendered.timings.decode = decoding.lap() - (source.spent() - opened);
  rendered.timings.download = source.spent();
  rendered.source = facts_of(picture.header, source.whole_bytes());

  const Stopwatch rest;
  TRY(thumbnails, final_if_alone(make_all(tasks, picture, std::move(decoded)), admission));
  rendered.thumbnails = std::move(thumbnails);
  rendered.timings.render = rest.lap();
  return rendered;
}

}  // namespace

Result<Rendered> render(ByteSource& source, std::span<const RenderOrder> orders,
                        const Limits& limits, const Deadline& deadline) {
  try {
    return render_within(source, orders, limits, deadline);
  } catch (const std::bad_alloc&) {  // the source's bytes, planes or a raster
    return fail(ErrorCode::memory_exhausted, "out of memory");
  }
}

}  // namespace miniatura
