// The fields of an object that came in, and where it stands, so that what is wrong with one of them
// names its place: "Records[3].s3.object.key". Pure.
#pragma once

#include <string>
#include <string_view>

#include "runtime/json.h"
#include "runtime/result.h"

namespace miniatura {

// The longest that S3 itself has: a key, a version id.
inline constexpr std::size_t kFieldBytesMax = 1'024;

class Fields {
 public:
  // Of a value of parse_foreign_json, which outlives it. Errors, here and below: event_malformed;
  // here for what is no object or has a field twice. An empty path is the event itself.
  static Result<Fields> of(const Json& value, std::string path);

  // A text; "" where the field is absent or null. Wrong are another type and more than `bytes_max`
  // bytes.
  Result<std::string> text(const char* field, std::size_t bytes_max = kFieldBytesMax) const;
  // The same, and "" is wrong, too.
  Result<std::string> needed_text(const char* field, std::size_t bytes_max = kFieldBytesMax) const;
  Result<Fields> object(const char* field) const;  // absent is wrong

  bool has(const char* field) const { return member(*object_, field) != nullptr; }
  const Json& json() const { return *object_; }
  std::string path_of(std::string_view field) const;

 private:
  Fields(const Json& object, std::string path) : object_(&object), path_(std::move(path)) {}

  const Json* object_;
  std::string path_;
};

// What a message shows of a text from outside: the sender decides how long that is.
std::string quoted_start(std::string_view text);

// Goes on in headers, paths, replies and the journal: UTF-8 without NUL, of 1,024 bytes at most.
Result<void> check_value(std::string_view value, const std::string& path);

}  // namespace miniatura
