#include "thumbnailer/animate.h"

#include "thumbnailer/codecs/webp/webp_animation.h"
#include "thumbnailer/gif_frames.h"

namespace miniatura {
bool stays_animated(const RenderOrder& order, const ImageHeader& header) {
  return order.preset.animated && order.format == ImageFormat::webp && header.frames > 1 &&
         (header.format == ImageFormat::webp || header.format == ImageFormat::gif);
}

Result<std::vector<Thumbnail>> animated_thumbnails(ByteView whole, const ImageHeader& header,
                                                   const FinishFrame& finish,
                                                   std::span<const Task> tasks,
                                                   const SourceMetadata& metadata) {
  TRY(reader, header.format == ImageFormat::gif
                  ? read_gif_frames(whole, {header.width, header.height})
                  : read_webp_frames(whole));
  std::vector<Animation> animations(tasks.size());
  for (;;) {
    TRY(frame, reader.next());
    if (!frame) break;
    TRY(small, finish(frame->raster));
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      animations[i].frames.push_back({std::move(small[i]), frame->duration_ms});
    }
  }
  std::vector<Thumbnail> thumbnails;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (animations[i].frames.empty()) {
      return fail(ErrorCode::image_corrupt, "the animation has no frames");
    }
    animations[i].loops = reader.loops;
    TRY(thumbnail, encoded(animations[i], tasks[i], metadata));
    thumbnails.push_back(std::move(thumbnail));
  }
  return thumbnails;
}

}  // namespace miniatura
