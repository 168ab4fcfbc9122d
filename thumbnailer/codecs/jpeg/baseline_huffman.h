// Tables that turn the next bits of a JPEG's scan into what they mean (ITU-T T.81, annexes C, F.2).
//
// A symbol of a scan is a Huffman code, which names a number of bits, and those bits: a difference
// of DC, or a coefficient behind a run of zeros. Four tables, each looked up by the bits that come
// next, each made from one HuffmanCode:
//   CodeTable         any code alone: its symbol and its length. The others fall back on it.
//   DcTable           a difference of DC: how many bits it takes, and which of them are its
//   value's. CoefficientTable  the same for up to two coefficients, and the block's end behind
//   them. SkipTable         how far as many symbols as are seen lead, in coefficients and in bits.
// Only codes need to be seen whole. Where their values' bits lie is then known, also behind those
// that were looked up, and taking them out need not be over when the next look is taken: the time
// of a scan is that of one look after another, so the fewer looks, the better.
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

// How many coefficients are passed over, as the tables have it: up to 62, and kEnd besides, if the
// block ends then. kLong, of a code that is not seen whole, is 63 and the end: since a block's
// first is DC, that leads beyond its last in any case.
constexpr int kEnd = 64;
constexpr int kLong = kEnd + 63;
constexpr int kLastPlace = 63;  // of a block's coefficients

// A symbol and the length of its code in bits. Length 0: these bits are no code's.
struct Symbol {
  int length = 0;
  int value = 0;

  int size() const { return value & 15; }  // of its value, in bits
  int run() const { return value >> 4; }   // of zeros before it
  // Neither value nor the run of sixteen zeros.
  bool is_end() const { return size() == 0 && run() != 15; }
  int coefficients() const { return is_end() ? kEnd : run() + 1; }
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

// The value of `size` bits, which are behind the first `before` of `bits`, counted from the top
// (T.81, F.2.2.1): a leading 0 stands for a negative one. Sizes to 15; of none it is 0.
inline int value_in(std::uint64_t bits, unsigned before, unsigned size) {
  const std::uint64_t top = bits << before;
  const std::uint64_t negative = top >> 63U == 0 ? ~std::uint64_t{0} : 0;
  const std::uint64_t magnitude = (top ^ negative) >> 1U >> (63U - size);
  return static_cast<int>(static_cast<std::int64_t>((magnitude ^ negative) - negative));
}

struct DcTable {
  static constexpr int kBits = 10;
  struct Entry {
    std::uint8_t bits = 0;  // of code and value; 0: a longer code
    std::uint8_t code_and_size = 0;
    unsigned code_bits() const { return code_and_size >> 4U; }
    unsigned size() const { return code_and_size & 15U; }
  };
  explicit DcTable(const CodeTable& its_code);

  CodeTable code;
  std::array<Entry, 1U << kBits> entries{};
};

struct CoefficientTable {
  static constexpr int kBits = 12;
  // Of 32 bits, so that the tables of brightness and colour fit in the first cache.
  struct Entry {
    std::uint32_t packed = static_cast<std::uint32_t>(kLong) << 5U;

    int bits() const { return static_cast<int>(packed & 31U); }  // that it takes, 27 at most
    int coefficients() const { return static_cast<int>(packed >> 5U & 127U); }
    // The first: how many zeros are before it, how many bits before its value's, and of its value.
    int run() const { return static_cast<int>(packed >> 12U & 15U); }
    unsigned first_before() const { return packed >> 16U & 15U; }
    unsigned first_size() const { return packed >> 20U & 15U; }
    // The second, which is the last of the coefficients. Size 0: there is but one.
    unsigned second_before() const { return packed >> 24U & 15U; }
    unsigned second_size() const { return packed >> 28U; }
  };
  explicit CoefficientTable(const CodeTable& its_code);

  CodeTable code;
  std::array<Entry, 1U << kBits> entries{};
};

struct SkipTable {
  static constexpr int kBits = 13;
  static constexpr int kBitsMax = 28;  // that an entry takes: two of them fit in a filled BitReader
  struct Entry {
    std::uint8_t bits = 0;
    std::uint8_t coefficients = kLong;
  };
  explicit SkipTable(const CodeTable& its_code);

  CodeTable code;
  std::array<Entry, 1U << kBits> entries{};
};

}  // namespace miniatura::baseline
