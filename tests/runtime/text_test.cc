#include "runtime/text.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

TEST(TextTest, one_line_has_no_control_character_left) {
  EXPECT_EQ(one_line("a\nb\r\tc\x1B[31md\x7F"), "a b  c [31md ");
  EXPECT_EQ(one_line(std::string_view("a\0b", 3)), "a b");
  EXPECT_EQ(one_line("a\xC2\x9B"
                     "31mb"),
            "a 31mb");  // U+009B is ESC [ in one character
}

TEST(TextTest, one_line_leaves_what_can_be_seen) {
  EXPECT_EQ(one_line("uploads/写真 é\xC2\xA0…"), "uploads/写真 é\xC2\xA0…");
  EXPECT_EQ(one_line(""), "");
}

TEST(TextTest, what_fits_is_not_cropped) {
  EXPECT_EQ(cropped("", 3), "");
  EXPECT_EQ(cropped("写真", 6), "写真");
}

TEST(TextTest, what_is_cropped_ends_between_characters_and_says_so) {
  EXPECT_EQ(cropped("abcdefgh", 7), "abcd…");
  EXPECT_EQ(cropped("写真写真", 9), "写真…");
  EXPECT_EQ(cropped("写真写真", 8), "写…");
  EXPECT_EQ(cropped("写真写真", 3), "…");
  EXPECT_EQ(cropped(std::string(100, '\x80'), 50), "…");  // no text at all: bounded all the same
}

TEST(Uri, utf8_is_told_from_other_bytes) {
  for (const char* good : {"", "a", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xF0\x90\x80\x80",
                           "\xF4\x8F\xBF\xBF", "\xEF\xBB\xBF"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE2\x82",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "a\xFF"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

TEST(OneLine, a_byte_that_is_no_character_is_shown_as_such) {
  EXPECT_EQ(one_line("caf\xE9!"), "caf\xEF\xBF\xBD!");
  EXPECT_EQ(one_line("\xC3\xA9\xFF"), "\xC3\xA9\xEF\xBF\xBD");
}

}  // namespace
}  // namespace miniatura
