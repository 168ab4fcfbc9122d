// Where a thumbnail goes: "s3://photos-thumbs/{dir}{name}/{preset}.{ext}".
//
// A destination key is a pure function of event and configuration: the same event always gives the
// same keys, whoever works on it and whatever the bytes are. Everything about "once in effect"
// rests on that.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.h"

namespace miniatura {

// What the fields of a template stand for.
struct TemplateValues {
  std::string bucket;  // {bucket} of the source
  std::string key;     // {key} of the source; {dir} "a/b/" {name} "c.jpg" {stem} "c" come from it
  std::string etag;    // {etag} of the event; using it without one is an error of that event
  std::string preset;  // {preset} its name
  std::string extension;  // {ext} of the thumbnail's format
  int width = 0;          // {width} {height}: the preset's box
  int height = 0;
};

class KeyTemplate {
 public:
  // Errors: config_invalid, naming the unknown field or the stray brace.
  static Result<KeyTemplate> parse(std::string_view text);

  // Errors: event_malformed when {etag} is used and the event has none; destination_rejected for a
  // key that no store would take: empty, or over 1,024 bytes.
  Result<std::string> expand(const TemplateValues& values) const;

  bool uses(std::string_view field) const;  // "etag"

  // The text before the first field: every key that this makes begins with it.
  const std::string& literal_prefix() const { return parts_.front().literal; }

 private:
  struct Part {
    std::string literal;
    std::string field;  // after the literal; empty at the end
  };
  std::vector<Part> parts_;  // at least one
};

}  // namespace miniatura
