// The last steps of a thumbnail: from the resized picture to its bytes.
#pragma once

#include "thumbnailer/animation.h"
#include "thumbnailer/copyright.h"
#include "thumbnailer/geometry.h"
#include "thumbnailer/planes.h"
#include "thumbnailer/render.h"
#include "thumbnailer/source_colours.h"

namespace miniatura {

// An order and its place among the pixels.
struct Task {
  const RenderOrder* order = nullptr;
  Layout layout;
  Size scaled;  // as layout.scaled, in stored axes
};

// What of the source goes along with the pixels, if the preset keeps it.
struct SourceMetadata {
  Bytes icc_profile;
  Copyright copyright;
};

// Upright, cut, sharpened, put on its canvas, and without alpha where the format has none. `stored`
// is of the size task.scaled.
Raster finished(Raster stored, const Task& task, int orientation);

// The same for planes that are upright and cut, for what has no step between: the picture is the
// whole thumbnail, and its numbers stay.
bool goes_as_planes(const Planes& planes, const Task& task, const SourceColours& colours);

// Errors: as encode() and encode_within(), naming the preset.
Result<Thumbnail> encoded(const Raster& finished, const Task& task, const SourceMetadata& metadata);

// The same of upright planes.
Result<Thumbnail> encoded(const Planes& upright, const Task& task, const SourceMetadata& metadata);

// The same of finished frames.
Result<Thumbnail> encoded(const Animation& finished, const Task& task,
                          const SourceMetadata& metadata);

}  // namespace miniatura
