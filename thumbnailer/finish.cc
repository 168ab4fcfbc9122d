#include "thumbnailer/finish.h"

#include <fmt/core.h>

#include "thumbnailer/encode.h"
#include "thumbnailer/sharpen.h"

namespace miniatura {
namespace {

Result<Thumbnail> encoded_by(const EncodeWith& encode_with, Size size, const Task& task,
                             const SourceMetadata& metadata) {
  const Preset& preset = task.order->preset;
  const Encoding encoding{preset.quality, preset.progressive, preset.subsampling,
                          preset.keep_icc ? metadata.icc_profile : Bytes(),
                          preset.keep_copyright ? exif_of(metadata.copyright) : Bytes()};
  const ImageFormat format = task.order->format;
  auto bytes = preset.max_bytes == 0
                   ? encode_with(encoding)
                   : encode_within(encode_with, format, encoding, preset.max_bytes);
  if (!bytes) {
    Error error = std::move(bytes).error();
    error.message = fmt::format("preset {}: {}", preset.name, error.message);
    return fail(std::move(error));
  }
  return Thumbnail{preset.name, *std::move(bytes), size.width, size.height, format};
}

}  // namespace

Raster finished(Raster stored, const Task& task, int orientation) {
  const Layout& layout = task.layout;
  const Preset& preset = task.order->preset;
  Raster raster = oriented(std::move(stored), orientation);
  raster = cropped(std::move(raster), layout.crop);
  raster = sharpened(std::move(raster), preset.sharpen);
  raster = on_canvas(std::move(raster), layout.canvas, layout.left, layout.top, preset.background);
  return task.order->format == ImageFormat::jpeg ? flattened(std::move(raster), preset.background)
                                                 : without_opaque_alpha(std::move(raster));
}

bool goes_as_planes(const Planes& planes, const Task& task, const SourceColours& colours) {
  const Preset& preset = task.order->preset;
  const YcbcrMatrix jfif;
  const bool is_kind =
      planes.coding == Coding::grey || (planes.coding == Coding::ycbcr &&
                                        planes.matrix.kr == jfif.kr && planes.matrix.kb == jfif.kb);
  const bool fills = task.layout.canvas.width == task.layout.crop.width &&
                     task.layout.canvas.height == task.layout.crop.height;
  return is_kind && planes.alpha.empty() && fills && !preset.linear && preset.sharpen <= 0 &&
         colours.conversion(colours_of(preset)) == nullptr &&
         task.order->format != ImageFormat::png;
}

Result<Thumbnail> encoded(const Raster& finished, const Task& task,
                          const SourceMetadata& metadata) {
  return encoded_by(
      [&](const Encoding& encoding) { return encode(finished, task.order->format, encoding); },
      finished.size, task, metadata);
}

Result<Thumbnail> encoded(const Planes& upright, const Task& task, const SourceMetadata& metadata) {
  return encoded_by(
      [&](const Encoding& encoding) { return encode(upright, task.order->format, encoding); },
      upright.stored, task, metadata);
}

Result<Thumbnail> encoded(const Animation& finished, const Task& task,
                          const SourceMetadata& metadata) {
  return encoded_by([&](const Encoding& encoding) { return encode(finished, encoding); },
                    finished.frames.front().raster.size, task, metadata);
}

}  // namespace miniatura
