#include "thumbnailer/copyright.h"

#include <algorithm>

#include "thumbnailer/byte_order.h"

namespace miniatura {
namespace {

using namespace std::string_view_literals;

constexpr std::uint32_t kAscii = 2;
constexpr std::size_t kEntryBytes = 12;
constexpr std::size_t kInlineBytesMax = 4;  // a longer value stands elsewhere
constexpr std::size_t kDirectory = 8;       // ours is right behind the header

bool is_control(char c) {
  const auto code = static_cast<unsigned char>(c);
  return code < 0x20 || code == 0x7F;
}

}  // namespace

Bytes copyright_text(ByteView value) {
  constexpr std::string_view kBlanks = " \0"sv;
  const std::size_t begin = value.find_first_not_of(kBlanks);
  if (begin == ByteView::npos) return {};
  const ByteView text = value.substr(begin, value.find_last_not_of(kBlanks) + 1 - begin);
  const std::size_t nul = std::min(text.find('\0'), text.size());
  const bool is_text = std::none_of(text.begin(), text.end(), [&](const char& c) {
    return is_control(c) && &c != text.data() + nul;
  });
  return is_text && text.size() <= kCopyrightBytesMax ? Bytes(text) : Bytes();
}

Bytes exif_of(const Copyright& copyright) {
  // In the order of their tags, as the format wants it.
  std::vector<std::pair<std::uint32_t, Bytes>> fields;
  if (!copyright.artist.empty()) fields.emplace_back(kArtistTag, copyright.artist);
  if (!copyright.copyright.empty()) fields.emplace_back(kCopyrightTag, copyright.copyright);
  if (fields.empty()) return {};
  Bytes tiff("II*\0"sv);
  append_little_endian(tiff, kDirectory, 4);
  append_little_endian(tiff, fields.size(), 2);
  std::size_t value_at = kDirectory + 2 + fields.size() * kEntryBytes + 4;
  Bytes values;
  for (auto& [tag, text] : fields) {
    // It ends in a NUL, and is never so short as to stand in the entry itself.
    text.resize(std::max(text.size() + 1, kInlineBytesMax + 1));
    append_little_endian(tiff, tag, 2);
    append_little_endian(tiff, kAscii, 2);
    append_little_endian(tiff, text.size(), 4);
    append_little_endian(tiff, value_at + values.size(), 4);
    values += text;
    if (values.size() % 2 != 0) values.push_back('\0');  // values begin at even places
  }
  append_little_endian(tiff, 0, 4);  // no further directory
  return tiff + values;
}

}  // namespace miniatura
