// Items of a HEIC or AVIF that are made of others: grids, overlays (ISO/IEC 23008-12, 6.6.2), and
// pictures with alpha, which is one of its own. Pure; every read is bounded.
#pragma once

#include "runtime/bytes.h"

namespace miniatura {

// Is an item made of itself, or so deep that nobody would do it: derived from one that is derived
// from derived ones, or, alpha's steps among them, one step more? libheif 1.15 follows such a
// circle until its stack is full. `meta` is what is in the box of that name.
bool derives_in_circles(ByteView meta);

// How many items are decoded, at most, for the one that is made of most, those of which it has
// several copies counted as often; saturates. Of a file without such circles. Linear in the bytes,
// but for their order.
std::uint64_t derived_items(ByteView meta);

}  // namespace miniatura
