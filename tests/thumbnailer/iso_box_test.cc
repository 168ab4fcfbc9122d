#include "thumbnailer/iso_box.h"

#include <gtest/gtest.h>

#include "tests/support/images.h"

namespace miniatura {
namespace {

using namespace pictures;
using namespace std::string_literals;

TEST(next_box, takes_one_after_the_other) {
  const Bytes two = box("ftyp", "heic") + box("meta", "");
  ByteView rest = two;
  const auto first = next_box(rest);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->type, "ftyp");
  EXPECT_EQ(first->body, "heic");
  EXPECT_TRUE(first->complete);
  EXPECT_EQ(next_box(rest)->type, "meta");
  EXPECT_FALSE(next_box(rest));
}

TEST(next_box, knows_sizes_of_64_bits_and_those_up_to_the_end) {
  const Bytes wide = "\0\0\0\1mdat\0\0\0\0\0\0\0\x12"s + "abc";
  ByteView rest = wide;
  EXPECT_EQ(next_box(rest)->body, "ab");
  EXPECT_EQ(rest, "c");
  const Bytes open = "\0\0\0\0mdatall"s;
  rest = open;
  EXPECT_EQ(next_box(rest)->body, "all");
}

TEST(next_box, ends_at_what_is_no_box_and_says_where_one_breaks_off) {
  const Bytes small = "\0\0\0\7mdat"s;
  ByteView rest = small;
  EXPECT_FALSE(next_box(rest));
  const Bytes cut = "\0\0\0\x20mdatabc"s;
  rest = cut;
  const auto box = next_box(rest);
  EXPECT_EQ(box->body, "abc");
  EXPECT_FALSE(box->complete);
  EXPECT_EQ(rest, "");
}

}  // namespace
}  // namespace miniatura
