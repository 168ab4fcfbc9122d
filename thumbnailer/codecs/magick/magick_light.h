// Linear light: numbers that are proportional to light can be averaged, those of a file (sRGB)
// cannot. Of GraphicsMagick's pictures, in place; alpha stays as it is.
#pragma once

#include <Magick++.h>

namespace miniatura {

void to_linear_light(Magick::Image& image);
void from_linear_light(Magick::Image& image);

}  // namespace miniatura
