#include "thumbnailer/codecs/jpeg/baseline_bits.h"

#include <gtest/gtest.h>

namespace miniatura::baseline {
namespace {

using namespace std::string_literals;

// The bytes of the segment that `reader` is at the start of.
Bytes rest_of_segment(EntropyBytes& bytes, BitReader& reader) {
  Bytes got;
  for (;;) {
    if (bytes.is_low(reader)) {
      const auto fed = bytes.feed(reader);
      if (!fed) return "failed";
      reader = *fed;
    }
    reader.fill();
    const auto byte = static_cast<char>(reader.peek(8));
    reader.drop(8);
    if (bytes.ran_out(reader)) return got;
    got.push_back(byte);
  }
}

TEST(BaselineBits, takes_the_stuffing_out_and_stops_at_a_marker) {
  const std::array<std::pair<Bytes, Bytes>, 8> expected = {{{"abc", "abc"},
                                                            {"a\xFF\0b"s, "a\xFF"s + "b"},
                                                            {"a\xFF\xD9"s + "bc", "a"},
                                                            {"a\xFF\xFF\xFF\xD0z"s, "a"},
                                                            {"a\xFF\xFF\0z"s, "a\xFFz"},
                                                            {"a\xFF", "a"},
                                                            {"\xFF\0\xFF\0"s, "\xFF\xFF"},
                                                            {"", ""}}};
  for (const auto& [raw, unstuffed] : expected) {
    MemorySource source(raw);
    EntropyBytes bytes(source);
    auto reader = bytes.first_segment();
    ASSERT_TRUE(reader);
    EXPECT_EQ(rest_of_segment(bytes, *reader), unstuffed);
  }
}

TEST(BaselineBits, gives_more_than_its_buffers_hold) {
  for (const std::size_t shift : {0U, 1U, 2U}) {
    Bytes raw(shift, 'x');
    Bytes unstuffed = raw;
    for (int i = 0; i < 200'000; ++i) {
      const auto byte = static_cast<char>(i * 7 / 3);
      raw.push_back(byte);
      if (byte == '\xFF') raw.push_back('\0');
      unstuffed.push_back(byte);
    }
    MemorySource source(raw);
    EntropyBytes bytes(source);
    auto reader = bytes.first_segment();
    ASSERT_TRUE(reader);
    EXPECT_EQ(rest_of_segment(bytes, *reader), unstuffed);
  }
}

TEST(BaselineBits, gives_bits_from_the_top) {
  MemorySource source("\xA5\x0F\x80"s);
  EntropyBytes bytes(source);
  auto reader = bytes.first_segment();
  ASSERT_TRUE(reader);
  reader->fill();
  EXPECT_GE(reader->count, 56);
  EXPECT_EQ(reader->peek(4), 0xAU);
  reader->drop(3);
  EXPECT_EQ(reader->peek(7), 0b0010100U);
  reader->drop(13);
  EXPECT_EQ(reader->peek(1), 1U);
  reader->drop(8);
  EXPECT_FALSE(bytes.ran_out(*reader));
  reader->drop(1);
  EXPECT_TRUE(bytes.ran_out(*reader));
}

TEST(BaselineBits, goes_on_behind_the_restart_marker_that_should_come) {
  MemorySource source("abc\xFF\xD0"s + "de\xFF\0f"s + "\xFF\xFF\xD1gh\xFF\xD5"s + "ij");
  EntropyBytes bytes(source);
  auto reader = bytes.first_segment();
  ASSERT_TRUE(reader);
  reader = bytes.next_segment(0);  // what is left is passed over
  ASSERT_TRUE(reader);
  EXPECT_EQ(rest_of_segment(bytes, *reader), "de\xFF"s + "f");
  reader = bytes.next_segment(1);
  ASSERT_TRUE(reader);
  EXPECT_EQ(rest_of_segment(bytes, *reader), "gh");
  reader = bytes.next_segment(2);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().message, "JPEG: found marker 0xd5 instead of restart marker 2");
}

TEST(BaselineBits, misses_a_restart_marker_at_the_end) {
  MemorySource source("abc");
  EntropyBytes bytes(source);
  ASSERT_TRUE(bytes.first_segment());
  const auto reader = bytes.next_segment(0);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, ErrorCode::image_corrupt);
  EXPECT_EQ(reader.error().message, "JPEG: premature end before restart marker 0");
}

}  // namespace
}  // namespace miniatura::baseline
