#include "handler/key_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace miniatura {
namespace {

constexpr std::size_t kKeyBytesMax = 1024;

constexpr std::array<std::string_view, 10> kFields = {
    "bucket", "key", "dir", "name", "stem", "ext", "preset", "width", "height", "etag"};

std::string value_of(std::string_view field, const TemplateValues& values) {
  const std::size_t slash = values.key.rfind('/');
  std::string dir = slash == std::string::npos ? "" : values.key.substr(0, slash + 1);
  std::string name = values.key.substr(dir.size());
  if (field == "bucket") return values.bucket;
  if (field == "key") return values.key;
  if (field == "dir") return dir;
  if (field == "name") return name;
  // A leading dot is part of the name, not of a suffix.
  if (field == "stem") {
    const std::size_t dot = name.rfind('.');
    return dot == std::string::npos || dot == 0 ? name : name.substr(0, dot);
  }
  if (field == "ext") return values.extension;
  if (field == "preset") return values.preset;
  if (field == "width") return std::to_string(values.width);
  if (field == "height") return std::to_string(values.height);
  return values.etag;
}

}  // namespace

Result<KeyTemplate> KeyTemplate::parse(std::string_view text) {
  KeyTemplate parsed;
  while (true) {
    const std::size_t open = text.find_first_of("{}");
    if (open == std::string_view::npos) {
      parsed.parts_.push_back({std::string(text), ""});
      return parsed;
    }
    const std::size_t close = text.find('}', open);
    if (text[open] == '}' || close == std::string_view::npos) {
      return fail(ErrorCode::config_invalid,
                  fmt::format("a brace without its other half in \"{}\"", text));
    }
    const std::string_view field = text.substr(open + 1, close - open - 1);
    if (std::find(kFields.begin(), kFields.end(), field) == kFields.end()) {
      return fail(ErrorCode::config_invalid, fmt::format("no field {{{}}}; there are {{{}}}", field,
                                                         fmt::join(kFields, "} {")));
    }
    parsed.parts_.push_back({std::string(text.substr(0, open)), std::string(field)});
    text.remove_prefix(close + 1);
  }
}

bool KeyTemplate::uses(std::string_view field) const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [&](const Part& part) { return part.field == field; });
}

Result<std::string> KeyTemplate::expand(const TemplateValues& values) const {
  std::string key;
  for (const Part& part : parts_) {
    key += part.literal;
    if (part.field == "etag" && values.etag.empty()) {
      return fail(ErrorCode::event_malformed,
                  fmt::format("{}/{}: the destination uses {{etag}}, the event has none",
                              values.bucket, values.key));
    }
    if (!part.field.empty()) key += value_of(part.field, values);
  }
  if (key.empty() || key.size() > kKeyBytesMax) {
    return fail(ErrorCode::destination_rejected,
                fmt::format("{}/{}: the key of its thumbnail {} would have {} bytes, not 1 to {}",
                            values.bucket, values.key, values.preset, key.size(), kKeyBytesMax));
  }
  return key;
}

}  // namespace miniatura
