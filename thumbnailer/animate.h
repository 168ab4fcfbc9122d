// The thumbnails of a source that stay animated: all of them in one pass over its frames.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "thumbnailer/finish.h"
#include "thumbnailer/header.h"

namespace miniatura {

// Does the order keep this source's animation?
bool stays_animated(const RenderOrder& order, const ImageHeader& header);

// A frame for each task, in their order: finished().
using FinishFrame = std::function<Result<std::vector<Raster>>(const Raster& frame)>;

// One a task, in their order, each with all frames of the `whole` source. Errors: image_corrupt,
// and those of `finish` and encoded().
Result<std::vector<Thumbnail>> animated_thumbnails(ByteView whole, const ImageHeader& header,
                                                   const FinishFrame& finish,
                                                   std::span<const Task> tasks,
                                                   const SourceMetadata& metadata);

}  // namespace miniatura
