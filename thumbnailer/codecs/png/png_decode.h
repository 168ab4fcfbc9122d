// PNG by libpng, whose slow part (zlib's inflating) libdeflate takes over where the picture is
// sound and stored from top to bottom. Thread-safe; starts no threads.
#pragma once

#include "runtime/result.h"
#include "thumbnailer/codecs/decoded.h"
#include "thumbnailer/header.h"

namespace miniatura {

// `essential` is what essential_bytes(…, header) gave; `denominator` is 1, 2, 4 or 8. Errors:
// image_corrupt, memory_exhausted.
Result<DecodedPicture> decode_png(ByteView essential, const ImageHeader& header, int denominator);

}  // namespace miniatura
