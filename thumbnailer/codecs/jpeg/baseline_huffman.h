// Tables that turn the next bits of a JPEG's scan into what they mean (ITU-T T.81, annexes C, F.2).
//
// A symbol of a scan is a Huffman code, which names a number of bits, and those bits: a difference
// of DC, or a coefficient behind a run of zeros. Four tables, each looked up by the bits that come
// next, each made from one HuffmanCode:
//   CodeTable    any code alone: its symbol and its length. The others fall back on it.
//   DcTable      code and difference at once, where both fit in its kBits.
//   CoefficientTable  the same for a coefficient: run, value, length.
//   SkipTable    how far as many whole symbols as fit in its kBits lead, in coefficients and in
//                bits; the values are not looked at, and the last one's bits may lie further on.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace miniatura::baseline {

// As DHT has it: how many codes there are of each length, and the symbols in the codes' order.
struct HuffmanCode {
  std::array<std::uint8_t, 17> counts{};  // [length], from 1
  std::array<std::uint8_t, 256> symbols{};
};

// A symbol and the length of its code in bits. Length 0: these bits are no code's.
struct Symbol {
  int length = 0;
  int value = 0;
};

class CodeTable {
 public:
  static constexpr int kBits = 9;
  static constexpr int kBitsMax = 16;  // of a code

  // Nothing where the code is none: more codes than their lengths have room for, or one of ones
  // alone, which libjpeg refuses, too.
  static std::optional<CodeTable> of(const HuffmanCode& code);

  // `next`: the next 16 bits.
  Symbol find(std::uint32_t next) const {
    const std::uint32_t quick = quick_[next >> (kBitsMax - kBits)];
    if (quick != 0) return {static_cast<int>(quick >> 8U), static_cast<int>(quick & 0xFFU)};
    return find_long(next);
  }

 private:
  CodeTable() = default;
  Symbol find_long(std::uint32_t next) const;

  std::array<std::uint16_t, 1U << kBits> quick_{};  // length << 8 | symbol; 0: a longer code
  std::array<std::uint32_t, 17>
      limits_{};  // [length]: the next 16 bits of such a code are below it
  std::array<std::int32_t, 17> offsets_{};  // [length]: from code to place in symbols_
  std::array<std::uint8_t, 256> symbols_{};
};

// The number that `size` bits code (T.81, F.2.2.1): a leading 0 stands for a negative one.
inline int extended(std::uint32_t bits, int size) {
  if (size == 0) return 0;
  const auto value = static_cast<int>(bits);
  return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
}

struct DcTable {
  static constexpr int kBits = 10;
  struct Entry {
    std::int16_t difference;
    std::uint8_t bits;  // of code and value; 0: longer than kBits
  };
  explicit DcTable(const CodeTable& its_code);

  CodeTable code;
  std::array<Entry, 1U << kBits> entries{};
};

struct CoefficientTable {
  static constexpr int kBits = 11;
  struct Entry {
    std::int16_t value;
    std::uint8_t bits;  // of code and value; 0: longer than kBits
    std::uint8_t run;   // of zeros before it; kEnd: the rest of the block is zero
  };
  static constexpr std::uint8_t kEnd = 64;
  explicit CoefficientTable(const CodeTable& its_code);

  CodeTable code;
  std::array<Entry, 1U << kBits> entries{};
};

struct SkipTable {
  static constexpr int kBits = 13;
  static constexpr int kBitsMax = 28;  // that an entry takes: two of them fit in a filled BitReader
  struct Entry {
    std::uint8_t bits;
    std::uint8_t coefficients;  // and kEnd, if the last symbol ends the block; 255: a longer code
  };
  static constexpr int kEnd = 128;
  explicit SkipTable(const CodeTable& its_code);

  CodeTable code;
  std::array<Entry, 1U << kBits> entries{};
};

}  // namespace miniatura::baseline
