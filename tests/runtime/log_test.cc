#include "runtime/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <regex>
#include <string>

namespace miniatura {
namespace {

class LogTest : public testing::Test {
 protected:
  ~LogTest() override { std::fclose(file_); }
  std::string text() const {
    std::string text(65536, '\0');
    text.resize(static_cast<std::size_t>(::pread(fileno(file_), text.data(), text.size(), 0)));
    return text;
  }

  std::FILE* file_ = std::tmpfile();
};

TEST_F(LogTest, a_line_is_one_json_object_with_what_lambda_needs) {
  const Log log(LogLevel::info, fileno(file_));
  log.write(LogLevel::warn, "two\nlines", {{"bucket", "photos"}, {"key", "a\xff.jpg"}});
  const std::string line = text();
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto json = parse_json(line, "the line");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(string_at(*json, "level"), "WARN");
  EXPECT_EQ(string_at(*json, "message"), "two\nlines");
  EXPECT_EQ(string_at(*json, "service"), "miniatura");
  EXPECT_EQ(string_at(*json, "bucket"), "photos");
  EXPECT_TRUE(std::regex_match(string_at(*json, "timestamp"),
                               std::regex("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z")))
      << line;
}

TEST_F(LogTest, what_is_below_the_level_is_not_written) {
  const Log log(LogLevel::warn, fileno(file_));
  log.write(LogLevel::info, "no");
  EXPECT_EQ(text(), "");
  log.write(LogLevel::error, "yes");
  EXPECT_NE(text(), "");
}

TEST(LogLevelTest, names_are_those_of_lambda_in_any_case) {
  EXPECT_EQ(log_level("DEBUG"), LogLevel::debug);
  EXPECT_EQ(log_level("trace"), LogLevel::debug);
  EXPECT_EQ(log_level("Warning"), LogLevel::warn);
  EXPECT_EQ(log_level("FATAL"), LogLevel::error);
  EXPECT_EQ(log_level(""), LogLevel::info);
  EXPECT_EQ(log_level("loud"), LogLevel::info);
}

}  // namespace
}  // namespace miniatura
