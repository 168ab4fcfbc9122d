// What a source's colours are, by its profile, and how they become sRGB.
#pragma once

#include <memory>

#include "thumbnailer/colour.h"
#include "thumbnailer/header.h"
#include "thumbnailer/preset.h"

namespace miniatura {

// What the numbers of a thumbnail stand for: sRGB, or what the picture's own profile says.
enum class Colours { srgb, own };
inline Colours colours_of(const Preset& preset) {
  return preset.keep_icc ? Colours::own : Colours::srgb;
}

// The colour space that an ICC profile is for: "RGB ", "GRAY", …
ByteView profile_space(ByteView icc_profile);

struct SourceColours {
  std::shared_ptr<const ToSrgb> to_srgb;  // nothing: the numbers are sRGB, or no one can say
  // What a thumbnail may carry in place of being converted: a profile of red, green and blue that
  // is not sRGB, or nothing.
  Bytes icc_profile;

  // How numbers become the thumbnail's; nothing: they stay.
  const ToSrgb* conversion(Colours wanted) const {
    return wanted == Colours::own && !icc_profile.empty() ? nullptr : to_srgb.get();
  }
};

// Of numbers that are grey, or red, green and blue. A profile of grey is heeded where the source is
// grey alone; one of inks never: those were converted in decoding.
SourceColours source_colours(const ImageHeader& header, Bytes icc_profile);

}  // namespace miniatura
