#include "thumbnailer/icc_name.h"

#include <algorithm>

#include "thumbnailer/byte_order.h"
#include "thumbnailer/exif.h"

namespace miniatura {
namespace {

constexpr std::size_t kHeaderBytes = 128;
constexpr std::size_t kTagBytes = 12;  // signature, place, size
constexpr std::size_t kTagsMax = 100;  // real ones have some 20

// Of UTF-16, big-endian. Surrogates are left as they are, for source_text to replace: no profile is
// called by an emoji.
std::string utf8_of(ByteView utf16) {
  std::string text;
  for (std::size_t i = 0; i + 1 < utf16.size(); i += 2) {
    const std::uint32_t unit = big_endian_16(utf16, i);
    if (unit < 0x80) {
      text += static_cast<char>(unit);
    } else if (unit < 0x800) {
      text += static_cast<char>(0xC0U | unit >> 6U);
      text += static_cast<char>(0x80U | (unit & 0x3FU));
    } else {
      text += static_cast<char>(0xE0U | unit >> 12U);
      text += static_cast<char>(0x80U | (unit >> 6U & 0x3FU));
      text += static_cast<char>(0x80U | (unit & 0x3FU));
    }
  }
  return text;
}

std::string description_in(ByteView tag) {
  if (tag.starts_with("desc")) return source_text(slice(tag, 12, big_endian_32(tag, 8)));
  if (!tag.starts_with("mluc") || big_endian_32(tag, 8) == 0) return "";
  const std::size_t bytes = std::min<std::size_t>(big_endian_32(tag, 20), 4 * kSourceTextBytesMax);
  return source_text(utf8_of(slice(tag, big_endian_32(tag, 24), bytes)));
}

}  // namespace

std::string icc_profile_name(ByteView profile) {
  if (slice(profile, 36, 4) != "acsp") return "";
  const std::size_t tags = std::min<std::size_t>(big_endian_32(profile, kHeaderBytes), kTagsMax);
  for (std::size_t i = 0; i < tags; ++i) {
    const std::size_t tag = kHeaderBytes + 4 + i * kTagBytes;
    if (slice(profile, tag, 4) != "desc") continue;
    return description_in(
        slice(profile, big_endian_32(profile, tag + 4), big_endian_32(profile, tag + 8)));
  }
  return "";
}

}  // namespace miniatura
