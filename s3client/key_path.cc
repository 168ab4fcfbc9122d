#include "s3client/key_path.h"

namespace miniatura {
namespace {

constexpr std::size_t kNameBytesMax = 255;  // of one part, on every usual file system
constexpr std::string_view kEmptyPart = "%~";
constexpr std::string_view kContinued = "%+";

// May a part be cut before `at`? Not within an escape or a UTF-8 sequence.
bool cuts_at(std::string_view part, std::size_t at) {
  if ((static_cast<unsigned char>(part[at]) & 0xC0) == 0x80) return false;
  return part[at - 1] != '%' && part[at - 2] != '%';
}

std::string name_of_part(std::string_view part) {
  if (part.empty()) return std::string(kEmptyPart);
  if (part == ".") return "%2E";
  if (part == "..") return "%2E%2E";
  std::string escaped;
  for (const char c : part) {
    if (c == '%') {
      escaped += "%25";
    } else if (c == '\0') {
      escaped += "%00";
    } else {
      escaped += c;
    }
  }
  std::string name;
  std::string_view rest = escaped;
  while (rest.size() > kNameBytesMax) {
    std::size_t at = kNameBytesMax - kContinued.size();
    while (!cuts_at(rest, at)) --at;
    name.append(rest.substr(0, at)).append(kContinued) += '/';
    rest.remove_prefix(at);
  }
  return name.append(rest);
}

// The other way for one name, by what name_of_part writes; anything else is refused by comparing
// in the end.
std::string part_of_name(std::string_view name) {
  std::string part;
  while (!name.empty()) {
    const std::string_view escape = name.substr(0, 3);
    const bool known = escape == "%25" || escape == "%00" || escape == "%2E";
    if (known) part += escape == "%25" ? '%' : escape == "%00" ? '\0' : '.';
    if (!known) part += name.front();
    name.remove_prefix(known ? 3 : 1);
  }
  return part;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

std::string path_of_key(std::string_view key) {
  std::string path;
  for (;;) {
    const std::size_t slash = key.find('/');
    path += name_of_part(key.substr(0, slash));
    if (slash == std::string_view::npos) return path;
    path += '/';
    key.remove_prefix(slash + 1);
  }
}

std::optional<std::string> key_of_path(std::string_view path) {
  std::string key = beginning_of_keys(path);
  if (!key.empty() && key.back() == '/') key.pop_back();  // a file's name is the last part
  if (path_of_key(key) != path) return std::nullopt;
  return key;
}

std::string beginning_of_keys(std::string_view directory) {
  std::string key;
  for (std::string_view rest = directory;;) {
    const std::size_t slash = rest.find('/');
    std::string_view name = rest.substr(0, slash);
    const bool continued = ends_with(name, kContinued);
    if (continued) name.remove_suffix(kContinued.size());
    if (name != kEmptyPart) key += part_of_name(name);
    if (!continued) key += '/';
    if (slash == std::string_view::npos) return key;
    rest.remove_prefix(slash + 1);
  }
}

}  // namespace miniatura
