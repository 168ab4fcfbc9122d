// Whatever has no decoder of its own (GIF, TIFF, BMP, inks), by GraphicsMagick. Thread-safe.
#pragma once

#include "runtime/result.h"
#include "thumbnailer/codecs/decoded.h"
#include "thumbnailer/header.h"

namespace miniatura {

// `essential` is what essential_bytes(…, header) gave; `denominator` is 1, 2, 4 or 8. Inks come as
// red, green and blue of sRGB. Errors: image_corrupt, image_unsupported, memory_exhausted.
Result<DecodedPicture> decode_by_magick(ByteView essential, const ImageHeader& header,
                                        int denominator);

}  // namespace miniatura
