// AVIF by libheif and, within it, libaom: what GraphicsMagick reads but cannot write. Thread-safe;
// starts no threads.
#pragma once

#include "thumbnailer/encode.h"
#include "thumbnailer/planes.h"

namespace miniatura {

// Planes as check_thumbnail_planes has them, written as they are. As encode() says, besides; the
// sides are within what the format holds.
Result<Bytes> encode_avif(const Planes& planes, const Encoding& encoding);

// As encode() says; the sides are within what the format holds.
Result<Bytes> encode_avif(const Raster& raster, const Encoding& encoding);

}  // namespace miniatura
