#include "runtime/text.h"

#include <cassert>

namespace miniatura {
namespace {

constexpr std::string_view kCutMark = "…";

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// How many bytes the control character at the front of `text` (not empty) has; 0: there is none.
// C1, U+0080 to U+009F, is C2 80 to C2 9F.
std::size_t control_bytes(std::string_view text) {
  const auto at = [&](std::size_t i) -> unsigned { return static_cast<unsigned char>(text[i]); };
  if (at(0) < 0x20 || at(0) == 0x7F) return 1;
  return at(0) == 0xC2 && text.size() > 1 && at(1) >= 0x80 && at(1) < 0xA0 ? 2 : 0;
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  while (!text.empty()) {
    const std::size_t control = control_bytes(text);
    line += control > 0 ? ' ' : text.front();
    text.remove_prefix(control > 0 ? control : 1);
  }
  return line;
}

std::string cropped(std::string_view text, std::size_t bytes_max) {
  assert(bytes_max >= kCutMark.size());
  if (text.size() <= bytes_max) return std::string(text);
  std::size_t kept = bytes_max - kCutMark.size();
  while (kept > 0 && continues_character(text[kept])) --kept;
  return std::string(text.substr(0, kept)) += kCutMark;
}

}  // namespace miniatura
