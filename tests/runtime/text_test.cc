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
  EXPECT_EQ(one_line("\xC2"), "\xC2");
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

}  // namespace
}  // namespace miniatura
