#include "thumbnailer/codecs/jpeg/baseline_header.h"

#include <gtest/gtest.h>

#include "tests/support/jpeg_oracle.h"

namespace miniatura::baseline {
namespace {

using namespace std::string_literals;
using oracle::coded_jpeg;
using oracle::Factors;
using oracle::JpegKind;

const std::vector<Factors> k420 = {{2, 2}, {1, 1}, {1, 1}};

Bytes head_of(const JpegKind& kind) {
  const Bytes jpeg = coded_jpeg(kind);
  return jpeg.substr(0, oracle::head_bytes(jpeg));
}
bool is_taken(ByteView head) { return read_baseline_header(head).has_value(); }
bool is_taken(const JpegKind& kind) { return is_taken(head_of(kind)); }

// Where a marker's segment begins.
std::size_t place_of(const Bytes& head, int marker) {
  const std::size_t at = head.find("\xFF"s + static_cast<char>(marker));
  EXPECT_NE(at, Bytes::npos);
  return at;
}
Bytes with(Bytes head, int marker, std::size_t offset, int byte) {
  head[place_of(head, marker) + offset] = static_cast<char>(byte);
  return head;
}

TEST(BaselineHeader, says_what_the_decoder_needs) {
  const auto header = read_baseline_header(head_of(
      {.width = 300, .height = 200, .factors = k420, .quality = 50, .restart_interval = 7}));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->size, (Size{300, 200}));
  EXPECT_EQ(header->count, 3);
  EXPECT_EQ(header->across_max(), 2);
  EXPECT_EQ(header->down_max(), 2);
  EXPECT_EQ(header->restart_interval, 7);
  EXPECT_EQ(header->components[0].across, 2);
  EXPECT_EQ(header->components[1].down, 1);
  EXPECT_EQ(header->components[1].ac_code, 1U);
  // T.81's tables K.1 and K.2, row by row.
  EXPECT_EQ(header->components[0].quantisation.steps[0], 16);
  EXPECT_EQ(header->components[0].quantisation.steps[1], 11);
  EXPECT_EQ(header->components[0].quantisation.steps[63], 99);
  EXPECT_EQ(header->components[2].quantisation.steps[8], 18);
}

TEST(BaselineHeader, takes_steps_of_16_bits) {
  const auto header = read_baseline_header(head_of({.quality = 1}));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->components[0].quantisation.steps[0], 16 * 50);
}

TEST(BaselineHeader, leaves_other_kinds_to_libjpeg) {
  EXPECT_TRUE(is_taken({.factors = k420}));
  EXPECT_TRUE(is_taken({.factors = {{1, 1}}}));
  EXPECT_TRUE(is_taken({.factors = {{1, 2}, {2, 1}, {1, 1}}}));
  EXPECT_FALSE(is_taken({.factors = k420, .progressive = true}));
  EXPECT_FALSE(is_taken({.factors = {{4, 1}, {1, 1}, {1, 1}}}));
  EXPECT_FALSE(is_taken({.factors = {{1, 1}, {1, 1}, {1, 1}, {1, 1}}, .coding = JCS_CMYK}));
  const Bytes head = head_of({.factors = k420});
  for (const int frame : {0xC2, 0xC3, 0xC5, 0xC9, 0xCA}) {
    EXPECT_FALSE(is_taken(with(head, 0xC0, 1, frame))) << frame;
  }
  EXPECT_TRUE(is_taken(with(head, 0xC0, 1, 0xC1)));
  EXPECT_FALSE(is_taken(with(head, 0xC0, 4, 12)));     // bits
  EXPECT_FALSE(is_taken(with(head, 0xC0, 9, 2)));      // components
  EXPECT_FALSE(is_taken(with(head, 0xC0, 11, 0x32)));  // factors
  EXPECT_FALSE(is_taken(with(head, 0xC0, 11, 0x02)));
  EXPECT_FALSE(is_taken(with(head, 0xC0, 12, 3)));  // a table that is not there
  EXPECT_FALSE(is_taken(with(head, 0xDA, 6, 0x22)));
  EXPECT_FALSE(is_taken(with(head, 0xDA, 4, 1)));                    // scans of fewer components,
  EXPECT_FALSE(is_taken(with(head, 0xDA, 5, 2)));                    // in another order,
  EXPECT_FALSE(is_taken(with(head, 0xDA, 12, 62)));                  // or of some frequencies
  EXPECT_FALSE(is_taken(with(with(head, 0xC0, 5, 0), 0xC0, 6, 0)));  // height in a later marker
}

TEST(BaselineHeader, leaves_too_many_blocks_in_an_mcu_to_libjpeg) {
  Bytes head = head_of({.factors = k420});
  head = with(head, 0xC0, 14, 0x22);
  EXPECT_TRUE(is_taken(with(head, 0xC0, 17, 0x12)));
  EXPECT_FALSE(is_taken(with(head, 0xC0, 17, 0x22)));
}

TEST(BaselineHeader, knows_ycbcr_by_libjpegs_rules) {
  const std::vector<Factors> k444 = {{1, 1}, {1, 1}, {1, 1}};
  const Bytes rgb = head_of({.factors = k444, .jfif = false, .coding = JCS_RGB});  // by Adobe
  EXPECT_FALSE(is_taken(rgb));
  EXPECT_TRUE(is_taken(with(rgb, 0xEE, 15, 1)));
  EXPECT_FALSE(is_taken(with(rgb, 0xEE, 15, 2)));
  // Neither JFIF nor Adobe: by their names.
  Bytes bare = head_of({.factors = k444, .jfif = false});
  EXPECT_TRUE(is_taken(bare));
  for (const auto& [names, taken] : {std::pair{"RGB"s, false}, {"\1\2\3"s, true}, {"YUV"s, true}}) {
    for (std::size_t i = 0; i < 3; ++i) {
      bare = with(bare, 0xC0, 10 + 3 * i, names[i]);
      bare = with(bare, 0xDA, 5 + 2 * i, names[i]);
    }
    EXPECT_EQ(is_taken(bare), taken) << names;
  }
  // JFIF comes before Adobe and names.
  const Bytes jfif = head_of({.factors = k444});
  EXPECT_TRUE(
      is_taken(jfif.substr(0, 2) + "\xFF\xEE\0\x0E"s + "Adobe\0\0\0\0\0\0\0"s + jfif.substr(2)));
}

TEST(BaselineHeader, passes_over_metadata_and_fill_bytes) {
  const Bytes head = head_of({.factors = k420});
  EXPECT_TRUE(is_taken(head.substr(0, 2) + "\xFF\xE1\0\x06"s + "Exif" + head.substr(2)));
  EXPECT_TRUE(is_taken(head.substr(0, 2) + "\xFF\xFF\xFF" + head.substr(2)));
  EXPECT_FALSE(is_taken(head.substr(0, 2) + "x" + head.substr(2)));
  EXPECT_FALSE(is_taken(head.substr(0, 2) + "\xFF\xF0\0\x02"s + head.substr(2)));
}

TEST(BaselineHeader, is_taken_whole_and_nothing_but_whole) {
  const Bytes head = head_of({.factors = k420, .restart_interval = 2});
  EXPECT_TRUE(is_taken(head));
  EXPECT_FALSE(is_taken(head + "x"));
  for (std::size_t length = 0; length < head.size(); ++length) {
    ASSERT_FALSE(is_taken(ByteView(head).substr(0, length))) << length;
  }
}

TEST(BaselineHeader, goes_by_codes_that_are_none_no_more_than_libjpeg) {
  const Bytes head = head_of({.factors = k420});
  const auto with_code = [&](const Bytes& number) {
    const Bytes none = "\xFF\xC4\0\x16"s + number + "\x03"s + Bytes(15, '\0') + "\1\2\3";
    const std::size_t scan = place_of(head, 0xDA);
    return head.substr(0, scan) + none + head.substr(scan);
  };
  EXPECT_FALSE(is_taken(with_code("\x01")));
  EXPECT_FALSE(is_taken(with_code("\x11")));
  EXPECT_TRUE(is_taken(with_code("\x03"))) << "nobody goes by it";
}

TEST(SegmentReader, says_what_a_scan_is_of) {
  SegmentReader segments;
  ASSERT_TRUE(segments.take_head(head_of({.factors = k420, .progressive = true})));
  EXPECT_TRUE(segments.header().progressive);
  EXPECT_EQ(segments.scan().count, 3);
  EXPECT_EQ(segments.scan().last, 0);
  EXPECT_EQ(segments.scan().high, 0);
  EXPECT_EQ(segments.scan().low, 1);
  ASSERT_TRUE(segments.take(0xDA, "\2\3\x10\1\x02\0\0\x21"s));
  EXPECT_EQ(segments.scan().count, 2);
  EXPECT_EQ(segments.scan().places[0], 2U);
  EXPECT_EQ(segments.scan().places[1], 0U);
  EXPECT_EQ(segments.scan().high, 2);
  EXPECT_EQ(segments.scan().low, 1);
  EXPECT_EQ(segments.header().components[2].dc_code, 1U);
  EXPECT_EQ(segments.header().components[0].ac_code, 2U);
  ASSERT_TRUE(segments.take(0xDA, "\1\2\0\1\x3F\0"s));
  EXPECT_EQ(segments.scan().count, 1);
  EXPECT_EQ(segments.scan().first, 1);
  EXPECT_EQ(segments.scan().last, 63);
}

TEST(SegmentReader, keeps_the_steps_that_a_component_began_with) {
  SegmentReader segments;
  ASSERT_TRUE(segments.take_head(head_of({.factors = k420, .quality = 50, .progressive = true})));
  ASSERT_TRUE(segments.take(0xDB, "\0"s + Bytes(64, '\x63')));
  ASSERT_TRUE(segments.take(0xDA, "\1\1\0\0\0\0"s));
  EXPECT_EQ(segments.header().components[0].quantisation.steps[0], 16);
}

TEST(SegmentReader, takes_no_scan_of_what_is_not_there) {
  SegmentReader segments;
  ASSERT_TRUE(segments.take_head(head_of({.factors = k420, .progressive = true})));
  for (const Bytes& scan :
       {""s, "\0\0\0\0"s, "\1\4\0\0\0\0"s, "\2\1\0\1\0\0\0\0"s, "\1\1\x40\0\0\0"s,
        "\1\1\x04\0\0\0"s, "\1\1\0\0\0"s, "\1\1\0\0\0\0\0"s, "\4\1\0\2\0\3\0\1\0\0\0\0"s}) {
    EXPECT_FALSE(segments.take(0xDA, scan)) << testing::PrintToString(scan);
  }
  EXPECT_FALSE(segments.take(0xC2, "\x08\0\x10\0\x10\1\1\x11\0"s)) << "a second frame";
  EXPECT_FALSE(segments.take(0xD8, ""));
}

}  // namespace
}  // namespace miniatura::baseline
