#include "runtime/json.h"

#include <gtest/gtest.h>

#include <string>

namespace miniatura {
namespace {

TEST(JsonTest, fields_keep_their_order) {
  EXPECT_EQ(to_text(parse_json(R"({"b":1,"a":[true,null]})", "it").value()),
            R"({"b":1,"a":[true,null]})");
}

TEST(JsonTest, what_an_error_quotes_is_bounded) {
  const auto parsed = parse_json(std::string(100'000, '9') + "e9", "it");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::event_malformed);
  EXPECT_LT(parsed.error().message.size(), 300U);
}

TEST(JsonTest, what_is_no_json_names_what_and_where) {
  for (const char* text : {"", "{", "{\"a\":1,}", "nul", "{} {}", "\"\xff\"", "[1e999]"}) {
    const auto parsed = parse_json(text, "event.json");
    ASSERT_FALSE(parsed) << text;
    EXPECT_FALSE(is_json(text)) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::event_malformed) << text;
    EXPECT_EQ(parsed.error().message.find("event.json: not JSON"), 0U) << parsed.error().message;
  }
}

TEST(JsonTest, nesting_is_bounded_before_anything_is_built) {
  const std::string deep = std::string(1'000'000, '[');
  const auto parsed = parse_json(deep, "event.json");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::event_too_large);
  EXPECT_TRUE(parse_json("[[[]]]", "it", 3));
  EXPECT_FALSE(parse_json("[[[]]]", "it", 2));
  EXPECT_TRUE(is_json("[[[]]]"));
  EXPECT_FALSE(is_json(deep));
  EXPECT_TRUE(parse_json(R"(["[[[\"[[["])", "it", 1)) << "brackets in a string do not nest";
}

TEST(JsonTest, a_byte_that_is_no_utf_8_is_replaced) {
  EXPECT_EQ(to_text(Json("a\xff")), "\"a\xef\xbf\xbd\"");
}

TEST(JsonTest, what_people_write_may_hold_comments) {
  const auto written = parse_written_json(R"(// a "brace {
{ "url": "s3://a/*b", /* "no": 1, */ "quote": "\"//", // the end
  "list": [1, 2] } // )",
                                          "it");
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(to_text(written->value), R"({"url":"s3://a/*b","quote":"\"//","list":[1,2]})");
  EXPECT_TRUE(written->twice.empty());
  EXPECT_TRUE(parse_written_json("{} // [[[[", "it", 1)) << "brackets in a comment do not nest";
}

TEST(JsonTest, what_people_write_wrong_is_told_by_line_and_column) {
  const auto message = [](const char* text) {
    const auto written = parse_written_json(text, "c.json", 2);
    return written ? "right" : written.error().message;
  };
  EXPECT_EQ(message("{\n  \"a\": 1,\n  b }"), "c.json: not JSON: wrong at line 3, column 3");
  EXPECT_EQ(message("/* é */ x"), "c.json: not JSON: wrong at line 1, column 10");
  EXPECT_EQ(message("{} /* no end"), "c.json: not JSON: wrong at line 1, column 4");
  EXPECT_EQ(message(""), "c.json: not JSON: wrong at line 1, column 1");
  EXPECT_EQ(message("[1e999]").substr(0, 16), "c.json: not JSON");
  EXPECT_EQ(message("[[[]]]"), "c.json: nested deeper than 2 levels");
}

TEST(JsonTest, a_field_that_is_there_twice_is_named_by_its_path) {
  const auto written = parse_written_json(
      R"({"a": {"x": 1, "x": 2}, "b": [{}, [0, {"y": {}, "z": 0, "y": 1}]], "a": 0, "x": 1})",
      "it");
  ASSERT_TRUE(written);
  EXPECT_EQ(written->twice, (std::vector<std::string>{"a.x", "b[1][1].y", "a"}));
}

TEST(JsonTest, members_are_looked_up_without_surprise) {
  const Json value = parse_json(R"({"s":"x","n":1})", "it").value();
  EXPECT_EQ(string_at(value, "s"), "x");
  EXPECT_EQ(string_at(value, "n"), "");
  EXPECT_EQ(string_at(value, "absent"), "");
  EXPECT_EQ(string_at(Json(7), "s"), "");
  EXPECT_EQ(member(Json::array(), "s"), nullptr);
  EXPECT_NE(member(value, "n"), nullptr);
}

TEST(JsonTest, an_object_with_a_field_twice_is_marked_and_its_neighbour_is_not) {
  const auto value = parse_foreign_json(R"([{"a":1,"b":{"a":1},"a":2},{"a":1}])", "it");
  ASSERT_TRUE(value);
  EXPECT_EQ(duplicate_field((*value)[0]), "a");
  EXPECT_EQ(duplicate_field((*value)[0]["b"]), "");
  EXPECT_EQ(duplicate_field((*value)[1]), "");
  EXPECT_EQ((*value)[1], Json({{"a", 1}}));
}

TEST(JsonTest, what_may_still_become_json_begins_one) {
  for (const char* text : {"{\n", "[\n{},\n", "{\"a\":\n", "", "\n"})
    EXPECT_TRUE(begins_json(text)) << text;
  for (const char* text : {"{}", "[]\n", "bad\n", "{\"a\n", "{}}\n", "{,\n"}) {
    EXPECT_FALSE(begins_json(text)) << text;
  }
}

TEST(ErrorJsonTest, names_the_code_and_says_the_message) {
  Error error;
  error.code = ErrorCode::image_corrupt;
  error.message = "no end";
  EXPECT_EQ(to_text(error_json(error)), R"({"code":"image.corrupt","message":"no end"})");
}

}  // namespace
}  // namespace miniatura
