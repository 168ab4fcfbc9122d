// Resizing: a plane at a time, by Lanczos's filter of three lobes. Thread-safe; starts no threads.
#pragma once

#include "runtime/result.h"
#include "thumbnailer/planes.h"

namespace miniatura {

// A part of the stored picture, in its pixels. It may reach over the edges, where all is as at
// them.
struct Region {
  double left = 0;
  double top = 0;
  double width = 0;
  double height = 0;
};

// The samples of `plane` that lie in the region, as `size` samples of `bits` (8, 16 or 32) each.
// The same bytes on every processor. Errors: memory_exhausted.
Result<Plane> resampled(const Plane& plane, const Region& region, Size size, int bits);

}  // namespace miniatura
