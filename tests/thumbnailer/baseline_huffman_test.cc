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
  const std::array<std::tuple<std::uint32_t, int, int>, 8> expected = {{{0, 0, 0},
                                                                        {0, 1, -1},
                                                                        {1, 1, 1},
                                                                        {0, 3, -7},
                                                                        {3, 3, -4},
                                                                        {4, 3, 4},
                                                                        {0, 15, -32767},
                                                                        {0x7FFF, 15, 32767}}};
  for (const auto& [bits, size, value] : expected) EXPECT_EQ(extended(bits, size), value);
}

TEST(BaselineHuffman, gives_a_difference_with_its_code) {
  const auto code = CodeTable::of(staircase({3, 0, 11}));
  ASSERT_TRUE(code);
  const DcTable table(*code);
  // 00 101 is 5.
  EXPECT_EQ(table.entries[0b00'101'00000].difference, 5);
  EXPECT_EQ(table.entries[0b00'101'11111].bits, 5);
  EXPECT_EQ(table.entries[0b01'000'00000].bits, 2);
  EXPECT_EQ(table.entries[0b01'000'00000].difference, 0);
  EXPECT_EQ(table.entries[0b10'000'00000].bits, 0);  // 13 bits do not fit
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
  expect(0b00'11111111111, 2, SkipTable::kEnd);
  expect(0b01'1'01'0'00'11111, 8, 3 + 3 + SkipTable::kEnd);
  expect(0b10'10'10'00'11111, 8, 48 + SkipTable::kEnd);
  // A fourth run would lead beyond the block: it is looked at when its place is known.
  expect(0b10'10'10'10'00'000, 6, 48);
  expect(0b1110'000000000, 14, 1);  // its value's last bit is not seen, and need not be
  expect(0b01'0'110'0000'110, 3 + 7 + 3 + 4, 3 + 1 + 1);
  expect(0b1111'000000000, 0, 255);
}

}  // namespace
}  // namespace miniatura::baseline
