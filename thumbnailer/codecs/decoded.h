// What a decoder gives: planes, and by what their colours are to be understood.
#pragma once

#include "runtime/bytes.h"
#include "thumbnailer/planes.h"

namespace miniatura {

struct DecodedPicture {
  Planes planes;
  // As it stands in the file, for whoever converts after resizing (ToSrgb, which vets it): of grey
  // for planes of grey, else of red, green and blue. Empty: none, or the colours are sRGB.
  Bytes icc_profile;
};

}  // namespace miniatura
