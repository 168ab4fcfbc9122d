#include "runtime/text.h"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace miniatura {
namespace {

constexpr std::string_view kCutMark = "…";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// What may follow a lead byte: how many bytes, and the bounds of the first of them. No overlong
// forms, no surrogates, nothing over U+10FFFF (Unicode, table 3-7).
struct Sequence {
  unsigned lead_low, lead_high;
  std::size_t followers;
  unsigned low, high;
};
constexpr Sequence kSequences[] = {
    {0x00, 0x7F, 0, 0x00, 0x00}, {0xC2, 0xDF, 1, 0x80, 0xBF}, {0xE0, 0xE0, 2, 0xA0, 0xBF},
    {0xE1, 0xEC, 2, 0x80, 0xBF}, {0xED, 0xED, 2, 0x80, 0x9F}, {0xEE, 0xEF, 2, 0x80, 0xBF},
    {0xF0, 0xF0, 3, 0x90, 0xBF}, {0xF1, 0xF3, 3, 0x80, 0xBF}, {0xF4, 0xF4, 3, 0x80, 0x8F},
};

// The length of the well-formed sequence at the front of `text` (not empty), 0 if there is none.
std::size_t sequence_length(std::string_view text) {
  const auto at = [&](std::size_t i) -> unsigned { return static_cast<unsigned char>(text[i]); };
  const auto* found =
      std::find_if(std::begin(kSequences), std::end(kSequences), [&](const Sequence& sequence) {
        return at(0) >= sequence.lead_low && at(0) <= sequence.lead_high;
      });
  if (found == std::end(kSequences) || text.size() <= found->followers) return 0;
  for (std::size_t i = 1; i <= found->followers; ++i) {
    const unsigned low = i == 1 ? found->low : 0x80;
    const unsigned high = i == 1 ? found->high : 0xBF;
    if (at(i) < low || at(i) > high) return 0;
  }
  return found->followers + 1;
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// How many bytes the control character at the front of `text` (not empty) has; 0: there is none.
// C1, U+0080 to U+009F, is C2 80 to C2 9F.
std::size_t control_bytes(std::string_view text) {
  const auto at = [&](std::size_t i) -> unsigned { return static_cast<unsigned char>(text[i]); };
  if (at(0) < 0x20 || at(0) == 0x7F) return 1;
  return at(0) == 0xC2 && text.size() > 1 && at(1) >= 0x80 && at(1) < 0xA0 ? 2 : 0;
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = lower_case(c);
  return lower;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string one_line(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  while (!text.empty()) {
    const std::size_t control = control_bytes(text);
    const std::size_t length = control > 0 ? control : sequence_length(text);
    line += control > 0 ? " " : length > 0 ? text.substr(0, length) : kReplacement;
    text.remove_prefix(std::max<std::size_t>(length, 1));
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
