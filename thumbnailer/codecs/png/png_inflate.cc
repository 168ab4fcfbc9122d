#include "thumbnailer/codecs/png/png_inflate.h"

#include <libdeflate.h>

#include <optional>
#include <vector>

#include "thumbnailer/byte_order.h"

namespace miniatura {
namespace {

constexpr std::size_t kChunkFrame = 12;  // length, type and CRC around the data
constexpr std::size_t kZlibHeaderBytes = 2;

struct Chunk {
  ByteView type;
  ByteView body;
};

// Nothing: it is not all there, or not what was written.
std::optional<Chunk> sound_chunk(ByteView png, std::size_t at) {
  const std::size_t length = big_endian_32(png, at);
  if (at + kChunkFrame > png.size() || length > png.size() - at - kChunkFrame) return std::nullopt;
  const ByteView checked = png.substr(at + 4, 4 + length);
  if (libdeflate_crc32(0, checked.data(), checked.size()) != big_endian_32(png, at + 8 + length)) {
    return std::nullopt;
  }
  return Chunk{checked.substr(0, 4), checked.substr(4)};
}

std::vector<ByteView> image_data(ByteView png, std::size_t at) {
  std::vector<ByteView> parts;
  while (const auto chunk = sound_chunk(png, at)) {
    if (chunk->type == "IEND") return parts;
    if (chunk->type != "IDAT") break;
    parts.push_back(chunk->body);
    at += kChunkFrame + chunk->body.size();
  }
  return {};
}

// Deflate without a dictionary, RFC 1950.
bool is_zlib(ByteView stream) {
  const std::uint32_t first = byte_at(stream, 0);
  const std::uint32_t second = byte_at(stream, 1);
  return (first & 0x0FU) == 8 && first >> 4U <= 7 && (first << 8U | second) % 31 == 0 &&
         (second & 0x20U) == 0;
}

}  // namespace

std::unique_ptr<std::uint8_t[]> inflated_image_data(ByteView png, std::size_t at, std::size_t size,
                                                    std::size_t slack) {
  const std::vector<ByteView> parts = image_data(png, at);
  Bytes joined;
  if (parts.size() > 1) {
    std::size_t total = 0;
    for (const ByteView part : parts) total += part.size();
    joined.reserve(total);
    for (const ByteView part : parts) joined += part;
  }
  const ByteView stream = parts.size() == 1 ? parts.front() : ByteView(joined);
  if (!is_zlib(stream)) return nullptr;

  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)>
      decompressor(libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  if (decompressor == nullptr) throw std::bad_alloc();
  // Not initialised: a picture that is announced larger than it is takes no memory.
  auto rows = std::make_unique_for_overwrite<std::uint8_t[]>(size + slack);
  // The stream's own checksum is left aside, as libpng does: the chunks' are right.
  std::size_t taken = 0;
  std::size_t made = 0;
  const libdeflate_result result = libdeflate_deflate_decompress_ex(
      decompressor.get(), stream.data() + kZlibHeaderBytes, stream.size() - kZlibHeaderBytes,
      rows.get(), size, &taken, &made);
  if (result != LIBDEFLATE_SUCCESS || made != size) return nullptr;
  return rows;
}

}  // namespace miniatura
