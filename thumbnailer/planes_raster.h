// From planes to the pixels of a thumbnail, and to light. Pure.
#pragma once

#include "runtime/result.h"
#include "thumbnailer/colour.h"
#include "thumbnailer/light.h"
#include "thumbnailer/planes.h"
#include "thumbnailer/raster.h"

namespace miniatura {

// Planes of one size as RGB, or where they have alpha RGBA (straight), by `to_srgb`, if there is
// one.
Raster raster_of(const Planes& planes, Light light, const ToSrgb* to_srgb);

// The same picture as linear light, in 16 bits: of grey, or of red, green and blue at the grid of
// the first plane. Errors: memory_exhausted.
Result<Planes> in_linear_light(const Planes& planes);

}  // namespace miniatura
