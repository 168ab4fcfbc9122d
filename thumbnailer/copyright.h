// Whose picture it is: the two fields of EXIF that a thumbnail keeps. Nothing else of a source's
// metadata ever reaches a thumbnail. Pure.
#pragma once

#include "runtime/bytes.h"

namespace miniatura {

// As the camera or its owner wrote them, whatever their encoding: without their outer spaces,
// kCopyrightBytesMax bytes at most, and with no control character but the NUL between a
// photographer's and an editor's copyright. What is not so is no text, and is left out.
struct Copyright {
  Bytes artist{};
  Bytes copyright{};
  bool operator==(const Copyright&) const = default;
};
inline constexpr std::size_t kCopyrightBytesMax = 1000;

// Of a TIFF structure ("II*\0" or "MM\0*" first), whose first directory alone is looked at, each
// entry once. Empty for whatever is absent or broken.
Copyright read_copyright(ByteView tiff);

// A TIFF structure that holds these and nothing else; empty if there are none.
Bytes exif_of(const Copyright& copyright);

}  // namespace miniatura
