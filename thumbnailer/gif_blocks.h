// What GIF's blocks have in common (GIF89a specification), for those who walk over them. Pure;
// every read is bounded.
#pragma once

#include "thumbnailer/byte_order.h"

namespace miniatura {

constexpr std::size_t kGifScreenEnd =
    13;  // signature and logical screen; their flags are third last
constexpr std::size_t kGifDescriptorBytes = 10;  // of a frame; their flags are last
constexpr std::uint32_t kGifExtension = 0x21, kGifImage = 0x2C, kGifTrailer = 0x3B;
constexpr std::uint32_t kGifGraphicControl = 0xF9;

// Of the table of colours that a byte of flags announces, behind the flags' own block.
inline std::size_t gif_table_bytes(std::uint32_t flags) {
  return (flags & 0x80U) != 0 ? std::size_t{3} << ((flags & 7U) + 1) : 0;
}

// Moves `at` behind sub-blocks. Each has its length before it; one of no length is the last. False:
// they break off.
inline bool skip_gif_sub_blocks(ByteView bytes, std::size_t& at) {
  while (at < bytes.size()) {
    const std::size_t length = byte_at(bytes, at);
    at += 1 + length;
    if (length == 0) return true;
  }
  return false;
}

}  // namespace miniatura
