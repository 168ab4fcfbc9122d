#include "runtime/json.h"

#include <fmt/core.h>

#include "runtime/text.h"

namespace miniatura {
namespace {

constexpr std::size_t kWhyBytesMax = 200;

// Refuses deep nesting before anything is built: the parser itself recurses on destruction.
bool nests_deeper_than(ByteView text, int depth_max) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > depth_max) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<Json> parse_json(ByteView text, std::string_view what, int depth_max) {
  if (nests_deeper_than(text, depth_max)) {
    return fail(ErrorCode::event_too_large,
                fmt::format("{}: nested deeper than {} levels", what, depth_max));
  }
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    return fail(ErrorCode::event_malformed,
                fmt::format("{}: not JSON: wrong at byte {}", what, error.byte));
  } catch (const Json::exception& error) {
    // It may quote a number, and that at any length.
    return fail(ErrorCode::event_malformed,
                fmt::format("{}: not JSON: {}", what, cropped(error.what(), kWhyBytesMax)));
  }
}

bool is_json(ByteView text) { return Json::accept(text); }

std::string to_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string string_at(const Json& object, const char* field) {
  const Json* found = member(object, field);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

const Json* member(const Json& value, const char* field) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(field);
  return found == value.end() ? nullptr : &*found;
}

}  // namespace miniatura
