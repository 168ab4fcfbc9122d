#include "s3client/profile_files.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

ProfileSections sections(std::string_view text) {
  const auto parsed = parse_profile_file(text, "the file");
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed.value_or(ProfileSections());
}

std::string wrong(std::string_view text) {
  const auto parsed = parse_profile_file(text, "the file");
  if (parsed) return "right";
  EXPECT_EQ(parsed.error().code, ErrorCode::config_invalid);
  return parsed.error().message;
}

TEST(ProfileFiles, have_sections_of_fields) {
  const ProfileSections expected = {
      {"default", {{"region", "eu-west-1"}, {"output", ""}}},
      {"profile work", {{"aws_access_key_id", "A=B"}}},
  };
  EXPECT_EQ(sections("[default]\nregion = eu-west-1\noutput=\n\n[profile work]\n"
                     "AWS_Access_Key_Id\t=\tA=B"),
            expected);
}

TEST(ProfileFiles, may_come_from_windows) {
  const ProfileSections expected = {{"default", {{"region", "eu-west-1"}, {"output", "json"}}}};
  EXPECT_EQ(sections("\xEF\xBB\xBF[default]\r\nregion = eu-west-1\r\n\r\noutput = json\r\n"),
            expected);
}

TEST(ProfileFiles, hold_comments_and_a_hash_in_a_word_is_none) {
  const ProfileSections expected = {{"a", {{"x", "1#2;3"}, {"y", "4"}, {"z", ""}, {"w", "#5"}}}};
  EXPECT_EQ(sections("# one\n ; two\n[a] # three\nx = 1#2;3\ny = 4 # five\n  # six\n"
                     "z = ; seven\nw =#5\n"),
            expected);
}

TEST(ProfileFiles, section_names_may_have_spaces_and_quotes) {
  for (const char* header : {"[profile my work]", "[ profile   my work ]", "[profile\t\"my work\"]",
                             "[profile 'my work'];x"}) {
    EXPECT_EQ(sections(header).count("profile my work"), 1U) << header;
  }
  EXPECT_EQ(sections("['work']").count("work"), 1U);
  EXPECT_EQ(sections("[caf\xC3\xA9]").count("caf\xC3\xA9"), 1U);
}

TEST(ProfileFiles, of_a_section_or_a_field_that_comes_twice_the_last_counts) {
  const ProfileSections expected = {{"a", {{"x", "2"}, {"y", "1"}}}, {"b", {{"x", "3"}}}};
  EXPECT_EQ(sections("[a]\nx=1\ny=1\n[b]\nx=3\n[a]\nx=2\n"), expected);
}

TEST(ProfileFiles, what_is_indented_under_an_empty_value_is_a_field_of_it) {
  const ProfileSections expected = {
      {"services mine",
       {{"s3", ""}, {"s3.endpoint_url", "http://h"}, {"s3.x", ""}, {"sts", ""}, {"sts.y", "1"}}}};
  EXPECT_EQ(sections("[services mine]\ns3 =\n  endpoint_url = http://h\n\n  x=\nsts = \n\ty = 1\n"),
            expected);
}

TEST(ProfileFiles, what_is_indented_under_another_value_continues_it) {
  const ProfileSections expected = {
      {"a", {{"credential_process", "/opt/tool\n--a=b"}, {"x", "1"}}}};
  EXPECT_EQ(sections("[a]\ncredential_process = /opt/tool\n  --a=b\nx = 1\n"), expected);
}

TEST(ProfileFiles, all_fields_of_a_section_may_be_indented) {
  const ProfileSections expected = {{"a", {{"x", "1"}, {"y", "2"}, {"s3", ""}, {"s3.z", "3"}}}};
  EXPECT_EQ(sections("[a]\n  x = 1\n  y = 2\n  s3 =\n    z = 3\n"), expected);
}

TEST(ProfileFiles, that_make_no_sense_name_the_line_and_do_not_repeat_it) {
  EXPECT_EQ(wrong("hush = hush\n"), "the file: line 1 is neither [section] nor name = value");
  for (const char* text :
       {"[a]\nhush", "[a]\n= hush", "[a]\n[hush", "[a]\n[]", "[a]\n[b] hush", "[a]\n\x01hush"}) {
    EXPECT_EQ(wrong(text), "the file: line 2 is neither [section] nor name = value") << text;
  }
  EXPECT_EQ(wrong("[a]\ns3 =\n  hush\n"), "the file: line 3 is neither [section] nor name = value");
}

TEST(ProfileFiles, of_any_bytes_are_taken_or_refused_and_no_more) {
  std::uint32_t state = 1;
  const std::string_view alphabet = "[]=#; \t\r\n\"'ab\xEF\xBB\xBF\0";
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (int n = 0; n < 24; ++n) {
      state = state * 1'664'525 + 1'013'904'223;
      text += alphabet[(state >> 16) % alphabet.size()];
    }
    static_cast<void>(parse_profile_file(text, "the file"));
  }
}

}  // namespace
}  // namespace miniatura
