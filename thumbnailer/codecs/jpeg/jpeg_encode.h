// JPEG by libjpeg-turbo. Thread-safe; starts no threads.
#pragma once

#include "thumbnailer/encode.h"
#include "thumbnailer/planes.h"

namespace miniatura {

// Planes as check_thumbnail_planes has them, written as they are: no resampling, no conversion but
// that of a limited range. As encode() says, besides; the sides are within what the format holds.
Result<Bytes> encode_jpeg(const Planes& planes, const Encoding& encoding);

// The same of RGB, or of RGBA, whose alpha is not looked at. Grey pixels without a profile become a
// JPEG of grey.
Result<Bytes> encode_jpeg(const Raster& raster, const Encoding& encoding);

}  // namespace miniatura
