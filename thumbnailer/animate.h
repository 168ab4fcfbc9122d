// The thumbnails of a source that stay animated: all of them in one pass over its frames.
#pragma once

#include <span>
#include <vector>

#include "thumbnailer/codecs/magick/magick.h"
#include "thumbnailer/finish.h"
#include "thumbnailer/header.h"

namespace miniatura {

// Does the order keep this source's animation?
bool stays_animated(const RenderOrder& order, const ImageHeader& header);

// One a task, in their order, each with all frames of the `whole` source, the first of which is
// `decoded`. Errors: image_corrupt, and those of encoded().
Result<std::vector<Thumbnail>> animated_thumbnails(ByteView whole, const ImageHeader& header,
                                                   const MagickImage& decoded,
                                                   std::span<const Task> tasks,
                                                   const SourceMetadata& metadata);

}  // namespace miniatura
