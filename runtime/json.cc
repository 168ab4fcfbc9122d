#include "runtime/json.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

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

constexpr std::size_t kFieldsMax = 1'000;
// A field that a stranger may well write too: it costs him his own object.
constexpr const char* kDuplicateMark = "\x01 twice";

// Where a comment that starts at `at` ends; npos for one that never does.
std::size_t comment_end(ByteView text, std::size_t at) {
  if (text[at + 1] == '/') return std::min(text.find('\n', at), text.size());
  const std::size_t end = text.find("*/", at + 2);
  return end == ByteView::npos ? end : end + 2;
}

// Follows the parser, and remembers each object's fields.
class Twice {
 public:
  bool operator()(Json::parse_event_t event, const Json& parsed) {
    switch (event) {
      case Json::parse_event_t::object_start:
      case Json::parse_event_t::array_start:
        levels_.push_back({event == Json::parse_event_t::array_start, 0, "", {}});
        break;
      case Json::parse_event_t::key:
        levels_.back().field = parsed.get<std::string>();
        if (!levels_.back().fields.insert(levels_.back().field).second) found_.push_back(path());
        break;
      case Json::parse_event_t::object_end:
      case Json::parse_event_t::array_end:
        levels_.pop_back();
        [[fallthrough]];
      case Json::parse_event_t::value:
        if (!levels_.empty()) ++levels_.back().index;
        break;
    }
    return true;
  }
  std::vector<std::string> found() && { return std::move(found_); }

 private:
  struct Level {
    bool is_array;
    std::size_t index;
    std::string field;
    std::set<std::string> fields;
  };
  std::string path() const {
    std::string path;
    for (const Level& level : levels_) {
      if (level.is_array) {
        path += fmt::format("[{}]", level.index);
      } else {
        path += (path.empty() ? "" : ".") + level.field;
      }
    }
    return path;
  }

  std::vector<Level> levels_;
  std::vector<std::string> found_;
};

// "line 3, column 7" of a byte counted from 1.
std::string place_of(ByteView text, std::size_t byte) {
  const ByteView before = text.substr(0, byte == 0 ? 0 : byte - 1);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t start = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format("line {}, column {}", lines + 1, before.size() - start + 1);
}

struct TooManyFields {};  // thrown and caught in this file: the parser has no other way out

// What a parse is within.
struct OpenObject {
  std::set<std::string> fields;
  std::optional<std::string> duplicate;
};

Result<Json> parse(ByteView text, std::string_view what, int depth_max,
                   const Json::parser_callback_t& callback) {
  if (nests_deeper_than(text, depth_max)) {
    return fail(ErrorCode::event_too_large,
                fmt::format("{}: nested deeper than {} levels", what, depth_max));
  }
  try {
    return Json::parse(text, callback);
  } catch (const TooManyFields&) {
    return fail(ErrorCode::event_too_large,
                fmt::format("{}: an object of more than {} fields", what, kFieldsMax));
  } catch (const Json::parse_error& error) {
    return fail(ErrorCode::event_malformed,
                fmt::format("{}: not JSON: wrong at byte {}", what, error.byte));
  } catch (const Json::exception& error) {
    // It may quote a number, and that at any length.
    return fail(ErrorCode::event_malformed,
                fmt::format("{}: not JSON: {}", what, cropped(error.what(), kWhyBytesMax)));
  }
}

}  // namespace

Result<Json> parse_json(ByteView text, std::string_view what, int depth_max) {
  return parse(text, what, depth_max, nullptr);
}

Result<Json> parse_foreign_json(ByteView text, std::string_view what, int depth_max) {
  std::vector<OpenObject> open;
  return parse(text, what, depth_max, [&](int /*depth*/, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) {
      open.emplace_back();
    } else if (event == Json::parse_event_t::key) {
      OpenObject& object = open.back();
      const auto& name = value.get_ref<const std::string&>();
      if (!object.fields.insert(name).second) object.duplicate = name;
      if (object.fields.size() > kFieldsMax) throw TooManyFields();
    } else if (event == Json::parse_event_t::object_end) {
      if (open.back().duplicate) value[kDuplicateMark] = *open.back().duplicate;
      open.pop_back();
    }
    return true;
  });
}

std::string duplicate_field(const Json& object) { return string_at(object, kDuplicateMark); }

bool begins_json(ByteView text) {
  // The error's place: behind the last byte, if it is the end that came too early.
  class Beginning : public nlohmann::json_sax<Json> {
   public:
    std::size_t wrong_at = 0;

    bool null() override { return true; }
    bool boolean(bool /*value*/) override { return true; }
    bool number_integer(number_integer_t /*value*/) override { return true; }
    bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
    bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
    bool string(string_t& /*value*/) override { return true; }
    bool binary(binary_t& /*value*/) override { return true; }
    bool start_object(std::size_t /*size*/) override { return true; }
    bool key(string_t& /*name*/) override { return true; }
    bool end_object() override { return true; }
    bool start_array(std::size_t /*size*/) override { return true; }
    bool end_array() override { return true; }
    bool parse_error(std::size_t position, const std::string& /*last_token*/,
                     const Json::exception& /*error*/) override {
      wrong_at = position;
      return false;
    }
  };
  Beginning beginning;
  return !Json::sax_parse(text, &beginning) && beginning.wrong_at > text.size();
}

// A comment without an end stays, and is no JSON.
Bytes without_comments(ByteView text) {
  Bytes bare(text);
  bool in_string = false;
  for (std::size_t i = 0; i < bare.size(); ++i) {
    if (in_string && bare[i] == '\\') {
      ++i;
    } else if (bare[i] == '"') {
      in_string = !in_string;
    } else if (!in_string && bare[i] == '/' && i + 1 < bare.size() &&
               (bare[i + 1] == '/' || bare[i + 1] == '*')) {
      const std::size_t end = comment_end(text, i);
      if (end == ByteView::npos) return bare;
      std::replace_if(
          bare.begin() + static_cast<std::ptrdiff_t>(i),
          bare.begin() + static_cast<std::ptrdiff_t>(end), [](char c) { return c != '\n'; }, ' ');
      i = end - 1;
    }
  }
  return bare;
}

Result<WrittenJson> parse_written_json(ByteView text, std::string_view what, int depth_max) {
  const Bytes bare = without_comments(text);
  if (nests_deeper_than(bare, depth_max)) {
    return fail(ErrorCode::config_invalid,
                fmt::format("{}: nested deeper than {} levels", what, depth_max));
  }
  try {
    Twice twice;
    Json value = Json::parse(bare, [&twice](int, Json::parse_event_t event, Json& parsed) {
      return twice(event, parsed);
    });
    return WrittenJson{std::move(value), std::move(twice).found()};
  } catch (const Json::parse_error& error) {
    return fail(ErrorCode::config_invalid,
                fmt::format("{}: not JSON: wrong at {}", what, place_of(bare, error.byte)));
  } catch (const Json::exception& error) {
    return fail(ErrorCode::config_invalid,
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

Json error_json(std::string_view code, std::string_view message) {
  return {{"code", code}, {"message", message}};
}

Json error_json(const Error& error) { return error_json(code_name(error.code), error.message); }

}  // namespace miniatura
