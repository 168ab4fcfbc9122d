#include "thumbnailer/codecs/jpeg/baseline_huffman.h"

#include <gtest/gtest.h>

namespace miniatura::baseline {
namespace {

// 00, 01, 10, 110, 1110, …: up to 16 bits, for the symbols given.
HuffmanCode staircase(std::initializer_list<int> symbols) {
  HuffmanCode code;
  std::size_t place = 0;
  for (const int symbol : symbols) {
    ++code.counts[place < 3 ? 2 : place];
    code.symbols[place++] = static_cast<std::uint8_t>(symbol);
  }
  return code;
}

constexpr int kEndOfBlock = 0x00;

TEST(BaselineHuffman, finds_symbols_by_the_bits_that_come_next) {
  const auto table = CodeTable::of(staircase({5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}));
  ASSERT_TRUE(table);
  const std::array<std::tuple<std::uint32_t, int, int>, 6> expected = {{{0x0000, 2, 5},
                                                                        {0x7FFF, 2, 6},
                                                                        {0xC000, 3, 8},
                                                                        {0xDFFF, 3, 8},
                                                                        {0xFF80, 10, 15},
                                                                        {0xFFF0, 13, 18}}};
  for (const auto& [next, length, value] : expected) {
    EXPECT_EQ(table->find(next).length, length) << next;
    EXPECT_EQ(table->find(next).value, value) << next;
  }
  EXPECT_EQ(table->find(0xFFF8).length, 0);
  EXPECT_EQ(table->find(0xFFFF).length, 0);
}

TEST(BaselineHuffman, knows_codes_from_none) {
  HuffmanCode code;
  EXPECT_TRUE(CodeTable::of(code));  // of nothing: each bit is none
  code.counts[1] = 1;
  EXPECT_TRUE(CodeTable::of(code));
  code.counts[1] = 2;  // 1 is of ones alone
  EXPECT_FALSE(CodeTable::of(code));
  code.counts[1] = 0;
  code.counts[2] = 3;
  EXPECT_TRUE(CodeTable::of(code));
  code.counts[16] = 255;  // and 3 are 258
  EXPECT_FALSE(CodeTable::of(code));
  code.counts[16] = 253;
  EXPECT_TRUE(CodeTable::of(code));
}

TEST(BaselineHuffman, extends_a_leading_0_to_a_negative_number) {
  // The bits, how many of them, their value.
  const std::array<std::tuple<std::uint64_t, unsigned, int>, 8> expected = {{{0, 0, 0},
                                                                             {0, 1, -1},
                                                                             {1, 1, 1},
                                                                             {0, 3, -7},
                                                                             {3, 3, -4},
                                                                             {4, 3, 4},
                                                                             {0, 15, -32767},
                                                                             {0x7FFF, 15, 32767}}};
  for (const auto& [bits, size, value] : expected) {
    for (const unsigned before : {0U, 9U}) {
      for (const std::uint64_t other : {std::uint64_t{0}, ~std::uint64_t{0}}) {
        // `before` bits of others, then `size` of the value, then others.
        const std::uint64_t value_bits = bits << 1U << (63 - before - size);
        const std::uint64_t mask = ((std::uint64_t{1} << size) - 1) << 1U << (63 - before - size);
        EXPECT_EQ(value_in(value_bits | (other & ~mask), before, size), value);
      }
    }
  }
}

TEST(BaselineHuffman, knows_where_a_differences_bits_are) {
  const auto code = CodeTable::of(staircase({3, 0, 11, 4, 4, 4, 4, 4, 4, 4, 4, 4}));
  ASSERT_TRUE(code);
  const DcTable table(*code);
  const auto expect = [&](std::uint32_t next, int bits, unsigned code_bits, unsigned size) {
    EXPECT_EQ(table.entries[next].bits, bits) << next;
    EXPECT_EQ(table.entries[next].code_bits(), code_bits) << next;
    EXPECT_EQ(table.entries[next].size(), size) << next;
  };
  expect(0b00'101'00000, 5, 2, 3);
  expect(0b00'101'11111, 5, 2, 3);
  expect(0b01'000'00000, 2, 2, 0);
  expect(0b10'000'00000, 13, 2, 11);
  expect(0b11'111'11110, 14, 10, 4);
  EXPECT_EQ(table.entries[0b11'111'11111].bits, 0);
}

TEST(BaselineHuffman, sees_up_to_two_coefficients_and_the_end) {
  // 00: the end; 01: a value of 1 bit behind 2 zeros; 10: sixteen zeros; 110: 4 bits; 1110: 10
  // bits.
  const auto code = CodeTable::of(staircase({kEndOfBlock, 0x21, 0xF0, 0x04, 0x0A}));
  ASSERT_TRUE(code);
  const CoefficientTable table(*code);
  struct Expected {
    std::uint32_t next;
    int bits, coefficients, run;
    unsigned first_before, first_size, second_before, second_size;
  };
  const std::array<Expected, 7> expected = {{
      {0b00'1111111111, 2, kEnd, 0, 2, 0, 0, 0},
      {0b01'1'00'1111111, 5, 3 + kEnd, 2, 2, 1, 0, 0},
      {0b01'1'01'0'00'1111, 8, 6 + kEnd, 2, 2, 1, 5, 1},
      {0b01'1'01'0'01'0'111, 6, 6, 2, 2, 1, 5, 1},
      {0b10'10'10'00'1111, 4, 32, 15, 2, 0, 4, 0},
      {0b110'0000'1110'0, 21, 2, 0, 3, 4, 11, 10},
      {0b1110'00000000, 14, 1, 0, 4, 10, 0, 0},
  }};
  for (const Expected& each : expected) {
    const CoefficientTable::Entry entry = table.entries[each.next];
    EXPECT_EQ(entry.bits(), each.bits) << each.next;
    EXPECT_EQ(entry.coefficients(), each.coefficients) << each.next;
    EXPECT_EQ(entry.run(), each.run) << each.next;
    EXPECT_EQ(entry.first_before(), each.first_before) << each.next;
    EXPECT_EQ(entry.first_size(), each.first_size) << each.next;
    EXPECT_EQ(entry.second_before(), each.second_before) << each.next;
    EXPECT_EQ(entry.second_size(), each.second_size) << each.next;
  }
  EXPECT_EQ(table.entries[0b1111'00000000].coefficients(), kLong);
}

TEST(BaselineHuffman, skips_as_many_symbols_as_are_seen) {
  // 00: the end; 01: a value of 1 bit behind 2 zeros; 10: sixteen zeros; 110: 4 bits; 1110: 10
  // bits.
  const auto code = CodeTable::of(staircase({kEndOfBlock, 0x21, 0xF0, 0x04, 0x0A}));
  ASSERT_TRUE(code);
  const SkipTable table(*code);
  const auto expect = [&](std::uint32_t next, int bits, int coefficients) {
    EXPECT_EQ(table.entries[next].bits, bits) << next;
    EXPECT_EQ(table.entries[next].coefficients, coefficients) << next;
  };
  expect(0b00'11111111111, 2, kEnd);
  expect(0b01'1'01'0'00'11111, 8, 3 + 3 + kEnd);
  expect(0b10'10'10'00'11111, 8, 48 + kEnd);
  // A fourth run would lead beyond the block: it is looked at when its place is known.
  expect(0b10'10'10'10'00'000, 6, 48);
  expect(0b1110'000000000, 14, 1);  // its value's last bit is not seen, and need not be
  expect(0b01'0'110'0000'110, 3 + 7 + 3 + 4, 3 + 1 + 1);
  expect(0b1111'000000000, 0, kLong);
}

}  // namespace
}  // namespace miniatura::baseline
