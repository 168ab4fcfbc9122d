// WebP of one picture, lossy, by libwebp. Thread-safe; starts no threads.
#pragma once

#include "thumbnailer/encode.h"
#include "thumbnailer/planes.h"

namespace miniatura {

// Planes as check_thumbnail_planes has them for 4:2:0, written with no conversion but that of the
// full range. As encode() says, besides; the sides are within what the format holds.
Result<Bytes> encode_webp(const Planes& planes, const Encoding& encoding);

// The same of RGB or RGBA.
Result<Bytes> encode_webp(const Raster& raster, const Encoding& encoding);

}  // namespace miniatura
