#include "handler/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "handler/config_file.h"
#include "runtime/bytes.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {
namespace {

Result<Config> config(std::map<std::string, std::string> variables,
                      const ConfigOptions& options = {}) {
  return load_config(Environment(std::move(variables)), options);
}

constexpr const char* kFile = R"(  // what to make
  /* of all */ {
  "rules": [{"presets": ["a"], "destination": "s3://thumbs/{key}/{preset}.{ext}"}],
  "presets": {"a": {"width": 10}},
  "limits": {"pixels": 1000},
  "store": "file:///file", "journal": "/file.db"
})";

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
      {{{"MINIATURA_CONFIG", "no/such.json"}}, ErrorCode::config_invalid, "MINIATURA_CONFIG"},
      {{{"MINIATURA_CONFIG", "// no JSON"}}, ErrorCode::config_invalid, "MINIATURA_CONFIG"},
      {{{"MINIATURA_CONFIG", "{}"}}, ErrorCode::config_missing, "no rules"},
      {{{"MINIATURA_CONFIG", "{\"rule\":1}"}},
       ErrorCode::config_invalid,
       "MINIATURA_CONFIG: rule: no such field; did you mean \"rules\"?"},
      {{{"MINIATURA_CONFIG", std::string(kConfigBytesMax + 1, '{')}},
       ErrorCode::config_invalid,
       "1048577 bytes, over the limit of 1048576"},
      {{{"MINIATURA_CONFIG", std::string(20, '{')}}, ErrorCode::config_invalid, "16 levels"},
      {{{"MINIATURA_CONFIG", kFile}, {"MINIATURA_DEST", "s3://t"}},
       ErrorCode::config_invalid,
       "MINIATURA_DEST: is set, and so is MINIATURA_CONFIG"},
      {{{"MINIATURA_CONFIG", kFile}, {"MINIATURA_PRESETS", "a=1x1"}},
       ErrorCode::config_invalid,
       "MINIATURA_PRESETS: is set, and so is MINIATURA_CONFIG"},
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

TEST(ConfigTest, a_variable_may_hold_the_file_itself) {
  const auto loaded = config({{"MINIATURA_CONFIG", kFile}});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->rules.rules.front().destination_bucket, "thumbs");
  EXPECT_EQ(loaded->limits.pixels, 1000U);
  EXPECT_EQ(loaded->store, "file:///file");
  EXPECT_EQ(loaded->journal, "/file.db");
}

TEST(ConfigTest, options_win_over_the_environment_and_that_over_the_file) {
  const std::map<std::string, std::string> variables = {{"MINIATURA_CONFIG", kFile},
                                                        {"MINIATURA_STORE", "file:///variable"},
                                                        {"MINIATURA_JOURNAL", "/variable.db"}};
  const Environment environment(variables);
  EXPECT_EQ(config(variables)->store, "file:///variable");
  EXPECT_EQ(config(variables)->journal, "/variable.db");
  EXPECT_EQ(*store_setting(environment, {"file:///option", ""}), "file:///option");
  EXPECT_EQ(*journal_setting(environment, {"", "none"}), "none");
  const Environment file = Environment().with("MINIATURA_CONFIG", kFile);
  EXPECT_EQ(*store_setting(file, {}), "file:///file");
  EXPECT_EQ(*journal_setting(file, {}), "/file.db");
  const auto settings = render_settings(file, {}, "");
  EXPECT_EQ(settings->presets.front().width, 10);
  EXPECT_EQ(settings->limits.pixels, 1000U);
  const auto said = render_settings(file, {}, "other=20x");
  EXPECT_EQ(said->presets.front().name, "other");
  EXPECT_EQ(said->limits.pixels, 1000U);
}

TEST(ConfigTest, a_path_is_read_and_the_option_wins_over_the_variable) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/c.json";
  ASSERT_TRUE(write_file(path, kFile));
  EXPECT_TRUE(config({{"MINIATURA_CONFIG", path}}));
  EXPECT_TRUE(config({{"MINIATURA_CONFIG", "no/such.json"}}, {"", "", path}));
  const auto none = config({{"MINIATURA_CONFIG", path}}, {"", "", "no/such.json"});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::config_invalid);
  EXPECT_THAT(none.error().message, testing::StartsWith("--config: no/such.json: "));
}

TEST(ConfigTest, the_first_problem_is_told_and_all_are_given) {
  const Environment environment =
      Environment().with("MINIATURA_CONFIG", R"({"a": 1, "limits": {"pixels": 0}})");
  std::vector<std::string> problems;
  const auto loaded = load_config(environment, {}, &problems);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(problems, testing::ElementsAre(
                            "MINIATURA_CONFIG: limits.pixels: 0 is not within 1 to 4294967296",
                            testing::StartsWith("MINIATURA_CONFIG: a: no such field")));
  EXPECT_EQ(loaded.error().message, problems[0] + " (and 1 more: miniatura config check)");
}

TEST(ConfigTest, where_the_journal_is) {
  const auto journal = [](std::map<std::string, std::string> variables,
                          const std::string& option = "") {
    return *journal_setting(Environment(std::move(variables)), {"", option});
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
    return render_settings(Environment(std::move(variables)), {}, "")->limits.decoded_bytes;
  };
  EXPECT_EQ(decoded("128") >> 20, 51U);  // 40 % of 128 MiB
  EXPECT_EQ(decoded("10240"), std::uint64_t{512} << 20);
  EXPECT_EQ(decoded("nonsense"), std::uint64_t{512} << 20);
}

}  // namespace
}  // namespace miniatura
