#include "thumbnailer/codecs/jpeg/baseline_huffman.h"

#include <algorithm>

namespace miniatura::baseline {
namespace {

// An index of a table, as the next bits; those behind it are not known, and read as 0.
template <int kBits>
Symbol first_symbol(const CodeTable& code, std::uint32_t index) {
  const Symbol symbol = code.find(index << (CodeTable::kBitsMax - kBits));
  return symbol.length <= kBits ? symbol : Symbol{};
}

// The symbol behind the first `begin` bits of an index, where its code is seen whole.
template <int kBits>
Symbol symbol_behind(const CodeTable& code, std::uint32_t index, int begin) {
  if (begin >= kBits) return {};
  const Symbol symbol = first_symbol<kBits>(code, index << begin & ((1U << kBits) - 1));
  return begin + symbol.length <= kBits ? symbol : Symbol{};
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
    const Symbol symbol = first_symbol<kBits>(code, index);
    if (symbol.length == 0) continue;
    entries[index] = {static_cast<std::uint8_t>(symbol.length + symbol.size()),
                      static_cast<std::uint8_t>(symbol.length << 4 | symbol.size())};
  }
}

CoefficientTable::CoefficientTable(const CodeTable& its_code) : code(its_code) {
  for (std::uint32_t index = 0; index < entries.size(); ++index) {
    const Symbol first = first_symbol<kBits>(code, index);
    if (first.length == 0) continue;
    int bits = first.length + first.size();
    int coefficients = first.coefficients();
    int second_before = 0;
    int second_size = 0;
    if (!first.is_end()) {
      Symbol next = symbol_behind<kBits>(code, index, bits);
      if (next.length != 0 && !next.is_end()) {
        second_before = bits + next.length;
        second_size = next.size();
        bits = second_before + second_size;
        coefficients += next.coefficients();
        next = symbol_behind<kBits>(code, index, bits);
      }
      if (next.length != 0 && next.is_end()) {
        bits += next.length;
        coefficients += kEnd;
      }
    }
    entries[index].packed = static_cast<std::uint32_t>(
        bits | coefficients << 5 | first.run() << 12 | first.length << 16 | first.size() << 20 |
        second_before << 24 | static_cast<int>(static_cast<unsigned>(second_size) << 28U));
  }
}

SkipTable::SkipTable(const CodeTable& its_code) : code(its_code) {
  for (std::uint32_t index = 0; index < entries.size(); ++index) {
    Symbol symbol = first_symbol<kBits>(code, index);
    if (symbol.length == 0) continue;
    int bits = 0;
    int coefficients = 0;
    while (symbol.length != 0 && coefficients + symbol.coefficients() % kEnd < kLastPlace) {
      bits += symbol.length + symbol.size();
      coefficients += symbol.coefficients();
      if (symbol.is_end()) break;
      symbol = symbol_behind<kBits>(code, index, bits);
    }
    entries[index] = {static_cast<std::uint8_t>(bits), static_cast<std::uint8_t>(coefficients)};
  }
}

}  // namespace miniatura::baseline
