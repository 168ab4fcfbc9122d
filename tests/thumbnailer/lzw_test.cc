#include "thumbnailer/lzw.h"

#include <gtest/gtest.h>

#include <vector>

namespace miniatura {
namespace {

using namespace std::string_literals;

// Codes, the least bit first, in one sub-block; `bits` of each.
Bytes stream(char least_bits, const std::vector<std::pair<unsigned, unsigned>>& codes) {
  Bytes packed;
  unsigned pending = 0;
  unsigned used = 0;
  for (const auto& [code, bits] : codes) {
    pending |= code << used;
    for (used += bits; used >= 8; used -= 8, pending >>= 8U) packed += static_cast<char>(pending);
  }
  if (used > 0) packed += static_cast<char>(pending);
  return Bytes(1, least_bits) + static_cast<char>(packed.size()) + packed + '\0';
}

std::vector<int> read(const Bytes& bytes, bool broken = false) {
  LzwReader reader(bytes, 0);
  std::vector<int> numbers;
  while (const auto number = reader.next()) numbers.push_back(*number);
  EXPECT_EQ(reader.is_broken(), broken);
  return numbers;
}

TEST(lzw, gives_literals_and_ends) {
  EXPECT_EQ(read(stream(2, {{4, 3}, {1, 3}, {3, 3}, {5, 3}, {2, 3}})), (std::vector<int>{1, 3}));
}

TEST(lzw, gives_what_a_code_stands_for_and_grows_by_a_bit) {
  // 6 is "1 3" and 7 "3 1"; with them the codes of 3 bits are all taken.
  EXPECT_EQ(read(stream(2, {{4, 3}, {1, 3}, {3, 3}, {6, 3}, {7, 4}, {5, 4}})),
            (std::vector<int>{1, 3, 1, 3, 3, 1}));
}

TEST(lzw, knows_the_code_that_is_about_to_be) {
  EXPECT_EQ(read(stream(2, {{4, 3}, {1, 3}, {6, 3}, {7, 3}, {5, 4}})),
            (std::vector<int>{1, 1, 1, 1, 1, 1}));
}

TEST(lzw, begins_anew_after_a_clear) {
  EXPECT_EQ(read(stream(2, {{4, 3}, {1, 3}, {2, 3}, {4, 3}, {3, 3}, {0, 3}, {6, 3}, {5, 4}})),
            (std::vector<int>{1, 2, 3, 0, 3, 0}));
}

TEST(lzw, keeps_on_where_the_table_is_full) {
  std::vector<std::pair<unsigned, unsigned>> codes = {{4, 3}};
  std::vector<int> expected;
  unsigned next = 6;
  unsigned bits = 3;
  Bytes bytes = "\x02"s;
  for (int i = 0; i < 5000; ++i) {
    codes.emplace_back(i % 4, bits);
    expected.push_back(i % 4);
    if (i > 0 && next < 4096 && ++next == 1U << bits && bits < 12) ++bits;
  }
  codes.emplace_back(5, bits);
  // In sub-blocks of 255.
  Bytes packed;
  unsigned pending = 0;
  unsigned used = 0;
  for (const auto& [code, width] : codes) {
    pending |= code << used;
    for (used += width; used >= 8; used -= 8, pending >>= 8U) packed += static_cast<char>(pending);
  }
  packed += static_cast<char>(pending);
  for (std::size_t at = 0; at < packed.size(); at += 255) {
    const Bytes block = packed.substr(at, 255);
    bytes += static_cast<char>(block.size()) + block;
  }
  EXPECT_EQ(read(bytes + '\0'), expected);
}

TEST(lzw, refuses_what_stands_for_nothing) {
  read(stream(2, {{4, 3}, {6, 3}}), true);
  read(stream(2, {{4, 3}, {1, 3}, {7, 3}}), true);
  read(stream(0, {{1, 3}}), true);
  read(stream(9, {{1, 3}}), true);
  read("", true);
}

TEST(lzw, ends_where_the_bytes_do) {
  const Bytes whole = stream(2, {{4, 3}, {1, 3}, {3, 3}, {6, 3}, {7, 4}, {5, 4}});
  for (std::size_t size = 1; size < whole.size(); ++size) {
    LzwReader reader(ByteView(whole).substr(0, size), 0);
    int count = 0;
    while (reader.next()) ++count;
    EXPECT_LE(count, 40);
  }
}

}  // namespace
}  // namespace miniatura
