// JSON, and the one place that names its library. Objects keep the order in which they were
// written, so that a reply reads as it was meant.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "runtime/bytes.h"
#include "runtime/result.h"

namespace miniatura {

using Json = nlohmann::ordered_json;

// Errors: event_malformed, with the byte at which it stopped making sense; event_too_large for
// nesting over `depth_max`. The message names `what`.
Result<Json> parse_json(ByteView text, std::string_view what, int depth_max = 64);

// Would parse_json understand it, however deep? Builds nothing, and stops at the first wrong byte.
bool is_json(ByteView text);

// One line. Never throws: a byte that is no UTF-8 becomes U+FFFD.
std::string to_text(const Json& value);

// The string at `field`, or "" where it is absent or no string.
std::string string_at(const Json& object, const char* field);

// The member at `field` if `value` is an object that has it, else null.
const Json* member(const Json& value, const char* field);

}  // namespace miniatura
