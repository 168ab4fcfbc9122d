#include "handler/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace miniatura {
namespace {

Result<Config> config(std::map<std::string, std::string> variables,
                      const ConfigOptions& options = {}) {
  return load_config(Environment(std::move(variables)), options);
}

std::string destination(const std::string& dest) {
  const auto loaded = config({{"MINIATURA_DEST", dest}});
  if (!loaded) return "! " + loaded.error().message;
  const Rule& rule = loaded->rules.rules.front();
  TemplateValues values;
  values.key = "up/a.jpg";
  values.preset = "small";
  values.extension = "jpg";
  return rule.destination_bucket + " " + *rule.destination_key.expand(values);
}

TEST(ConfigTest, the_destination_is_a_bucket_and_a_prefix) {
  EXPECT_EQ(destination("s3://thumbs"), "thumbs up/a.jpg/small.jpg");
  EXPECT_EQ(destination("s3://thumbs/"), "thumbs up/a.jpg/small.jpg");
  EXPECT_EQ(destination("s3://thumbs/made"), "thumbs made/up/a.jpg/small.jpg");
  EXPECT_EQ(destination("s3://thumbs/made/here/"), "thumbs made/here/up/a.jpg/small.jpg");
}

TEST(ConfigTest, what_is_missing_or_wrong_names_its_variable) {
  struct Case {
    std::map<std::string, std::string> variables;
    ErrorCode code;
    const char* names;
  };
  const Case cases[] = {
      {{}, ErrorCode::config_missing, "MINIATURA_DEST"},
      {{{"MINIATURA_DEST", ""}}, ErrorCode::config_missing, "MINIATURA_DEST"},
      {{{"MINIATURA_DEST", "thumbs"}}, ErrorCode::config_invalid, "MINIATURA_DEST"},
      {{{"MINIATURA_DEST", "s3://"}}, ErrorCode::config_invalid, "MINIATURA_DEST"},
      {{{"MINIATURA_DEST", "s3://thumbs/{dir}"}}, ErrorCode::config_invalid, "MINIATURA_DEST"},
      {{{"MINIATURA_DEST", "s3://t"}, {"MINIATURA_PRESETS", "small"}},
       ErrorCode::config_invalid,
       "MINIATURA_PRESETS"},
      {{{"MINIATURA_DEST", "s3://t"}, {"MINIATURA_PRESETS", "a=1x1,a=2x2"}},
       ErrorCode::config_invalid,
       "MINIATURA_PRESETS"},
      {{{"MINIATURA_DEST", "s3://t"}, {"MINIATURA_CONFIG", "x.json"}},
       ErrorCode::config_invalid,
       "MINIATURA_CONFIG"},
  };
  for (const Case& c : cases) {
    const auto loaded = config(c.variables);
    ASSERT_FALSE(loaded) << c.names;
    EXPECT_EQ(loaded.error().code, c.code) << loaded.error().message;
    EXPECT_THAT(loaded.error().message, testing::HasSubstr(c.names));
  }
}

TEST(ConfigTest, the_option_wins_over_the_variable_and_that_over_the_default) {
  EXPECT_EQ(config({{"MINIATURA_DEST", "s3://t"}})->store, "s3:");
  EXPECT_EQ(config({{"MINIATURA_DEST", "s3://t"}, {"MINIATURA_STORE", "file:///a"}})->store,
            "file:///a");
  EXPECT_EQ(
      config({{"MINIATURA_DEST", "s3://t"}, {"MINIATURA_STORE", "file:///a"}}, {"file:///b", ""})
          ->store,
      "file:///b");
}

TEST(ConfigTest, where_the_journal_is) {
  const auto journal = [](std::map<std::string, std::string> variables,
                          const std::string& option = "") {
    return journal_setting(Environment(std::move(variables)), {"", option});
  };
  EXPECT_EQ(journal({{"HOME", "/h"}}), "/h/.local/state/miniatura/journal.db");
  EXPECT_EQ(journal({{"HOME", "/h"}, {"XDG_STATE_HOME", "/s"}}), "/s/miniatura/journal.db");
  EXPECT_EQ(journal({{"HOME", "/h"}, {"AWS_LAMBDA_RUNTIME_API", "x:1"}}),
            "/tmp/miniatura-journal.db");
  EXPECT_EQ(journal({{"HOME", "/h"}, {"MINIATURA_JOURNAL", "/j"}}), "/j");
  EXPECT_EQ(journal({{"MINIATURA_JOURNAL", "/j"}}, "none"), "none");
  EXPECT_EQ(journal({}), "none");
}

TEST(ConfigTest, a_small_function_decodes_less) {
  const auto decoded = [](const char* megabytes) {
    std::map<std::string, std::string> variables = {{"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", megabytes}};
    return limits_setting(Environment(std::move(variables))).decoded_bytes;
  };
  EXPECT_EQ(decoded("128") >> 20, 51U);  // 40 % of 128 MiB
  EXPECT_EQ(decoded("10240"), std::uint64_t{512} << 20);
  EXPECT_EQ(decoded("nonsense"), std::uint64_t{512} << 20);
}

}  // namespace
}  // namespace miniatura
