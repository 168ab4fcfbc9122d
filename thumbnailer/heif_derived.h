// Items of a HEIC or AVIF that are made of others: grids, overlays (ISO/IEC 23008-12, 6.6.2). Pure;
// every read is bounded.
#pragma once

#include "runtime/bytes.h"

namespace miniatura {

// Is an item derived from itself, or so deep that nobody would do it: from one that is derived from
// derived ones? libheif 1.15 follows such a circle until its stack is full. `meta` is what is in
// the box of that name.
bool derives_in_circles(ByteView meta);

}  // namespace miniatura
