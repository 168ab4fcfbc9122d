#include "handler/config_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "runtime/text.h"

namespace miniatura {
namespace {

constexpr std::size_t kProblemBytesMax = 500;
constexpr std::size_t kQuoteBytesMax = 100;  // of a value or a name

std::string joined(std::string_view path, std::string_view name) {
  if (name.empty()) return std::string(path);
  return fmt::format("{}{}{}", path, path.empty() ? "" : ".", cropped(name, kQuoteBytesMax));
}

std::string quoted(const Json& value) { return cropped(to_text(value), kQuoteBytesMax); }

// How many letters to change, add, drop: Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t corner = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t swapped = corner + (a[i] == b[j] ? 0 : 1);
      corner = row[j + 1];
      row[j + 1] = std::min({swapped, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

void ConfigReading::problem(const std::string& path, std::string_view why) {
  problems.push_back(one_line(
      cropped(fmt::format("{}{}{}", path, path.empty() ? "" : ": ", why), kProblemBytesMax)));
}

std::string did_you_mean(std::string_view name, std::span<const std::string> candidates) {
  constexpr std::size_t kLengthMax = 64;  // the distance costs the product of both
  constexpr std::size_t kDistanceMax = 2;
  const std::string* best = nullptr;
  std::size_t least = std::min(kDistanceMax, name.size() / 2) + 1;
  for (const std::string& candidate : candidates) {
    if (name.size() > kLengthMax || candidate.size() > kLengthMax) continue;
    const std::size_t letters = distance(name, candidate);
    if (letters < least) {
      least = letters;
      best = &candidate;
    }
  }
  return best == nullptr ? "" : fmt::format("; did you mean \"{}\"?", *best);
}

ConfigObject::ConfigObject(const Json* value, std::string path, std::string shape,
                           ConfigReading& reading)
    : value_(value), path_(std::move(path)), shape_(std::move(shape)), reading_(&reading) {
  if (value_ != nullptr && !value_->is_object()) {
    problem("", fmt::format("{} is no object", quoted(*value_)));
    value_ = nullptr;
  }
}

std::string ConfigObject::path_of(std::string_view name) const { return joined(path_, name); }
std::string ConfigObject::shape_of(std::string_view name) const { return joined(shape_, name); }

void ConfigObject::problem(std::string_view name, std::string_view why) const {
  reading_->problem(path_of(name), why);
}

const Json* ConfigObject::member(const char* name) const {
  return value_ == nullptr ? nullptr : miniatura::member(*value_, name);
}

const Json* ConfigObject::ask(const char* name, const char* type, Json fallback) {
  known_.emplace_back(name);
  if (reading_->collects) {
    reading_->fields.push_back(
        {shape_of(name), type, std::move(fallback), {}, std::nullopt, std::nullopt});
  }
  return member(name);
}

bool ConfigObject::wrong_type(const char* name, const Json& value, const char* type) const {
  problem(name, fmt::format("{} is no {}", quoted(value), type));
  return false;
}

bool ConfigObject::text(const char* name, std::string& into) {
  const Json* value = ask(name, "string", into.empty() ? Json() : Json(into));
  if (value == nullptr) return false;
  if (!value->is_string()) return wrong_type(name, *value, "text");
  into = value->get<std::string>();
  return true;
}

bool ConfigObject::flag(const char* name, bool& into) {
  const Json* value = ask(name, "boolean", into);
  if (value == nullptr) return false;
  if (!value->is_boolean()) return wrong_type(name, *value, "true or false");
  into = value->get<bool>();
  return true;
}

bool ConfigObject::number(const char* name, std::uint64_t& into, std::uint64_t minimum,
                          std::uint64_t maximum) {
  const Json* value = ask(name, "integer", into < minimum ? Json() : Json(into));
  if (reading_->collects) {
    reading_->fields.back().minimum = minimum;
    reading_->fields.back().maximum = maximum;
  }
  if (value == nullptr) return false;
  if (!value->is_number_integer()) return wrong_type(name, *value, "whole number");
  const bool negative = !value->is_number_unsigned() && value->get<std::int64_t>() < 0;
  const std::uint64_t given = negative ? 0 : value->get<std::uint64_t>();
  if (negative || given < minimum || given > maximum) {
    problem(name, fmt::format("{} is not within {} to {}", quoted(*value), minimum, maximum));
    return false;
  }
  into = given;
  return true;
}

bool ConfigObject::number(const char* name, int& into, int minimum, int maximum) {
  auto wide = static_cast<std::uint64_t>(into);
  const bool right =
      number(name, wide, static_cast<std::uint64_t>(minimum), static_cast<std::uint64_t>(maximum));
  into = static_cast<int>(wide);
  return right;
}

bool ConfigObject::fraction(const char* name, double& into, double minimum, double maximum) {
  const Json* value = ask(name, "number", into);
  if (reading_->collects) {
    reading_->fields.back().minimum = static_cast<std::uint64_t>(minimum);
    reading_->fields.back().maximum = static_cast<std::uint64_t>(maximum);
  }
  if (value == nullptr) return false;
  if (!value->is_number()) return wrong_type(name, *value, "number");
  const auto given = value->get<double>();
  if (given < minimum || given > maximum) {
    problem(name, fmt::format("{} is not within {} to {}", quoted(*value), minimum, maximum));
    return false;
  }
  into = given;
  return true;
}

bool ConfigObject::choice(const char* name, std::string& into,
                          std::span<const std::string_view> choices) {
  const Json* value = ask(name, "string", into.empty() ? Json() : Json(into));
  const std::vector<std::string> names(choices.begin(), choices.end());
  if (reading_->collects) reading_->fields.back().choices = names;
  if (value == nullptr) return false;
  if (!value->is_string()) return wrong_type(name, *value, "text");
  const auto given = value->get<std::string>();
  if (std::find(names.begin(), names.end(), given) == names.end()) {
    const std::string hint = did_you_mean(given, names);
    problem(name, fmt::format("{} is none of {}{}", quoted(*value), fmt::join(names, ", "), hint));
    return false;
  }
  into = given;
  return true;
}

bool ConfigObject::texts(const char* name, std::vector<std::string>& into, bool is_needed) {
  const Json* value = ask(name, "array", is_needed ? Json() : Json(into));
  if (value == nullptr) return false;
  if (!value->is_array()) return wrong_type(name, *value, "list");
  std::vector<std::string> given;
  for (std::size_t i = 0; i < value->size(); ++i) {
    const Json& item = (*value)[i];
    if (item.is_string()) {
      given.push_back(item.get<std::string>());
    } else {
      problem(fmt::format("{}[{}]", name, i), fmt::format("{} is no text", quoted(item)));
    }
  }
  if (given.size() != value->size()) return false;
  into = std::move(given);
  return true;
}

bool ConfigObject::map(const char* name, std::map<std::string, std::string>& into) {
  const Json* value = ask(name, "object", Json::object());
  if (value == nullptr) return false;
  if (!value->is_object()) return wrong_type(name, *value, "object");
  std::map<std::string, std::string> given;
  for (const auto& [key, item] : value->items()) {
    if (item.is_string()) {
      given[key] = item.get<std::string>();
    } else {
      problem(joined(name, key), fmt::format("{} is no text", quoted(item)));
    }
  }
  if (given.size() != value->size()) return false;
  into = std::move(given);
  return true;
}

ConfigObject ConfigObject::object(const char* name) {
  const Json* value = ask(name, "object", Json());
  return {value, path_of(name), shape_of(name), *reading_};
}

std::vector<ConfigObject> ConfigObject::objects(const char* name) {
  std::vector<ConfigObject> found;
  const Json* value = ask(name, "array", Json());
  if (value == nullptr) return found;
  if (!value->is_array()) {
    wrong_type(name, *value, "list");
    return found;
  }
  for (std::size_t i = 0; i < value->size(); ++i) {
    found.push_back(
        {&(*value)[i], fmt::format("{}[{}]", path_of(name), i), shape_of(name) + "[]", *reading_});
  }
  return found;
}

std::vector<std::pair<std::string, ConfigObject>> ConfigObject::named_objects(const char* name) {
  std::vector<std::pair<std::string, ConfigObject>> found;
  const Json* value = ask(name, "object", Json());
  if (value == nullptr) return found;
  if (!value->is_object()) {
    wrong_type(name, *value, "object");
    return found;
  }
  for (const auto& [key, item] : value->items()) {
    found.emplace_back(
        key, ConfigObject(&item, joined(path_of(name), key), shape_of(name) + ".*", *reading_));
  }
  return found;
}

void ConfigObject::not_built(const char* name, bool is_default) const {
  const Json* value = member(name);
  if (value == nullptr || is_default) return;
  problem(name, fmt::format("{} is not built yet", quoted(*value)));
}

void ConfigObject::finish() const {
  if (value_ == nullptr) return;
  for (const auto& [name, value] : value_->items()) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    const std::string hint = did_you_mean(name, known_);
    problem(name,
            "no such field" +
                (hint.empty() ? fmt::format("; there are {}", fmt::join(known_, ", ")) : hint));
  }
}

}  // namespace miniatura
