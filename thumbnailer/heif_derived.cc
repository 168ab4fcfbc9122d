#include "thumbnailer/heif_derived.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "thumbnailer/byte_order.h"
#include "thumbnailer/iso_box.h"

namespace miniatura {
namespace {

struct Derivation {
  std::uint32_t item = 0;
  std::uint32_t from = 0;
};

// As `iref` (ISO/IEC 14496-12, 8.11.12) tells them; no more than there are bytes.
void append_derivations(ByteView references, std::vector<Derivation>& all) {
  const bool wide = byte_at(references, 0) != 0;
  const std::size_t id_bytes = wide ? 4 : 2;
  ByteView rest = slice(references, kFullBoxBytes);
  while (const auto box = next_box(rest)) {
    if (box->type != "dimg") continue;
    const auto id_at = [&](std::size_t at) {
      return wide ? big_endian_32(box->body, at) : big_endian_16(box->body, at);
    };
    const std::uint32_t count = big_endian_16(box->body, id_bytes);
    std::size_t at = id_bytes + 2;
    for (std::uint32_t i = 0; i < count && at < box->body.size(); ++i, at += id_bytes) {
      all.push_back({id_at(0), id_at(at)});
    }
  }
}

// Those of the whole file, by item.
std::vector<Derivation> derivations_of(ByteView meta) {
  std::vector<Derivation> all;
  while (const auto box = next_box(meta)) {
    if (box->type == "iref") append_derivations(box->body, all);
  }
  std::sort(all.begin(), all.end(),
            [](const Derivation& a, const Derivation& b) { return a.item < b.item; });
  return all;
}

bool holds(const std::vector<std::uint32_t>& ordered, std::uint32_t item) {
  return std::binary_search(ordered.begin(), ordered.end(), item);
}

}  // namespace

bool derives_in_circles(ByteView meta) {
  const std::vector<Derivation> all = derivations_of(meta);
  std::vector<std::uint32_t> derived;  // in their order, as `nested`
  for (const Derivation& one : all) derived.push_back(one.item);
  std::vector<std::uint32_t> nested;  // from derived ones
  for (const Derivation& one : all) {
    if (holds(derived, one.from)) nested.push_back(one.item);
  }
  return std::any_of(all.begin(), all.end(),
                     [&](const Derivation& one) { return holds(nested, one.from); });
}

std::uint64_t derived_items(ByteView meta) {
  const std::vector<Derivation> all = derivations_of(meta);
  // From one that is itself derived there is one step more, and no other.
  const auto from = [&](std::uint32_t item) {
    const auto [begin, end] =
        std::equal_range(all.begin(), all.end(), Derivation{item, 0},
                         [](const Derivation& a, const Derivation& b) { return a.item < b.item; });
    return static_cast<std::uint64_t>(end - begin);
  };
  std::uint64_t most = 0;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i == 0 || all[i].item != all[i - 1].item) count = 0;
    count += 1 + from(all[i].from);
    most = std::max(most, count);
  }
  return most;
}

}  // namespace miniatura
