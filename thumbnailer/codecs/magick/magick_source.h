// What becomes of a source's pixels between decoder and resizing, in GraphicsMagick's own form. For
// magick.cc alone, which has initialised the library and translates its exceptions.
#pragma once

#include <Magick++.h>

#include "thumbnailer/header.h"

namespace miniatura {

// A HEIC or AVIF, by libheif, as stored. Gives its colour profile.
Result<Bytes> read_heif(ByteView whole, Magick::Image& image);

// Four inks to red, green and blue, before resizing: that takes the fourth channel for
// transparency. Without a profile each ink takes away its share of light, as browsers have it.
void convert_inks(Magick::Image& image, const ImageHeader& header, ByteView icc_profile);

// A picture laid where header.frame, which there must be, says that it lies.
Magick::Image on_its_canvas(Magick::Image image, const ImageHeader& header);

}  // namespace miniatura
