// Where HEIC and AVIF keep EXIF: an item of its own, beside the picture (ISO/IEC 23008-12, A.2.1).
#pragma once

#include "runtime/bytes.h"

namespace miniatura {

// The TIFF structure of the first EXIF item; empty where there is none, or where it is not in one
// piece within the file. `meta`: what the box of that name holds, without version and flags. Pure;
// every read is bounded, and the work is linear.
ByteView heif_exif(ByteView file, ByteView meta);

}  // namespace miniatura
