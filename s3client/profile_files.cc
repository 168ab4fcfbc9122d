#include "s3client/profile_files.h"

#include <fmt/core.h>

#include <optional>

#include "runtime/text.h"

namespace miniatura {
namespace {

constexpr std::string_view kSpaces = " \t\r\f\v";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

bool begins_comment(char c) { return c == '#' || c == ';'; }

// A '#' within a word is part of it: secrets hold them.
std::string_view without_comment(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (begins_comment(text[i]) && kSpaces.find(text[i - 1]) != std::string_view::npos) {
      return trimmed(text.substr(0, i));
    }
  }
  return text;
}

std::string_view unquoted(std::string_view text) {
  const bool is_quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                         text.back() == text.front();
  return is_quoted ? text.substr(1, text.size() - 2) : text;
}

struct Field {
  std::string name;
  std::string_view value;
};

std::optional<Field> field_in(std::string_view line) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view name = trimmed(line.substr(0, equals));
  if (name.empty()) return std::nullopt;
  // The space before the value is there for a comment that stands in place of one.
  const std::string_view value = without_comment(line.substr(equals + 1));
  return Field{lower_case(name), trimmed(value)};
}

// "profile work" of "[ profile  'work' ] # mine".
std::optional<std::string> section_in(std::string_view line) {
  const std::size_t end = line.find(']');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view rest = trimmed(line.substr(end + 1));
  if (!rest.empty() && !begins_comment(rest.front())) return std::nullopt;
  const std::string_view name = trimmed(line.substr(1, end - 1));
  if (name.empty()) return std::nullopt;
  const std::size_t space = name.find_first_of(kSpaces);
  if (space == std::string_view::npos) return std::string(unquoted(name));
  return fmt::format("{} {}", name.substr(0, space), unquoted(trimmed(name.substr(space))));
}

class Parser {
 public:
  // False where the line makes no sense.
  bool take(std::string_view line) {
    const std::string_view text = trimmed(line);
    if (text.empty() || begins_comment(text.front())) return true;
    const std::size_t indent = line.find_first_not_of(kSpaces);
    if (indent == 0 && text.front() == '[') return take_section(text);
    if (section_ == nullptr) return false;
    // Deeper than the field above: a part of it. As deep: some indent all fields of a section.
    if (parent_ != nullptr && indent > parent_indent_) return take_part(text);
    const auto field = field_in(text);
    if (!field) return false;
    parent_name_ = field->name;
    parent_ = &((*section_)[field->name] = field->value);
    parent_indent_ = indent;
    has_fields_ = field->value.empty();
    return true;
  }

  ProfileSections take_sections() { return std::move(sections_); }

 private:
  bool take_section(std::string_view text) {
    const auto name = section_in(text);
    if (!name) return false;
    section_ = &sections_[*name];
    parent_ = nullptr;
    return true;
  }

  bool take_part(std::string_view text) {
    if (!has_fields_) {
      *parent_ += '\n';
      *parent_ += without_comment(text);
      return true;
    }
    const auto field = field_in(text);
    if (!field) return false;
    (*section_)[parent_name_ + '.' + field->name] = field->value;
    return true;
  }

  ProfileSections sections_;
  ProfileFields* section_ = nullptr;
  std::string* parent_ = nullptr;  // the value of the field that indented lines belong to
  std::string parent_name_;
  std::size_t parent_indent_ = 0;
  bool has_fields_ = false;
};

}  // namespace

Result<ProfileSections> parse_profile_file(ByteView text, std::string_view file) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  Parser parser;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!parser.take(line)) {
      return fail(ErrorCode::config_invalid,
                  fmt::format("{}: line {} is neither [section] nor name = value", file, number));
    }
  }
  return parser.take_sections();
}

}  // namespace miniatura
