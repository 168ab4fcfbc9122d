// AVIF by libheif and, within it, libaom: what GraphicsMagick reads but cannot write. Thread-safe;
// starts no threads.
#pragma once

#include "thumbnailer/encode.h"

namespace miniatura {

// As encode() says; the sides are within what the format holds.
Result<Bytes> encode_avif(const Raster& raster, const Encoding& encoding);

}  // namespace miniatura
