#include "thumbnailer/codecs/jpeg/jpeg_huffman.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>

namespace miniatura {
namespace {

// The length of each symbol's code.
std::map<int, int> lengths_of(const HuffmanTable& table) {
  std::map<int, int> lengths;
  std::size_t place = 0;
  for (std::size_t length = 1; length < table.counts.size(); ++length) {
    for (int i = 0; i < table.counts.at(length); ++i) {
      lengths[table.symbols.at(place++)] = static_cast<int>(length);
    }
  }
  return lengths;
}

// How much of all codes is taken, in codes of 16 bits.
int taken(const HuffmanTable& table) {
  int sum = 0;
  for (unsigned length = 1; length <= 16; ++length) {
    sum += table.counts.at(length) << (16U - length);
  }
  return sum;
}

HuffmanTable sampled(std::initializer_list<std::pair<std::size_t, std::uint8_t>> codes) {
  HuffmanTable table;
  std::size_t place = 0;
  for (const auto& [length, symbol] : codes) {
    ++table.counts.at(length);
    table.symbols.at(place++) = symbol;
  }
  return table;
}

void expect_whole(const HuffmanTable& table, std::size_t symbols) {
  EXPECT_EQ(lengths_of(table).size(), symbols);
  EXPECT_EQ(std::accumulate(table.counts.begin(), table.counts.end(), std::size_t{0}), symbols);
  EXPECT_EQ(table.counts[0], 0);
  // All of them but the code of all ones.
  const int left = (1 << 16) - taken(table);
  EXPECT_GE(left, 1);
  EXPECT_EQ(left & (left - 1), 0) << "one code is left, of whatever length";
}

TEST(jpeg_huffman, has_codes_for_all_symbols_of_a_part_without_any) {
  expect_whole(completed({}, HuffmanKind::dc), 12);
  expect_whole(completed({}, HuffmanKind::ac), 162);
}

TEST(jpeg_huffman, keeps_the_common_ones_short) {
  const auto lengths = lengths_of(
      completed(sampled({{1, 0x01}, {2, 0x00}, {3, 0x02}, {5, 0x11}, {5, 0xF0}}), HuffmanKind::ac));
  EXPECT_EQ(lengths.at(0x01), 1);
  EXPECT_EQ(lengths.at(0x00), 2);
  EXPECT_EQ(lengths.at(0x02), 3);
  EXPECT_LE(lengths.at(0x11), 6);
  EXPECT_LE(lengths.at(0xF0), 6);
  EXPECT_GE(lengths.at(0xFA), 10);
}

TEST(jpeg_huffman, makes_no_code_longer_than_sixteen) {
  HuffmanTable skewed;  // one of each length
  for (std::size_t length = 1; length <= 16; ++length) {
    skewed.counts.at(length) = 1;
    skewed.symbols.at(length - 1) = static_cast<std::uint8_t>((length - 1) << 4U | 1U);
  }
  const HuffmanTable table = completed(skewed, HuffmanKind::ac);
  expect_whole(table, 162);
  EXPECT_EQ(lengths_of(table).at(0x01), 1);
  expect_whole(completed(skewed, HuffmanKind::dc), 12);
}

TEST(jpeg_huffman, takes_no_harm_from_a_table_that_is_none) {
  HuffmanTable broken;
  broken.counts.fill(255);
  expect_whole(completed(broken, HuffmanKind::ac), 162);
}

}  // namespace
}  // namespace miniatura
