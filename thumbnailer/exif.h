// The one thing that is read from EXIF: how the picture is to be turned. Pure.
#pragma once

#include "runtime/bytes.h"

namespace miniatura {

// The orientation, 1 to 8, of a TIFF structure ("II*\0" or "MM\0*" first). 1 for whatever is
// absent, broken or out of range. Only the first directory is looked at, each entry once: chains
// and loops of directories are never followed.
int exif_orientation(ByteView tiff);

}  // namespace miniatura
