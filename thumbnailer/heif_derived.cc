#include "thumbnailer/heif_derived.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "thumbnailer/byte_order.h"
#include "thumbnailer/iso_box.h"

namespace miniatura {
namespace {

struct Derivation {
  std::uint32_t item = 0;
  std::uint32_t from = 0;
  bool alpha = false;  // or whatever else is auxiliary: not derived, but decoded with it
};

bool by_item(const Derivation& a, const Derivation& b) { return a.item < b.item; }

// As `iref` (ISO/IEC 14496-12, 8.11.12) tells them; no more than there are bytes.
void append_derivations(ByteView references, std::vector<Derivation>& all) {
  const bool wide = byte_at(references, 0) != 0;
  const std::size_t id_bytes = wide ? 4 : 2;
  ByteView rest = slice(references, kFullBoxBytes);
  while (const auto box = next_box(rest)) {
    const bool alpha = box->type == "auxl";
    if (box->type != "dimg" && !alpha) continue;
    const auto id_at = [&](std::size_t at) {
      return wide ? big_endian_32(box->body, at) : big_endian_16(box->body, at);
    };
    const std::uint32_t count = big_endian_16(box->body, id_bytes);
    std::size_t at = id_bytes + 2;
    for (std::uint32_t i = 0; i < count && at < box->body.size(); ++i, at += id_bytes) {
      // What is auxiliary names the picture that it belongs to, which needs it.
      all.push_back(alpha ? Derivation{id_at(at), id_at(0), true}
                          : Derivation{id_at(0), id_at(at)});
    }
  }
}

// Those of the whole file, by item.
std::vector<Derivation> derivations_of(ByteView meta) {
  std::vector<Derivation> all;
  while (const auto box = next_box(meta)) {
    if (box->type == "iref") append_derivations(box->body, all);
  }
  std::sort(all.begin(), all.end(), by_item);
  return all;
}

// The most steps that there are among the pictures that are decoded for another.
constexpr int kStepsMax = 3;

// Does an item lie more than so many steps above another?
bool is_deeper(const std::vector<Derivation>& all, int steps) {
  // Whatever derives at all, then what derives from these, and so on; in their order.
  std::vector<std::uint32_t> high;
  for (const Derivation& one : all) high.push_back(one.item);
  for (int i = 0; i < steps; ++i) {
    std::vector<std::uint32_t> higher;
    for (const Derivation& one : all) {
      if (std::binary_search(high.begin(), high.end(), one.from)) higher.push_back(one.item);
    }
    high = std::move(higher);
  }
  return !high.empty();
}

}  // namespace

bool derives_in_circles(ByteView meta) {
  std::vector<Derivation> all = derivations_of(meta);
  if (is_deeper(all, kStepsMax)) return true;
  all.erase(std::remove_if(all.begin(), all.end(), [](const auto& one) { return one.alpha; }),
            all.end());
  return is_deeper(all, kStepsMax - 1);
}

std::uint64_t derived_items(ByteView meta) {
  const std::vector<Derivation> all = derivations_of(meta);
  constexpr std::uint64_t kMost = 1'000'000'000;
  // Of each derivation's item, as many as it takes; known for one step more with each round.
  std::vector<std::uint64_t> counts(all.size(), 0);
  for (int i = 0; i < kStepsMax; ++i) {
    std::vector<std::uint64_t> next(all.size(), 0);
    for (std::size_t begin = 0; begin < all.size();) {
      std::size_t end = begin;
      std::uint64_t count = 0;
      for (; end < all.size() && all[end].item == all[begin].item; ++end) {
        const auto below =
            std::lower_bound(all.begin(), all.end(), Derivation{all[end].from, 0}, by_item);
        const bool derives = below != all.end() && below->item == all[end].from;
        count += 1 + (derives ? counts[static_cast<std::size_t>(below - all.begin())] : 0);
        count = std::min(count, kMost);
      }
      std::fill(next.begin() + static_cast<std::ptrdiff_t>(begin),
                next.begin() + static_cast<std::ptrdiff_t>(end), count);
      begin = end;
    }
    counts = std::move(next);
  }
  return counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
}

}  // namespace miniatura
