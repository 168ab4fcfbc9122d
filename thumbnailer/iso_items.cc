#include "thumbnailer/iso_items.h"

#include <algorithm>
#include <utility>

#include "thumbnailer/byte_order.h"
#include "thumbnailer/iso_box.h"

namespace miniatura {
namespace {

constexpr std::size_t kItemsMax = 10'000;

ByteView body_of(ByteView boxes, ByteView type) {
  while (const auto box = next_box(boxes)) {
    if (box->type == type) return box->body;
  }
  return {};
}

// Numbers and types of `iinf` (8.11.6), ordered by number.
std::vector<std::pair<std::uint32_t, ByteView>> types_of(ByteView item_infos) {
  std::vector<std::pair<std::uint32_t, ByteView>> types;
  ByteView entries = slice(item_infos, kFullBoxBytes + (byte_at(item_infos, 0) == 0 ? 2 : 4));
  while (const auto entry = next_box(entries)) {
    const std::uint32_t version = byte_at(entry->body, 0);
    if (entry->type != "infe" || version < 2 || types.size() == kItemsMax) continue;
    const bool wide = version > 2;
    types.emplace_back(wide ? big_endian_32(entry->body, kFullBoxBytes)
                            : big_endian_16(entry->body, kFullBoxBytes),
                       slice(entry->body, kFullBoxBytes + (wide ? 4 : 2) + 2, 4));
  }
  std::stable_sort(types.begin(), types.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return types;
}

// Numbers one after the other, of 0 to 15 bytes each.
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

}  // namespace

std::vector<IsoItem> iso_items(ByteView file, ByteView meta) {
  const auto types = types_of(body_of(meta, "iinf"));
  const ByteView locations = body_of(meta, "iloc");
  const std::uint32_t version = byte_at(locations, 0);
  Numbers numbers(slice(locations, kFullBoxBytes));
  const std::uint64_t sizes = numbers.next(2);
  const std::size_t offset_bytes = sizes >> 12U & 15U, length_bytes = sizes >> 8U & 15U;
  const std::size_t base_bytes = sizes >> 4U & 15U, index_bytes = version > 0 ? sizes & 15U : 0;
  const std::uint64_t count = numbers.next(version < 2 ? 2 : 4);
  std::vector<IsoItem> items;
  while (items.size() < std::min<std::uint64_t>(count, kItemsMax) && !numbers.ended()) {
    IsoItem item;
    item.id = static_cast<std::uint32_t>(numbers.next(version < 2 ? 2 : 4));
    const bool in_file = (version > 0 ? numbers.next(2) & 15U : 0) == 0;
    const bool in_this_file = numbers.next(2) == 0;
    const std::uint64_t base = numbers.next(base_bytes);
    const std::uint64_t extents = numbers.next(2);
    if (extents == 1) {
      numbers.skip(index_bytes);
      const std::uint64_t at = base + numbers.next(offset_bytes);
      const std::uint64_t length = numbers.next(length_bytes);
      item.whole = in_file && in_this_file && at <= file.size() && length <= file.size() - at;
      if (item.whole) {
        item.bytes = file.substr(static_cast<std::size_t>(at), static_cast<std::size_t>(length));
      }
    } else {
      numbers.skip(extents * (index_bytes + offset_bytes + length_bytes));
    }
    const auto type =
        std::lower_bound(types.begin(), types.end(), item.id,
                         [](const auto& entry, std::uint32_t id) { return entry.first < id; });
    if (type != types.end() && type->first == item.id) item.type = type->second;
    items.push_back(item);
  }
  return items;
}

}  // namespace miniatura
