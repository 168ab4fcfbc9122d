// Numbers in untrusted bytes. Total functions: a byte past the end reads as 0, so that no caller
// can read outside; callers check lengths where it matters what they got.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/bytes.h"

namespace miniatura {

inline std::uint32_t byte_at(ByteView bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U;
}
inline std::uint32_t big_endian_16(ByteView bytes, std::size_t at) {
  return byte_at(bytes, at) << 8U | byte_at(bytes, at + 1);
}
inline std::uint32_t big_endian_32(ByteView bytes, std::size_t at) {
  return big_endian_16(bytes, at) << 16U | big_endian_16(bytes, at + 2);
}
inline std::uint32_t little_endian_16(ByteView bytes, std::size_t at) {
  return byte_at(bytes, at) | byte_at(bytes, at + 1) << 8U;
}
inline std::uint32_t little_endian_24(ByteView bytes, std::size_t at) {
  return little_endian_16(bytes, at) | byte_at(bytes, at + 2) << 16U;
}
inline std::uint32_t little_endian_32(ByteView bytes, std::size_t at) {
  return little_endian_16(bytes, at) | little_endian_16(bytes, at + 2) << 16U;
}

inline void append_little_endian(Bytes& bytes, std::uint64_t value, int count) {
  for (int i = 0; i < count; ++i) {
    bytes.push_back(static_cast<char>(value >> (8U * static_cast<unsigned>(i)) & 0xFFU));
  }
}

// The bytes from `at`, `count` of them or as many as there are.
inline ByteView slice(ByteView bytes, std::size_t at, std::size_t count = ByteView::npos) {
  return at < bytes.size() ? bytes.substr(at, count) : ByteView();
}

}  // namespace miniatura
