// Encoding by GraphicsMagick: JPEG, PNG and WebP. Thread-safe; one thread each.
#pragma once

#include "thumbnailer/encode.h"

namespace miniatura {

// As encode() says; the sides are within what the format holds.
Result<Bytes> encode_by_magick(const Raster& raster, ImageFormat format, const Encoding& encoding);

}  // namespace miniatura
