#include "thumbnailer/exif.h"

#include "thumbnailer/byte_order.h"

namespace miniatura {
namespace {

constexpr std::uint32_t kOrientationTag = 0x0112;
constexpr std::uint32_t kShort = 3;
constexpr std::uint32_t kLong = 4;  // some writers; the format says SHORT
constexpr std::size_t kEntryBytes = 12;

}  // namespace

int exif_orientation(ByteView tiff) {
  using namespace std::string_view_literals;
  const bool big = tiff.starts_with("MM\0*"sv);
  if (!big && !tiff.starts_with("II*\0"sv)) return 1;
  const auto number_16 = [&](std::size_t at) {
    return big ? big_endian_16(tiff, at) : little_endian_16(tiff, at);
  };
  const auto number_32 = [&](std::size_t at) {
    return big ? big_endian_32(tiff, at) : little_endian_32(tiff, at);
  };
  const std::size_t directory = number_32(4);
  const std::size_t entries = number_16(directory);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntryBytes;
    if (entry + kEntryBytes > tiff.size()) return 1;
    if (number_16(entry) != kOrientationTag) continue;
    const std::uint32_t type = number_16(entry + 2);
    if ((type != kShort && type != kLong) || number_32(entry + 4) != 1) return 1;
    const std::uint32_t value = type == kShort ? number_16(entry + 8) : number_32(entry + 8);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace miniatura
