// The boxes that HEIC and AVIF are made of (ISO/IEC 14496-12, 4.2). Pure; every read is bounded.
#pragma once

#include <optional>

#include "runtime/bytes.h"

namespace miniatura {

struct IsoBox {
  ByteView type;
  ByteView body;  // as much of it as there is
  bool complete = false;
};

// A full box's body begins with its version and flags.
constexpr std::size_t kFullBoxBytes = 4;

// Takes the next box off the front of `rest`. Nothing: no box's beginning is left.
std::optional<IsoBox> next_box(ByteView& rest);

}  // namespace miniatura
