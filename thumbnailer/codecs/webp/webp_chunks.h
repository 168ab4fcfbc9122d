// What stands in a WebP beside its pixels, by libwebp's muxer.
#pragma once

#include "thumbnailer/encode.h"

namespace miniatura {

// The WebP with the encoding's profile and EXIF, or as it is if there are none. Error:
// memory_exhausted.
Result<Bytes> with_metadata(Bytes webp, const Encoding& encoding);

}  // namespace miniatura
