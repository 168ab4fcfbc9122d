// WebP by libwebp. A lossy picture without alpha stays in YCbCr, its colours on their coarser grid
// or, shrunk, on the same. Planes are each of 8 or 16 bits. Thread-safe; starts no threads.
#pragma once

#include "runtime/result.h"
#include "thumbnailer/codecs/decoded.h"
#include "thumbnailer/header.h"

namespace miniatura {

// `essential` is what essential_bytes(…, header) gave: a still picture, which of an animation is
// its first frame. `denominator` is 1, 2, 4 or 8. Errors: image_corrupt, image_unsupported,
// memory_exhausted.
Result<DecodedPicture> decode_webp(ByteView essential, const ImageHeader& header, int denominator);

}  // namespace miniatura
