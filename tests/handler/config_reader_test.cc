#include "handler/config_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace miniatura {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Json json(const char* text) { return parse_json(text, "test").value(); }

TEST(ConfigReaderTest, what_is_absent_keeps_its_default_and_is_no_problem) {
  ConfigReading reading;
  const Json empty = Json::object();
  ConfigObject object(&empty, "", "", reading);
  int width = 7;
  std::string text = "default";
  EXPECT_FALSE(object.number("width", width, 1, 9));
  EXPECT_FALSE(object.text("text", text));
  EXPECT_FALSE(object.object("inner").flag("flag", *std::make_unique<bool>()));
  object.finish();
  EXPECT_EQ(width, 7);
  EXPECT_EQ(text, "default");
  EXPECT_THAT(reading.problems, IsEmpty());
}

TEST(ConfigReaderTest, what_is_wrong_is_noted_with_its_path_and_reading_goes_on) {
  ConfigReading reading;
  const Json value = json(R"({"n": 0, "m": -1, "f": 1.5, "t": 1, "b": "yes", "l": [1, "x"],
                              "c": "insde", "o": {"k": null}, "list": [{"x": 1}, 2], "more": 1,
                              "big": 99999999999999999999})");
  ConfigObject object(&value, "top", "top", reading);
  int number = 3;
  std::string text;
  bool flag = false;
  double fraction = 0;
  std::vector<std::string> texts;
  std::map<std::string, std::string> map;
  const std::string_view choices[] = {"inside", "cover"};
  EXPECT_FALSE(object.number("n", number, 1, 9));
  EXPECT_FALSE(object.number("m", number, 0, 9));
  EXPECT_FALSE(object.number("f", number, 0, 9));
  EXPECT_FALSE(object.number("big", number, 0, 9));
  EXPECT_TRUE(object.fraction("f", fraction, 0, 9));
  EXPECT_FALSE(object.text("t", text));
  EXPECT_FALSE(object.flag("b", flag));
  EXPECT_FALSE(object.texts("l", texts));
  EXPECT_FALSE(object.choice("c", text, choices));
  EXPECT_FALSE(object.map("o", map));
  for (const ConfigObject& each : object.objects("list")) each.finish();
  object.finish();
  EXPECT_EQ(number, 3);
  EXPECT_THAT(
      reading.problems,
      ElementsAre("top.n: 0 is not within 1 to 9", "top.m: -1 is not within 0 to 9",
                  "top.f: 1.5 is no whole number", "top.big: 1e+20 is no whole number",
                  "top.t: 1 is no text", "top.b: \"yes\" is no true or false",
                  "top.l[0]: 1 is no text",
                  "top.c: \"insde\" is none of inside, cover; did you mean \"inside\"?",
                  "top.o.k: null is no text", "top.list[1]: 2 is no object",
                  "top.list[0].x: no such field; there are ",
                  "top.more: no such field; there are n, m, f, big, f, t, b, l, c, o, list"));
}

TEST(ConfigReaderTest, what_comes_from_outside_is_one_short_line) {
  ConfigReading reading;
  const Json value = {{std::string(5000, 'x') + "\n", std::string(5000, 'y')}};
  ConfigObject object(&value, "", "", reading);
  object.finish();
  ASSERT_EQ(reading.problems.size(), 1U);
  EXPECT_LT(reading.problems[0].size(), 501U);
  EXPECT_EQ(reading.problems[0].find('\n'), std::string::npos);
}

TEST(ConfigReaderTest, a_slip_of_the_finger_is_recognised) {
  const std::vector<std::string> names = {"small", "card", "a"};
  EXPECT_EQ(did_you_mean("smal", names), "; did you mean \"small\"?");
  EXPECT_EQ(did_you_mean("crad", names), "; did you mean \"card\"?");
  EXPECT_EQ(did_you_mean("banner", names), "");
  EXPECT_EQ(did_you_mean("b", names), "");
  EXPECT_EQ(did_you_mean(std::string(100'000, 's'), names), "");
}

}  // namespace
}  // namespace miniatura
