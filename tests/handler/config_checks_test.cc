#include "handler/config_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace miniatura {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Rule rule(const std::string& name, const Match& match, const std::string& bucket,
          const std::string& key, const std::string& presets = "small=9x9") {
  return {name, *parse_presets(presets), bucket, *KeyTemplate::parse(key), match};
}
std::vector<std::string> problems(std::vector<Rule> rules) {
  ConfigReading reading;
  check_rules({std::move(rules)}, reading);
  return reading.problems;
}

TEST(ConfigChecksTest, presets_of_a_rule_must_not_fall_onto_one_another) {
  const auto with = [](const char* key, const char* presets) {
    return problems({rule("rules[0]", {}, "thumbs", key, presets)}).empty();
  };
  EXPECT_TRUE(with("{key}/{preset}", "a=9x9,b=9x9"));
  EXPECT_FALSE(with("{key}", "a=9x9,b=8x8"));
  EXPECT_TRUE(with("{key}/{width}x{height}", "a=9x9,b=9x8"));
  EXPECT_FALSE(with("{key}/{width}", "a=9x9,b=9x8"));
  EXPECT_FALSE(with("{key}/{width}{height}", "a=1x11,b=11x1"));
  EXPECT_TRUE(with("{key}.{ext}", "a=9x9:jpeg,b=9x9:webp"));
  EXPECT_FALSE(with("{key}.{ext}", "a=9x9:jpeg,b=9x9")) << "auto may be jpeg";
  EXPECT_FALSE(with("{key}.{ext}", "a=9x9:webp,b=9x9")) << "or webp";
  EXPECT_TRUE(with("{key}.{ext}", "a=9x9:png,b=9x9")) << "but never png";
}

TEST(ConfigChecksTest, a_rule_that_would_feed_itself_is_refused) {
  struct Case {
    Match match;
    const char* key;
    const char* problem;  // "": none
  };
  const Case cases[] = {
      {{"photos", "", {}}, "thumbs/{key}", "s3://photos/ contains its own destination"},
      {{"photos", "th", {}}, "thumbs/{key}", "s3://photos/th contains its own destination"},
      {{"photos", "thumbs/", {}}, "thumbs/{key}", "contains its own destination"},
      {{"photos", "thumbs/a/", {}}, "thumbs/{key}", "is within its own destination"},
      {{"photos", "up/", {}}, "{dir}thumbs/{name}", "is within its own destination"},
      {{"photos", "up/", {}}, "thumbs/{key}", ""},
      {{"other", "", {}}, "thumbs/{key}", ""},
      {{"", "", {}}, "thumbs/{key}", ""},  // what it writes is known by its prefix
  };
  for (const Case& c : cases) {
    const auto found = problems({rule("rules[0]", c.match, "photos", c.key)});
    if (*c.problem == '\0') {
      EXPECT_THAT(found, IsEmpty()) << c.match.prefix << ' ' << c.key;
    } else {
      EXPECT_THAT(found, ElementsAre(HasSubstr(c.problem))) << c.match.prefix << ' ' << c.key;
    }
  }
  EXPECT_THAT(problems({rule("rules[0]", {"a", "", {}}, "b", "{key}"),
                        rule("rules[1]", {"b", "", {}}, "a", "{key}")}),
              ElementsAre(HasSubstr("rules[0].match: s3://a/ contains rules[1].destination"),
                          HasSubstr("rules[1].match: s3://b/ contains rules[0].destination")));
}

TEST(ConfigChecksTest, rules_of_two_buckets_must_not_meet_at_one_place) {
  const auto meet = [](const Match& a, const Match& b, const char* key, const char* other_key) {
    return !problems({rule("rules[0]", a, "thumbs", key), rule("rules[1]", b, "thumbs", other_key)})
                .empty();
  };
  EXPECT_TRUE(meet({"a", "", {}}, {"b", "", {}}, "{key}", "{key}"));
  EXPECT_FALSE(meet({"a", "", {}}, {"b", "", {}}, "{bucket}/{key}", "{bucket}/{key}"));
  EXPECT_FALSE(meet({"a", "", {}}, {"b", "", {}}, "a/{key}", "b/{key}"));
  EXPECT_FALSE(meet({"a", "x/", {}}, {"b", "y/", {}}, "{key}", "{key}"));
  EXPECT_FALSE(meet({"a", "", {".jpg"}}, {"b", "", {".png"}}, "{key}", "{key}"));
  EXPECT_TRUE(meet({"a", "", {".jpg"}}, {"b", "", {".tar.jpg"}}, "{key}", "{key}"));
  EXPECT_FALSE(meet({"a", "x/", {}}, {"a", "", {}}, "{key}", "{key}")) << "the first one is taken";
}

}  // namespace
}  // namespace miniatura
