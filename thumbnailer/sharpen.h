// Sharpening: an unsharp mask. Pure.
#pragma once

#include "thumbnailer/raster.h"

namespace miniatura {

// To each pixel is added what its brightness is above that of a Gaussian blur of the picture with
// `sigma` pixels (0: nothing is): 1 x (Y - blurred Y) on all three channels, so that edges get
// crisper and colours do not change. Alpha stays; pixels weigh in the blur as much as they are
// seen.
Raster sharpened(Raster raster, double sigma);

}  // namespace miniatura
