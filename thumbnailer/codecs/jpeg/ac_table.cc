#include "thumbnailer/codecs/jpeg/ac_table.h"

namespace miniatura::baseline {
namespace {

AcTable::Entry entry_of(const CodeTable& code, std::uint32_t index, bool refines) {
  constexpr int kBits = AcTable::kBits;
  const Symbol symbol = code.find(index << (CodeTable::kBitsMax - kBits));
  const int bits = symbol.length + symbol.size();
  if (symbol.length == 0 || bits > kBits || (refines && symbol.size() > 1)) return {};
  const auto all_bits = static_cast<std::uint8_t>(bits);
  if (symbol.is_end()) {
    if (symbol.run() != 0) return {};
    return {all_bits, AcTable::kEnd, 0};
  }
  const int value =
      value_in(std::uint64_t{index} << (64 - kBits), static_cast<unsigned>(symbol.length),
               static_cast<unsigned>(symbol.size()));
  return {all_bits, static_cast<std::uint8_t>(symbol.run()), static_cast<std::int16_t>(value)};
}

}  // namespace

AcTable::AcTable(const CodeTable& its_code, int its_low, bool refines)
    : code(its_code), low(its_low) {
  for (std::uint32_t index = 0; index < entries.size(); ++index) {
    entries[index] = entry_of(code, index, refines);
    entries[index].value = static_cast<std::int16_t>(entries[index].value * (1 << low));
  }
}

}  // namespace miniatura::baseline
