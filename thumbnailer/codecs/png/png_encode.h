// PNG, deflated by libdeflate. Thread-safe; starts no threads.
#pragma once

#include "thumbnailer/encode.h"

namespace miniatura {

// RGB or RGBA, and grey where all pixels are that and no profile says what it looks like. As
// encode() says, besides; the sides are within what the format holds.
Result<Bytes> encode_png(const Raster& raster, const Encoding& encoding);

}  // namespace miniatura
