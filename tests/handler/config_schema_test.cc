// Schema, code and README say the same of every field.
#include "handler/config_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "handler/config_file.h"
#include "runtime/bytes.h"

namespace miniatura {
namespace {

// As config_fields has them.
void collect(const Json& schema, const std::string& path, std::vector<ConfigField>& fields) {
  for (const auto& [name, field] : schema.at("properties").items()) {
    std::string its_path = path;
    if (!its_path.empty()) its_path += '.';
    its_path += name;
    ConfigField found;
    found.path = its_path;
    found.type = field.at("type");
    EXPECT_NE(string_at(field, "description"), "") << its_path;
    if (const Json* fallback = member(field, "default")) found.fallback = *fallback;
    if (const Json* choices = member(field, "enum")) found.choices = *choices;
    if (const Json* minimum = member(field, "minimum"))
      found.minimum = minimum->get<std::uint64_t>();
    if (const Json* maximum = member(field, "maximum"))
      found.maximum = maximum->get<std::uint64_t>();
    fields.push_back(found);
    if (member(field, "properties") != nullptr) {
      EXPECT_EQ(field.at("additionalProperties"), false) << its_path;
      collect(field, its_path, fields);
    }
    const Json* items = member(field, "items");
    if (items != nullptr && member(*items, "properties") != nullptr) {
      EXPECT_EQ(items->at("additionalProperties"), false) << its_path;
      collect(*items, its_path + "[]", fields);
    }
    const Json* more = member(field, "additionalProperties");
    if (more != nullptr && member(*more, "properties") != nullptr) {
      EXPECT_EQ(more->at("additionalProperties"), false) << its_path;
      collect(*more, its_path + ".*", fields);
    }
  }
}

std::vector<std::string> lines_of(const std::vector<ConfigField>& fields) {
  std::vector<std::string> lines;
  for (const ConfigField& field : fields) {
    lines.push_back(field.path + ": " + field.type + ", default " + to_text(field.fallback) +
                    ", one of " + to_text(Json(field.choices)) + ", from " +
                    std::to_string(field.minimum.value_or(0)) + " to " +
                    std::to_string(field.maximum.value_or(0)));
  }
  return lines;
}

TEST(ConfigSchemaTest, says_of_every_field_what_the_code_does) {
  const Json schema = parse_json(config_schema(), "schema").value();
  EXPECT_EQ(schema.at("additionalProperties"), false);
  std::vector<ConfigField> fields;
  collect(schema, "", fields);
  EXPECT_GT(fields.size(), 35U);
  EXPECT_THAT(lines_of(fields), testing::UnorderedElementsAreArray(lines_of(config_fields())));
}

// The README's table: "| `rules[].match.bucket` | default | what it means |".
TEST(ConfigSchemaTest, the_readme_has_every_field_and_its_default) {
  const Bytes readme =
      read_file(MINIATURA_SOURCE_DIR "/README.md", 1 << 20, ErrorCode::file_unreadable).value();
  std::vector<std::string> expected;
  for (const ConfigField& field : config_fields()) {
    const bool is_room =
        field.fallback.is_null() && (field.type == "object" || field.type == "array");
    if (is_room && field.path != "rules[].presets") continue;  // its fields have their own lines
    std::string fallback = to_text(field.fallback);
    if (field.fallback.is_null()) fallback = "";
    if (field.fallback.is_string()) fallback = field.fallback.get<std::string>();
    expected.push_back("| `" + field.path + "` | " +
                       (fallback.empty() ? "" : "`" + fallback + "` ") + "|");
  }
  std::vector<std::string> found;
  for (std::size_t at = readme.find("\n| `"); at != Bytes::npos;
       at = readme.find("\n| `", at + 1)) {
    const std::string line = readme.substr(at + 1, readme.find('\n', at + 1) - at - 1);
    const std::size_t second = line.find(" |", 2);
    const std::string path = line.substr(3, second - 4);
    if (path.rfind("rules", 0) != 0 && path.rfind("presets.", 0) != 0 &&
        path.rfind("limits.", 0) != 0 && path != "journal" && path != "store") {
      continue;
    }
    found.push_back(line.substr(0, line.find('|', second + 2) + 1));
  }
  EXPECT_THAT(found, testing::UnorderedElementsAreArray(expected));
}

// What stands in the README as an example is right.
TEST(ConfigSchemaTest, the_readmes_example_is_a_configuration) {
  const Bytes readme =
      read_file(MINIATURA_SOURCE_DIR "/README.md", 1 << 20, ErrorCode::file_unreadable).value();
  const std::size_t start = readme.find("```jsonc\n");
  ASSERT_NE(start, Bytes::npos);
  const std::string text = readme.substr(start + 9, readme.find("```", start + 9) - start - 9);
  std::vector<std::string> problems;
  const auto file = parse_config_file(text, "README.md", {}, problems);
  EXPECT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->rules.rules.size(), 2U);
}

}  // namespace
}  // namespace miniatura
