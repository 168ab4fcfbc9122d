#include "thumbnailer/codecs/jpeg/scan_bytes.h"

#include <gtest/gtest.h>

namespace miniatura::baseline {
namespace {

using namespace std::string_literals;

// Gives `portion` bytes at a time.
class Portions : public ByteSource {
 public:
  Portions(Bytes bytes, std::size_t portion) : bytes_(std::move(bytes)), portion_(portion) {}

 private:
  Result<std::size_t> pull(std::span<char> buffer) override {
    const std::size_t count = std::min({buffer.size(), portion_, bytes_.size() - at_});
    bytes_.copy(buffer.data(), count, at_);
    at_ += count;
    return count;
  }
  Bytes bytes_;
  std::size_t portion_;
  std::size_t at_ = 0;
};

Bytes rest_of_scan(ScanBytes& bytes, std::size_t portion = 7) {
  Bytes scan;
  Bytes buffer(portion, '\0');
  for (;;) {
    const auto got = bytes.read(buffer);
    if (!got || *got == 0) return scan;
    scan.append(buffer, 0, *got);
  }
}

class ScanBytesIn : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(portions, ScanBytesIn, testing::Values(1, 2, 3, 5, 1000, 100'000));

TEST_P(ScanBytesIn, a_scan_ends_at_a_marker_that_is_neither_stuffing_nor_a_restart) {
  const Bytes first = "ab\xFF\0c\xFF\xD0"s + "d\xFF\xD7\xFF\0"s;
  Portions source(first +
                      "\xFF\xC4\0\4xy\xFF\xDA\0\3z"
                      "second\xFF\xFF\0\xFF\xD9more"s,
                  GetParam());
  ScanBytes bytes(source);
  EXPECT_EQ(rest_of_scan(bytes), first);
  EXPECT_EQ(rest_of_scan(bytes), "");
  EXPECT_EQ(bytes.next_marker().value(), 0xC4U);
  EXPECT_EQ(bytes.segment().value(), "xy");
  EXPECT_EQ(bytes.next_marker().value(), 0xDAU);
  EXPECT_EQ(bytes.segment().value(), "z");
  EXPECT_EQ(rest_of_scan(bytes), "second\xFF\xFF\0"s);
  EXPECT_EQ(bytes.next_marker().value(), 0xD9U);
  EXPECT_EQ(rest_of_scan(bytes), "more");
  EXPECT_EQ(bytes.next_marker().value(), 0U);
  EXPECT_EQ(bytes.next_marker().value(), 0U);
}

TEST_P(ScanBytesIn, passes_over_what_is_not_wanted) {
  const Bytes scan = Bytes(50'000, 'x') + "\xFF\0\xFF\xD3"s + Bytes(50'000, 'y');
  Portions source(scan + "\xFF\xFF\xFF\xDA" + scan + "\xFF\xD9", GetParam());
  ScanBytes bytes(source);
  Bytes some(10, '\0');
  EXPECT_GT(bytes.read(some).value(), 0U);
  EXPECT_EQ(bytes.next_marker().value(), 0xDAU);
  EXPECT_EQ(bytes.next_marker().value(), 0xD9U);
  EXPECT_EQ(bytes.next_marker().value(), 0U);
}

TEST_P(ScanBytesIn, takes_segments_that_are_longer_than_its_buffer) {
  const Bytes body = Bytes(65'533, '\xFF');
  Portions source("\xFF\xE1\xFF\xFF" + body + "\xFF\xDA", GetParam());
  ScanBytes bytes(source);
  EXPECT_EQ(bytes.next_marker().value(), 0xE1U);
  EXPECT_EQ(bytes.segment().value(), body);
  EXPECT_EQ(bytes.next_marker().value(), 0xDAU);
}

TEST_P(ScanBytesIn, ends_where_the_bytes_end) {
  for (const Bytes& end : {""s, "\xFF"s, "\xFF\xFF"s, "\xFF\0"s, "\xFF\xD0"s}) {
    Portions source("abc" + end, GetParam());
    ScanBytes bytes(source);
    EXPECT_EQ(rest_of_scan(bytes).substr(0, 3), "abc");
    EXPECT_EQ(bytes.next_marker().value(), 0U);
  }
}

TEST_P(ScanBytesIn, needs_segments_whole) {
  for (const Bytes& segment : {""s, "\0"s, "\0\0"s, "\0\1"s, "\0\3"s, "\0\5ab"s}) {
    Portions source("\xFF\xE1" + segment, GetParam());
    ScanBytes bytes(source);
    EXPECT_EQ(bytes.next_marker().value(), 0xE1U);
    const auto body = bytes.segment();
    ASSERT_FALSE(body);
    EXPECT_EQ(body.error().code, ErrorCode::image_corrupt);
  }
}

TEST(ScanBytes, fails_with_its_sources_error) {
  class Broken : public ByteSource {
    Result<std::size_t> pull(std::span<char>) override {
      return fail(ErrorCode::network_timeout, "no more");
    }
  };
  Broken source;
  ScanBytes bytes(source);
  const auto marker = bytes.next_marker();
  ASSERT_FALSE(marker);
  EXPECT_EQ(marker.error().code, ErrorCode::network_timeout);
}

}  // namespace
}  // namespace miniatura::baseline
