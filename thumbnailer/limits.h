// What a source may ask of us. Checked on the header before any pixel is allocated; a source over a
// limit is an error that names the limit and the value.
#pragma once

#include <cstdint>

#include "runtime/result.h"

namespace miniatura {

struct Limits {
  std::uint64_t source_bytes = std::uint64_t{100} << 20;
  std::uint64_t pixels = 200'000'000;  // of the source as its header says, width times height
  std::uint64_t decoded_bytes = std::uint64_t{512} << 20;  // of decoding, after shrink-on-load
  std::uint64_t frames = 100;
  std::uint64_t scans = 100;
  std::uint64_t metadata_bytes = std::uint64_t{8} << 20;
};

// decoded_bytes for a machine with so much memory: 40 % of it, 512 MiB at most.
std::uint64_t decoded_bytes_for_memory(std::uint64_t memory_bytes);

// Is what the header says within the limits? Error: image_too_large, naming limit and value.
struct ImageHeader;
Result<void> check_limits(const ImageHeader& header, const Limits& limits);
// Besides, where all frames are read: their pixels count together.
Result<void> check_animation_limits(const ImageHeader& header, const Limits& limits);

}  // namespace miniatura
