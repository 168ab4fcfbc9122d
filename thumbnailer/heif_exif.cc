#include "thumbnailer/heif_exif.h"

#include <optional>

#include "thumbnailer/byte_order.h"
#include "thumbnailer/iso_box.h"

namespace miniatura {
namespace {

std::uint32_t version_of(const IsoBox& box) { return byte_at(box.body, 0); }

ByteView body_of(ByteView boxes, ByteView type) {
  while (const auto box = next_box(boxes)) {
    if (box->type == type) return box->body;
  }
  return {};
}

// The number of the first item of that type (`iinf`, 14496-12, 8.11.6).
std::optional<std::uint32_t> item_of_type(ByteView item_infos, ByteView type) {
  ByteView entries = slice(item_infos, kFullBoxBytes + (byte_at(item_infos, 0) == 0 ? 2 : 4));
  while (const auto entry = next_box(entries)) {
    if (entry->type != "infe" || version_of(*entry) < 2) continue;
    const bool wide = version_of(*entry) > 2;
    const std::size_t after_id = kFullBoxBytes + (wide ? 4 : 2);
    if (slice(entry->body, after_id + 2, 4) != type) continue;
    return wide ? big_endian_32(entry->body, kFullBoxBytes)
                : big_endian_16(entry->body, kFullBoxBytes);
  }
  return std::nullopt;
}

// Numbers one after the other, of 0 to 8 bytes each.
class Numbers {
 public:
  explicit Numbers(ByteView bytes) : bytes_(bytes) {}
  std::uint64_t next(std::size_t count) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < count; ++i) number = number << 8U | byte_at(bytes_, at_++);
    return number;
  }
  void skip(std::uint64_t count) { at_ += static_cast<std::size_t>(count); }
  bool ended() const { return at_ >= bytes_.size(); }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
};

// The bytes of an item (`iloc`, 14496-12, 8.11.3), if they are one piece of this very file.
ByteView item_bytes(ByteView file, ByteView locations, std::uint32_t wanted) {
  const std::uint32_t version = byte_at(locations, 0);
  Numbers numbers(slice(locations, kFullBoxBytes));
  const std::uint64_t sizes = numbers.next(2);
  const std::size_t offset_bytes = sizes >> 12U & 15U, length_bytes = sizes >> 8U & 15U;
  const std::size_t base_bytes = sizes >> 4U & 15U, index_bytes = version > 0 ? sizes & 15U : 0;
  const std::uint64_t items = numbers.next(version < 2 ? 2 : 4);
  for (std::uint64_t i = 0; i < items && !numbers.ended(); ++i) {
    const std::uint64_t id = numbers.next(version < 2 ? 2 : 4);
    const bool in_file = (version > 0 ? numbers.next(2) & 15U : 0) == 0;
    const bool in_this_file = numbers.next(2) == 0;
    const std::uint64_t base = numbers.next(base_bytes);
    const std::uint64_t extents = numbers.next(2);
    if (id != wanted) {
      numbers.skip(extents * (index_bytes + offset_bytes + length_bytes));
      continue;
    }
    if (extents != 1 || !in_file || !in_this_file) return {};
    numbers.skip(index_bytes);
    const std::uint64_t at = base + numbers.next(offset_bytes);
    const std::uint64_t length = numbers.next(length_bytes);
    if (at > file.size() || length > file.size() - at) return {};
    return file.substr(static_cast<std::size_t>(at), static_cast<std::size_t>(length));
  }
  return {};
}

}  // namespace

ByteView heif_exif(ByteView file, ByteView meta) {
  const auto item = item_of_type(body_of(meta, "iinf"), "Exif");
  if (!item) return {};
  const ByteView bytes = item_bytes(file, body_of(meta, "iloc"), *item);
  // First stands how far behind this number the TIFF structure begins.
  return slice(bytes, std::size_t{4} + big_endian_32(bytes, 0));
}

}  // namespace miniatura
