// A configuration's objects, read field by field.
//
// Whoever reads a field says its type, its bounds and (by what the variable holds before) its
// default; whatever is wrong is noted with the field's path and reading goes on, so that a file's
// author sees all of it at once. The object remembers what it was asked for: whatever else it holds
// is an error, too.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/json.h"

namespace miniatura {

// A field as the code reads it, for the test that holds schema, code and README together.
struct ConfigField {
  std::string path;  // "rules[].match.bucket", "presets.*.width"
  std::string type;  // as JSON Schema has it: "string", "integer", …
  Json fallback;     // the default; null: none
  std::vector<std::string> choices;
  std::optional<std::uint64_t> minimum;
  std::optional<std::uint64_t> maximum;
};

// What one reading brings to light.
struct ConfigReading {
  std::vector<std::string> problems;  // "rules[0].presets[1]: no preset \"smal\"", a line each
  std::vector<ConfigField> fields;    // in the order in which they were read; filled if `collects`
  bool collects = false;

  void problem(const std::string& path, std::string_view why);
};

class ConfigObject {
 public:
  // `value` null: it is absent, and all its fields have their defaults. Borrows both.
  ConfigObject(const Json* value, std::string path, std::string shape, ConfigReading& reading);

  // Each gives true, and sets `into`, if the field is there and right; `into` is its default.
  bool text(const char* name, std::string& into);
  bool flag(const char* name, bool& into);
  bool number(const char* name, std::uint64_t& into, std::uint64_t minimum, std::uint64_t maximum);
  bool number(const char* name, int& into, int minimum, int maximum);
  bool fraction(const char* name, double& into, double minimum, double maximum);
  bool choice(const char* name, std::string& into, std::span<const std::string_view> choices);
  bool texts(const char* name, std::vector<std::string>& into, bool is_needed = false);
  bool map(const char* name, std::map<std::string, std::string>& into);

  // Objects within this one; absent ones are empty.
  ConfigObject object(const char* name);
  std::vector<ConfigObject> objects(const char* name);
  std::vector<std::pair<std::string, ConfigObject>> named_objects(const char* name);

  bool has(const char* name) const { return member(name) != nullptr; }
  bool is_there() const { return value_ != nullptr; }
  // "rules[0].presets"; of the object itself with "".
  std::string path_of(std::string_view name) const;
  void problem(std::string_view name, std::string_view why) const;

  // For a field that was read, is right, and asks for what does not exist yet.
  void not_built(const char* name, bool is_default) const;

  // All that there is to ask was asked: what else it holds is unknown.
  void finish() const;

 private:
  const Json* member(const char* name) const;
  // Notes that there is such a field; its value, if any.
  const Json* ask(const char* name, const char* type, Json fallback);
  bool wrong_type(const char* name, const Json& value, const char* type) const;
  std::string shape_of(std::string_view name) const;

  const Json* value_;  // an object, or null
  std::string path_;
  std::string shape_;
  ConfigReading* reading_;
  std::vector<std::string> known_;
};

// `; did you mean "small"?` where one of the candidates is nearly it, else "".
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

}  // namespace miniatura
