// The items of a HEIC or AVIF: where their bytes are (ISO/IEC 14496-12, 8.11). Pure; every read is
// bounded.
#pragma once

#include <vector>

#include "runtime/bytes.h"

namespace miniatura {

struct IsoItem {
  std::uint32_t id = 0;
  ByteView type;  // "hvc1", "av01", "Exif", …; empty if nothing says it
  ByteView bytes;
  bool whole = false;  // one piece of this very file, and all of it there; else `bytes` is empty
};

// In the order of their places; `meta` is what is in the box of that name. Of a file of more items
// than anybody's, the first.
std::vector<IsoItem> iso_items(ByteView file, ByteView meta);

}  // namespace miniatura
