// Whose picture it is: the two fields of EXIF that a thumbnail keeps. Nothing else of a source's
// metadata ever reaches a thumbnail. Pure.
#pragma once

#include <cstdint>

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

inline constexpr std::uint32_t kArtistTag = 0x013B, kCopyrightTag = 0x8298;  // EXIF's

// What a field of these holds, as text; empty for what is none.
Bytes copyright_text(ByteView value);

// A TIFF structure that holds these and nothing else; empty if there are none.
Bytes exif_of(const Copyright& copyright);

}  // namespace miniatura
