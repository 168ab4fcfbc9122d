#include "handler/fields.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

std::string said(const Result<std::string>& value) {
  return value ? "\"" + *value + "\"" : value.error().message;
}

TEST(FieldsTest, a_text_is_read_and_what_is_none_is_named_with_its_place) {
  const Json json = {{"a", "x"}, {"n", nullptr}, {"i", 7}, {"o", {{"b", "y"}}}};
  const Fields fields = *Fields::of(json, "top[1]");
  EXPECT_EQ(said(fields.text("a")), "\"x\"");
  EXPECT_EQ(said(fields.text("n")), "\"\"");
  EXPECT_EQ(said(fields.text("absent")), "\"\"");
  EXPECT_EQ(said(fields.needed_text("absent")), "top[1].absent: is missing");
  EXPECT_EQ(said(fields.text("i")), "top[1].i: a text is needed, not number");
  EXPECT_EQ(said(fields.text("a", 0)), "top[1].a: 1 bytes, over the limit of 0: \"x\"");
  EXPECT_EQ(said(fields.object("o")->text("b")), "\"y\"");
  EXPECT_EQ(fields.object("a").error().message, "top[1].a: an object is needed, not string");
  EXPECT_EQ(fields.object("absent").error().message, "top[1].absent: is missing");
}

TEST(FieldsTest, a_field_that_is_there_twice_is_wrong_where_it_is) {
  const Json json = *parse_foreign_json(R"({"o":{"a":1,"a":1},"p":{"a":1}})", "it");
  const Fields fields = *Fields::of(json, "");
  EXPECT_EQ(fields.object("o").error().message, "o: the field \"a\" is there twice");
  EXPECT_TRUE(fields.object("p"));
  EXPECT_EQ(Fields::of(Json::array(), "").error().message,
            "the event: an object is needed, not array");
}

TEST(FieldsTest, a_value_is_utf8_without_nul_and_no_longer_than_s3_has_it) {
  EXPECT_TRUE(check_value(std::string(1024, 'x'), "p"));
  EXPECT_FALSE(check_value(std::string(1025, 'x'), "p"));
  EXPECT_FALSE(check_value(std::string_view("a\0b", 3), "p"));
  EXPECT_FALSE(check_value("caf\xE9", "p"));
}

}  // namespace
}  // namespace miniatura
