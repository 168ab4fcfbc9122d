// What encoders that take planes have in common: the grids that they expect, and the numbers'
// range. Pure.
#pragma once

#include <array>
#include <cstdint>

#include "runtime/result.h"
#include "thumbnailer/planes.h"
#include "thumbnailer/preset.h"

namespace miniatura {

// How many samples of each colour difference a picture has.
Size chroma_size(Size size, Subsampling subsampling);

// Are these planes what an encoder writes as they are: grey or YCbCr by BT.601's matrix, opaque, of
// 8 bits, brightness of the picture's size, colour of chroma_size()? Error: internal, for who made
// them was to see to it.
Result<void> check_thumbnail_planes(const Planes& planes, Subsampling subsampling);

// What becomes of each number of 8 bits.
using SampleTable = std::array<std::uint8_t, 256>;

// From the full range (JFIF) to the limited one (WebP), and back.
struct RangeTables {
  SampleTable brightness;
  SampleTable colour;
};
const RangeTables& to_limited_range();
const RangeTables& to_full_range();

}  // namespace miniatura
