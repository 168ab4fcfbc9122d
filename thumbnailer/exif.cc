#include "thumbnailer/exif.h"

#include <algorithm>
#include <optional>

#include "runtime/clock.h"
#include "runtime/text.h"
#include "thumbnailer/byte_order.h"

namespace miniatura {
namespace {

// In the first directory.
constexpr std::uint32_t kMakeTag = 0x010F, kModelTag = 0x0110, kOrientationTag = 0x0112;
constexpr std::uint32_t kExifDirectoryTag = 0x8769;
// In EXIF's own.
constexpr std::uint32_t kTimeTag = 0x9003, kTimeOffsetTag = 0x9011;  // DateTimeOriginal, its offset

constexpr std::uint32_t kAscii = 2;
constexpr std::uint32_t kShort = 3;
constexpr std::uint32_t kLong = 4;
constexpr std::uint32_t kUtf8 = 129;  // since Exif 3.0
constexpr std::size_t kEntryBytes = 12;
constexpr std::size_t kInlineBytesMax = 4;  // a longer value stands elsewhere

class Tiff {
 public:
  Tiff(ByteView bytes, bool big) : bytes_(bytes), big_(big) {}

  std::size_t first_directory() const { return number_32(4); }

  // A number of the directory; orientations are LONG with some writers, where the format says
  // SHORT.
  std::optional<std::uint32_t> number(std::size_t directory, std::uint32_t tag) const {
    const auto entry = find(directory, tag);
    if (!entry || number_32(*entry + 4) != 1) return std::nullopt;
    const std::uint32_t type = number_16(*entry + 2);
    if (type == kShort) return number_16(*entry + 8);
    if (type == kLong) return number_32(*entry + 8);
    return std::nullopt;
  }

  // "" where it does not stand whole within the bytes, too.
  ByteView text(std::size_t directory, std::uint32_t tag) const {
    const auto entry = find(directory, tag);
    if (!entry) return {};
    const std::uint32_t type = number_16(*entry + 2);
    if (type != kAscii && type != kUtf8) return {};
    const std::size_t size = number_32(*entry + 4);
    const std::size_t begin = size <= kInlineBytesMax ? *entry + 8 : number_32(*entry + 8);
    const ByteView value = slice(bytes_, begin, size);
    return value.size() == size ? value : ByteView();
  }

 private:
  // The place of the tag's entry.
  std::optional<std::size_t> find(std::size_t directory, std::uint32_t tag) const {
    const std::size_t entries = number_16(directory);
    for (std::size_t i = 0; i < entries; ++i) {
      const std::size_t entry = directory + 2 + i * kEntryBytes;
      if (entry + kEntryBytes > bytes_.size()) return std::nullopt;
      if (number_16(entry) == tag) return entry;
    }
    return std::nullopt;
  }

  std::uint32_t number_16(std::size_t at) const {
    return big_ ? big_endian_16(bytes_, at) : little_endian_16(bytes_, at);
  }
  std::uint32_t number_32(std::size_t at) const {
    return big_ ? big_endian_32(bytes_, at) : little_endian_32(bytes_, at);
  }

  ByteView bytes_;
  bool big_;
};

// "2026:07:04 12:30:59" and, perhaps, "+02:00" -> "2026-07-04T12:30:59+02:00". "" for what is no
// time: cameras whose clock was never set write zeros or spaces.
std::string rfc3339_time(ByteView exif_time, ByteView offset) {
  constexpr std::string_view kShape = "0000:00:00 00:00:00";
  const ByteView text = exif_time.substr(0, exif_time.find('\0'));
  const auto fits = [](char c, char shape) {
    return shape == '0' ? c >= '0' && c <= '9' : c == shape;
  };
  if (!std::equal(text.begin(), text.end(), kShape.begin(), kShape.end(), fits)) return "";
  std::string time(text);
  time[4] = time[7] = '-';
  time[10] = 'T';
  if (!parse_iso_time(time + 'Z')) return "";
  offset = offset.substr(0, offset.find('\0'));
  if (offset.size() != std::string_view("+00:00").size()) return time;
  if (offset.front() != '+' && offset.front() != '-') return time;
  const std::string zoned = time + std::string(offset);
  return parse_iso_time(zoned) ? zoned : time;
}

}  // namespace

std::string source_text(std::string_view text) {
  constexpr std::size_t kLookedAtMax = 4 * kSourceTextBytesMax;  // it may be megabytes
  const std::string line = one_line(text.substr(0, std::min(text.find('\0'), kLookedAtMax)));
  const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
  const std::size_t end = line.find_last_not_of(' ') + 1;
  return cropped(std::string_view(line).substr(begin, end > begin ? end - begin : 0),
                 kSourceTextBytesMax);
}

Exif read_exif(ByteView tiff) {
  using namespace std::string_view_literals;
  Exif exif;
  const bool big = tiff.starts_with("MM\0*"sv);
  if (!big && !tiff.starts_with("II*\0"sv)) return exif;
  const Tiff within(tiff, big);
  const std::size_t first = within.first_directory();
  const std::uint32_t orientation = within.number(first, kOrientationTag).value_or(1);
  if (orientation >= 1 && orientation <= 8) exif.orientation = static_cast<int>(orientation);
  exif.copyright = {copyright_text(within.text(first, kArtistTag)),
                    copyright_text(within.text(first, kCopyrightTag))};
  exif.capture.camera_make = source_text(within.text(first, kMakeTag));
  exif.capture.camera_model = source_text(within.text(first, kModelTag));
  if (const auto directory = within.number(first, kExifDirectoryTag)) {
    exif.capture.time =
        rfc3339_time(within.text(*directory, kTimeTag), within.text(*directory, kTimeOffsetTag));
  }
  return exif;
}

}  // namespace miniatura
