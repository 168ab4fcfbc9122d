// What the fuzz targets share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runtime/bytes.h"

namespace miniatura {

inline ByteView view_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// The bytes up to the first line break, which are taken off `text`.
inline ByteView take_line(ByteView& text) {
  const ByteView line = text.substr(0, text.find('\n'));
  text.remove_prefix(line.size() < text.size() ? line.size() + 1 : text.size());
  return line;
}

// What must hold whatever came in; a finding for the fuzzer if it does not.
inline void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace miniatura
