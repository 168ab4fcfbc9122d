// Red, green and blue as planes: from JFIF's brightness and colour differences, bit for bit as
// libjpeg has them, and from pixels. Pure.
#pragma once

#include "thumbnailer/planes.h"

namespace miniatura {

// Planes of Coding::ycbcr and 8 bits; the colours at brightness's grid, or at half of it across:
// then they are made fine by a triangle's filter, but for 1/8 of a picture, where libjpeg repeats
// them. Works where the planes lie, as far as there is room. Throws std::bad_alloc.
Planes to_rgb(Planes planes);

// A row of pixels, four bytes each of which the last means nothing, as row `y` of three planes.
void split_row(const std::uint8_t* pixels, Planes& planes, int y);

}  // namespace miniatura
