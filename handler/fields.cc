#include "handler/fields.h"

#include <fmt/core.h>

#include "runtime/text.h"
#include "s3client/uri.h"

namespace miniatura {
namespace {

constexpr std::size_t kQuoteBytesMax = 200;

tl::unexpected<Error> malformed(const std::string& path, const std::string& what) {
  return fail(ErrorCode::event_malformed,
              fmt::format("{}: {}", path.empty() ? "the event" : path, what));
}

Result<void> check_length(std::string_view value, std::size_t bytes_max, const std::string& path) {
  if (value.size() <= bytes_max) return {};
  return malformed(path, fmt::format("{} bytes, over the limit of {}: {}", value.size(), bytes_max,
                                     quoted_start(value)));
}

}  // namespace

std::string quoted_start(std::string_view text) {
  return fmt::format("\"{}\"", cropped(text, kQuoteBytesMax));
}

Result<void> check_value(std::string_view value, const std::string& path) {
  CHECKED(check_length(value, kFieldBytesMax, path));
  if (value.find('\0') != std::string_view::npos) return malformed(path, "holds a NUL byte");
  if (!is_utf8(value)) return malformed(path, "is not UTF-8");
  return {};
}

Result<Fields> Fields::of(const Json& value, std::string path) {
  if (!value.is_object()) {
    return malformed(path, fmt::format("an object is needed, not {}", value.type_name()));
  }
  const std::string twice = duplicate_field(value);
  if (!twice.empty()) {
    return malformed(path, fmt::format("the field {} is there twice", quoted_start(twice)));
  }
  return Fields(value, std::move(path));
}

std::string Fields::path_of(std::string_view field) const {
  return path_.empty() ? std::string(field) : fmt::format("{}.{}", path_, field);
}

Result<std::string> Fields::text(const char* field, std::size_t bytes_max) const {
  const Json* value = member(*object_, field);
  if (value == nullptr || value->is_null()) return std::string();
  if (!value->is_string()) {
    return malformed(path_of(field), fmt::format("a text is needed, not {}", value->type_name()));
  }
  const auto& text = value->get_ref<const std::string&>();
  CHECKED(check_length(text, bytes_max, path_of(field)));
  return text;
}

Result<std::string> Fields::needed_text(const char* field, std::size_t bytes_max) const {
  TRY(value, text(field, bytes_max));
  if (value.empty()) return malformed(path_of(field), "is missing");
  return value;
}

Result<Fields> Fields::object(const char* field) const {
  const Json* value = member(*object_, field);
  if (value == nullptr) return malformed(path_of(field), "is missing");
  return of(*value, path_of(field));
}

}  // namespace miniatura
