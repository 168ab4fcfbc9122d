// The plain engine: GraphicsMagick decodes, resizes and encodes. Slow, short, and nobody's special
// case: what the other one's thumbnails are held against.
#pragma once

#include "thumbnailer/render.h"

namespace miniatura {

// As render().
Result<Rendered> render_by_magick(ByteSource& source, std::span<const RenderOrder> orders,
                                  const Limits& limits, const Deadline& deadline = {});

}  // namespace miniatura
