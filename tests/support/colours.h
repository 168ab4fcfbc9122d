// What colours look like, by lcms2 itself: the measure for what the program makes of them.
#pragma once

#include <span>

#include "runtime/bytes.h"
#include "thumbnailer/preset.h"

namespace miniatura::pictures {

// The sRGB colour of a pixel's numbers (0 to 255) by a profile, computed without any shortcut.
Colour srgb_by_lcms(ByteView icc_profile, std::span<const std::uint8_t> numbers);

// CIE's difference of 1976 between two sRGB colours: 1 can just be seen.
double delta_e(Colour a, Colour b);

}  // namespace miniatura::pictures
