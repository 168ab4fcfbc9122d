// BMP's two headers (Microsoft's BITMAPFILEHEADER, and BITMAPCOREHEADER or BITMAPINFOHEADER and
// what grew out of it).
#include <fmt/core.h>

#include <cstdlib>
#include <limits>

#include "thumbnailer/byte_order.h"
#include "thumbnailer/header_parts.h"

namespace miniatura {
namespace {

constexpr std::size_t kFileHeaderBytes = 14;
constexpr std::uint32_t kCoreBytes = 12, kInfoBytes = 40;
// Compressions.
constexpr std::uint32_t kRgb = 0, kRle8 = 1, kRle4 = 2, kBitFields = 3, kAlphaFields = 6;

// Signed in the file; nothing for what has no absolute value.
int absolute(std::uint32_t number) {
  const auto side = static_cast<std::int32_t>(number);
  return side == std::numeric_limits<std::int32_t>::min() ? 0 : std::abs(side);
}

bool is_read(std::uint32_t compression, int bits) {
  switch (compression) {
    case kRgb:
      return bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
    case kRle8:
      return bits == 8;
    case kRle4:
      return bits == 4;
    case kBitFields:
    case kAlphaFields:
      return bits == 16 || bits == 32;
    default:
      return false;  // a JPEG or a PNG within
  }
}

// Rows are padded to 4 bytes; the last one's padding may be missing.
std::uint64_t pixel_bytes(const ImageHeader& header, int bits) {
  const std::uint64_t row =
      (static_cast<std::uint64_t>(header.width) * static_cast<unsigned>(bits) + 7) / 8;
  return (row + 3) / 4 * 4 * (static_cast<std::uint64_t>(header.height) - 1) + row;
}

// The decoder believes the length that the file claims: many are wrong.
void build_essential(ByteView bytes, EssentialBytes& essential) {
  essential.before = Bytes(bytes.substr(0, 2));
  for (unsigned i = 0; i < 4; ++i) {
    essential.before.push_back(static_cast<char>(bytes.size() >> (8 * i) & 0xFFU));
  }
  essential.ranges.push_back({essential.before.size(), bytes.size()});
}

}  // namespace

Result<ImageHeader> read_bmp_header(ByteView bytes, ImageExtent extent) {
  const std::size_t info = kFileHeaderBytes;
  const std::uint32_t header_bytes = little_endian_32(bytes, info);
  const bool core = header_bytes == kCoreBytes;
  if (bytes.size() < info + (core ? kCoreBytes : kInfoBytes)) {
    if (extent == ImageExtent::whole) return truncated("BMP", bytes.size());
    return ImageHeader{.format = ImageFormat::bmp};
  }
  if (!core && header_bytes < kInfoBytes) return corrupt("BMP with a header of an unknown kind");
  ImageHeader header{.format = ImageFormat::bmp};
  const std::size_t planes = core ? info + 8 : info + 12;
  header.width = core ? static_cast<int>(little_endian_16(bytes, info + 4))
                      : static_cast<std::int32_t>(little_endian_32(bytes, info + 4));
  header.height = core ? static_cast<int>(little_endian_16(bytes, info + 6))
                       : absolute(little_endian_32(bytes, info + 8));
  const int bits = static_cast<int>(little_endian_16(bytes, planes + 2));
  const std::uint32_t compression = core ? kRgb : little_endian_32(bytes, info + 16);
  if (header.width <= 0 || header.height <= 0) {
    return corrupt(fmt::format("BMP of {}x{} pixels", header.width, header.height));
  }
  if (!is_read(compression, bits)) {
    return fail(ErrorCode::image_unsupported,
                fmt::format("BMP of {} bits and compression {} is not read", bits, compression));
  }
  header.palette = bits <= 8;
  header.channels = bits == 32 ? 4 : 3;
  header.buffered = true;
  header.buffer_bytes = pixel_bytes(header, bits);
  if (extent == ImageExtent::start) return header;
  const bool packed = compression == kRle8 || compression == kRle4;
  if (!packed && little_endian_32(bytes, 10) + header.buffer_bytes > bytes.size()) {
    return truncated("BMP", bytes.size());
  }
  build_essential(bytes, header.essential);
  return header;
}

}  // namespace miniatura
