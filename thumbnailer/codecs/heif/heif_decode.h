// HEIC and AVIF by libheif. Thread-safe; starts no threads.
//
// libheif 1.15 lets nobody have the YCbCr that it decodes: asked for it, it goes by way of planes
// of red, green and blue, and back. So these are taken as they are, which spares what interleaving
// them costs it, a twelfth of the whole (measured).
#pragma once

#include "runtime/result.h"
#include "thumbnailer/codecs/decoded.h"
#include "thumbnailer/header.h"

namespace miniatura {

// Before anything else of the library; does its work once. Error: internal.
Result<void> load_heif();

// `essential` is what essential_bytes(…, header) gave; `denominator` is 1, 2, 4 or 8. Errors:
// image_corrupt, image_unsupported, image_too_large, memory_exhausted.
Result<DecodedPicture> decode_heif(ByteView essential, const ImageHeader& header, int denominator);

}  // namespace miniatura
