#include "thumbnailer/codecs/jpeg/baseline_huffman.h"

#include <algorithm>

namespace miniatura::baseline {
namespace {

constexpr int kZeroRun = 0xF0;  // sixteen zeros, and no value

int size_of(int symbol) { return symbol & 15; }
int run_of(int symbol) { return symbol >> 4; }
bool ends_block(int symbol) { return size_of(symbol) == 0 && symbol != kZeroRun; }

// The `count` bits behind the first `begin` of an index of `width` bits.
std::uint32_t bits_of(std::uint32_t index, int width, int begin, int count) {
  return index >> (width - begin - count) & ((1U << count) - 1);
}
// The index as the next 16 bits, of which the last are not known and read as 0: only a code that
// lies within `width` bits is to be believed.
std::uint32_t as_next(std::uint32_t index, int width) {
  return index << (CodeTable::kBitsMax - width);
}

}  // namespace

std::optional<CodeTable> CodeTable::of(const HuffmanCode& code) {
  CodeTable table;
  table.symbols_ = code.symbols;
  std::uint32_t next = 0;
  std::uint32_t place = 0;
  for (int length = 1; length <= kBitsMax; ++length) {
    const auto at = static_cast<std::size_t>(length);
    table.offsets_[at] = static_cast<std::int32_t>(place) - static_cast<std::int32_t>(next);
    for (int i = 0; i < code.counts[at]; ++i, ++next, ++place) {
      if (place >= code.symbols.size() || next + 1 >= 1U << length) return std::nullopt;
      if (length > kBits) continue;
      const auto begin = table.quick_.begin() + (next << (kBits - length));
      std::fill_n(begin, 1U << (kBits - length),
                  static_cast<std::uint16_t>(length << 8 | code.symbols[place]));
    }
    table.limits_[at] = next << (kBitsMax - length);
    next <<= 1U;
  }
  return table;
}

Symbol CodeTable::find_long(std::uint32_t next) const {
  for (int length = kBits + 1; length <= kBitsMax; ++length) {
    const auto at = static_cast<std::size_t>(length);
    if (next >= limits_[at]) continue;
    const auto code = static_cast<std::int32_t>(next >> (kBitsMax - length));
    const std::int32_t place = code + offsets_[at];
    return {length, symbols_[static_cast<std::size_t>(place)]};
  }
  return {};
}

DcTable::DcTable(const CodeTable& its_code) : code(its_code) {
  for (std::uint32_t index = 0; index < entries.size(); ++index) {
    const Symbol symbol = code.find(as_next(index, kBits));
    const int size = size_of(symbol.value);
    if (symbol.length == 0 || symbol.length + size > kBits) continue;
    const std::uint32_t bits = bits_of(index, kBits, symbol.length, size);
    entries[index] = {static_cast<std::int16_t>(extended(bits, size)),
                      static_cast<std::uint8_t>(symbol.length + size)};
  }
}

CoefficientTable::CoefficientTable(const CodeTable& its_code) : code(its_code) {
  for (std::uint32_t index = 0; index < entries.size(); ++index) {
    const Symbol symbol = code.find(as_next(index, kBits));
    const int size = size_of(symbol.value);
    if (symbol.length == 0 || symbol.length + size > kBits) continue;
    const std::uint32_t bits = bits_of(index, kBits, symbol.length, size);
    entries[index] = {
        static_cast<std::int16_t>(extended(bits, size)),
        static_cast<std::uint8_t>(symbol.length + size),
        ends_block(symbol.value) ? kEnd : static_cast<std::uint8_t>(run_of(symbol.value))};
  }
}

SkipTable::SkipTable(const CodeTable& its_code) : code(its_code) {
  // First each index with its first symbol alone, then as many more as their codes are seen whole.
  constexpr Entry kLong = {0, 255};
  std::array<std::uint8_t, 1U << kBits> code_bits{};
  std::array<Entry, 1U << kBits> single{};
  for (std::uint32_t index = 0; index < entries.size(); ++index) {
    const Symbol symbol = code.find(as_next(index, kBits));
    const bool whole = symbol.length != 0 && symbol.length <= kBits;
    code_bits[index] = static_cast<std::uint8_t>(whole ? symbol.length : kBits + 1);
    single[index] = !whole ? kLong
                           : Entry{static_cast<std::uint8_t>(symbol.length + size_of(symbol.value)),
                                   static_cast<std::uint8_t>(
                                       ends_block(symbol.value) ? kEnd : run_of(symbol.value) + 1)};
  }
  for (std::uint32_t index = 0; index < entries.size(); ++index) {
    Entry entry = single[index];
    while (entry.bits < kBits && entry.coefficients < 64) {
      const std::uint32_t rest = index << entry.bits & ((1U << kBits) - 1);
      const Entry more = single[rest];
      const int coefficients = entry.coefficients + more.coefficients;
      if (entry.bits + code_bits[rest] > kBits || (coefficients & ~kEnd) > 63) break;
      entry = {static_cast<std::uint8_t>(entry.bits + more.bits),
               static_cast<std::uint8_t>(coefficients)};
    }
    entries[index] = entry;
  }
}

}  // namespace miniatura::baseline
