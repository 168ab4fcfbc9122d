// JSON, and the one place that names its library. Objects keep the order in which they were
// written, so that a reply reads as it was meant.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/bytes.h"
#include "runtime/result.h"

namespace miniatura {

using Json = nlohmann::ordered_json;

// Errors: event_malformed, with the byte at which it stopped making sense; event_too_large for
// nesting over `depth_max`. The message names `what`.
Result<Json> parse_json(ByteView text, std::string_view what, int depth_max = 64);

// The same for what strangers wrote. An object that has a field twice is marked, so that its reader
// can refuse it and serve those beside it; duplicate_field() tells. Errors: event_too_large for an
// object of more than 1,000 fields, too: each is looked for among those before it.
Result<Json> parse_foreign_json(ByteView text, std::string_view what, int depth_max = 64);

// Of an object from parse_foreign_json: a field that it has twice; empty: none.
std::string duplicate_field(const Json& object);

// `text` with spaces for its comments (// and /* */): every byte that is left stays where it was.
Bytes without_comments(ByteView text);

// Could more text make JSON of this, which is none yet? "{\n" may begin one, "bad\n" does not.
bool begins_json(ByteView text);

// As people write it: with comments (`// …` and `/* … */`). A field that an object names twice is
// no error of JSON's, and means that one of the two is not heeded: `twice` names each, as a path
// ("rules[0].match.bucket").
struct WrittenJson {
  Json value;
  std::vector<std::string> twice;
};
// Errors: config_invalid, with the line and column at which it stopped making sense, or for nesting
// over `depth_max`. The message names `what`.
Result<WrittenJson> parse_written_json(ByteView text, std::string_view what, int depth_max = 16);

// Would parse_json understand it, however deep? Builds nothing, and stops at the first wrong byte.
bool is_json(ByteView text);

// One line. Never throws: a byte that is no UTF-8 becomes U+FFFD.
std::string to_text(const Json& value);

// {"code","message"}: an error as users see it, in an answer or in the log.
Json error_json(std::string_view code, std::string_view message);
Json error_json(const Error& error);

// The string at `field`, or "" where it is absent or no string.
std::string string_at(const Json& object, const char* field);

// The member at `field` if `value` is an object that has it, else null.
const Json* member(const Json& value, const char* field);

}  // namespace miniatura
