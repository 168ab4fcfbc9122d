#include "handler/key_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace miniatura {
namespace {

TemplateValues values_of(const std::string& key) {
  TemplateValues values;
  values.bucket = "photos";
  values.key = key;
  values.etag = "abc";
  values.preset = "small";
  values.extension = "webp";
  values.width = 256;
  values.height = 0;
  return values;
}

std::string expanded(const std::string& text, const std::string& key) {
  const auto key_template = KeyTemplate::parse(text);
  if (!key_template) return "! " + key_template.error().message;
  const auto made = key_template->expand(values_of(key));
  return made ? *made : "! " + made.error().message;
}

TEST(KeyTemplateTest, fields_stand_for_the_parts_of_the_event) {
  struct Case {
    const char* text;
    const char* key;
    const char* made;
  };
  const Case cases[] = {
      {"{dir}{name}/{preset}.{ext}", "a/b/c.jpg", "a/b/c.jpg/small.webp"},
      {"{dir}{name}/{preset}.{ext}", "c.jpg", "c.jpg/small.webp"},
      {"t/{stem}", "a/c.tar.gz", "t/c.tar"},
      {"{stem}|{name}|{dir}", "a/.hidden", ".hidden|.hidden|a/"},
      {"{bucket}/{key}@{width}x{height}", "k", "photos/k@256x0"},
      {"{etag}", "k", "abc"},
      {"literal", "k", "literal"},
      {"{name}", "{key}.jpg", "{key}.jpg"},  // what comes from outside is not expanded again
  };
  for (const Case& c : cases) EXPECT_EQ(expanded(c.text, c.key), c.made) << c.text;
}

TEST(KeyTemplateTest, unknown_fields_and_stray_braces_are_refused_by_name) {
  EXPECT_THAT(expanded("{nam}", "k"), testing::HasSubstr("{nam}"));
  EXPECT_THAT(expanded("{nam}", "k"), testing::HasSubstr("{preset}"));
  for (const char* text : {"{", "}", "a}b", "{name", "{name}}"}) {
    EXPECT_EQ(expanded(text, "k").substr(0, 1), "!") << text;
  }
}

TEST(KeyTemplateTest, an_etag_that_the_event_lacks_is_its_error) {
  TemplateValues values = values_of("k.jpg");
  values.etag.clear();
  const auto made = KeyTemplate::parse("{etag}")->expand(values);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::event_malformed);
  EXPECT_THAT(made.error().message, testing::HasSubstr("photos/k.jpg"));
}

TEST(KeyTemplateTest, a_key_that_no_store_would_take_is_the_error_of_its_event) {
  EXPECT_EQ(expanded("{dir}", "a.jpg"),
            "! photos/a.jpg: the key of its thumbnail small would have 0 bytes, not 1 to 1024");
  const std::string name(1000, 'x');
  EXPECT_EQ(expanded("{name}/" + std::string(23, 'y'), name).size(), 1024U);
  EXPECT_THAT(expanded("{name}/" + std::string(24, 'y'), name),
              testing::HasSubstr("would have 1025 bytes"));
  const auto made = KeyTemplate::parse("{dir}")->expand(values_of("a.jpg"));
  EXPECT_EQ(made.error().code, ErrorCode::destination_rejected);
}

TEST(KeyTemplateTest, the_literal_prefix_ends_at_the_first_field) {
  EXPECT_EQ(KeyTemplate::parse("thumbs/{name}")->literal_prefix(), "thumbs/");
  EXPECT_EQ(KeyTemplate::parse("{name}")->literal_prefix(), "");
}

}  // namespace
}  // namespace miniatura
