// GIF, TIFF and HEIF put together byte by byte.
#include <algorithm>

#include "tests/support/images.h"

namespace miniatura::pictures {
namespace {

using namespace std::string_view_literals;

Bytes number_16(int value) { return little_endian(static_cast<std::uint32_t>(value), 2); }

// Codes of 8 bits alone: the decoder is told to forget before it would take 9.
Bytes gif_pixels(int count, int colour) {
  constexpr int kBetweenClears = 100;
  constexpr char kClear = '\x80', kEnd = '\x81';
  Bytes codes;
  for (int i = 0; i < count; ++i) {
    if (i % kBetweenClears == 0) codes.push_back(kClear);
    codes.push_back(static_cast<char>(colour));
  }
  codes.push_back(kEnd);
  Bytes blocks = "\x07";
  for (std::size_t at = 0; at < codes.size(); at += 255) {
    const Bytes block = codes.substr(at, 255);
    blocks.push_back(static_cast<char>(block.size()));
    blocks += block;
  }
  return blocks + Bytes(1, '\0');
}

}  // namespace

Bytes gif(int screen_width, int screen_height, const std::vector<GifFrame>& frames) {
  Bytes bytes = "GIF89a" + number_16(screen_width) + number_16(screen_height) + Bytes("\xF6\0\0"sv);
  Bytes table(384, '\0');
  std::size_t at = 0;
  for (const Colour& colour : {kRed, kGreen, kBlue, kYellow}) {
    for (const std::uint8_t part : colour) table[at++] = static_cast<char>(part);
  }
  bytes += table;
  for (const GifFrame& frame : frames) {
    bytes += "\x21\xF9\x04";
    bytes.push_back(static_cast<char>(frame.disposal << 2 | (frame.transparent >= 0 ? 1 : 0)));
    bytes += number_16(10);
    bytes.push_back(static_cast<char>(std::max(0, frame.transparent)));
    bytes += Bytes("\0,"sv) + number_16(frame.left) + number_16(frame.top) +
             number_16(frame.width) + number_16(frame.height) + Bytes(1, '\0');
    bytes += gif_pixels(frame.width * frame.height, frame.colour);
  }
  return bytes + ";";
}

Bytes tiff(const std::vector<TiffEntry>& entries, std::uint32_t next_directory) {
  constexpr std::uint32_t kPixelBytes = 64;
  Bytes bytes = Bytes("II*\0"sv) + little_endian(8 + kPixelBytes, 4) + Bytes(kPixelBytes, '\0');
  bytes += number_16(static_cast<int>(entries.size()));
  for (const TiffEntry& entry : entries) {
    bytes += little_endian(entry.tag, 2) + little_endian(entry.type, 2) +
             little_endian(entry.count, 4) + little_endian(entry.value, 4);
  }
  return bytes + little_endian(next_directory, 4);
}

std::vector<TiffEntry> tiff_of_grey() {
  return {{256, 3, 1, 4}, {257, 3, 1, 4}, {258, 3, 1, 8}, {259, 3, 1, 1}, {262, 3, 1, 1},
          {273, 4, 1, 8}, {277, 3, 1, 1}, {278, 3, 1, 4}, {279, 4, 1, 16}};
}

Bytes box(std::string_view type, ByteView body) {
  return big_endian(static_cast<std::uint32_t>(body.size() + 8), 4) + Bytes(type) + Bytes(body);
}

Bytes heif_start(std::string_view brand, const std::vector<Bytes>& properties) {
  Bytes all;
  Bytes indices;
  for (const Bytes& property : properties) {
    all += property;
    indices.push_back(static_cast<char>(indices.size() + 1));
  }
  const Bytes full(4, '\0');
  const Bytes associations = full + big_endian(1, 4) + big_endian(1, 2) +
                             Bytes(1, static_cast<char>(properties.size())) + indices;
  const Bytes meta = full + box("pitm", full + big_endian(1, 2)) +
                     box("iprp", box("ipco", all) + box("ipma", associations));
  return box("ftyp", Bytes(brand) + Bytes(4, '\0') + "mif1" + Bytes(brand)) + box("meta", meta);
}

Bytes ispe(std::uint32_t width, std::uint32_t height) {
  return box("ispe", Bytes(4, '\0') + big_endian(width, 4) + big_endian(height, 4));
}

}  // namespace miniatura::pictures
