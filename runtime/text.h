// Text that came from outside, made fit for people: on one line, and no longer than it may be.
// Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace miniatura {

// Of ASCII alone, whatever the locale: names of headers, suffixes, settings.
inline char lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
std::string lower_case(std::string_view text);

bool is_utf8(std::string_view text);

// `text` with a space for every control character (C0, DEL and C1), and U+FFFD for every byte that
// is of no character of UTF-8: one line, and nothing that a terminal obeys.
std::string one_line(std::string_view text);

// `text` in at most `bytes_max` bytes (3 or more): cut between characters of UTF-8, and where
// something was cut off, it ends in "…".
std::string cropped(std::string_view text, std::size_t bytes_max);

}  // namespace miniatura
