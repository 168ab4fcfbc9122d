#include "thumbnailer/limits.h"

#include <fmt/core.h>

#include <algorithm>

#include "thumbnailer/header.h"

namespace miniatura {
namespace {

constexpr std::uint64_t kDecodedBytesMax = std::uint64_t{512} << 20;

std::uint64_t pixels_of(const ImageHeader& header) {
  return static_cast<std::uint64_t>(header.width) * static_cast<std::uint64_t>(header.height);
}

Result<void> check(const ImageHeader& header, std::string_view what, std::uint64_t value,
                   std::uint64_t limit) {
  if (value <= limit) return {};
  return fail(ErrorCode::image_too_large,
              fmt::format("{} of {}x{}: {} {}, over the limit of {}", format_name(header.format),
                          header.width, header.height, value, what, limit));
}

}  // namespace

std::uint64_t decoded_bytes_for_memory(std::uint64_t memory_bytes) {
  return std::min(memory_bytes / 10 * 4, kDecodedBytesMax);
}

Result<void> check_limits(const ImageHeader& header, const Limits& limits) {
  CHECKED(check(header, "pixels", pixels_of(header), limits.pixels));
  CHECKED(check(header, "frames", header.frames, limits.frames));
  CHECKED(check(header, "scans", header.scans, limits.scans));
  return check(header, "bytes of metadata", header.metadata_bytes, limits.metadata_bytes);
}

Result<void> check_animation_limits(const ImageHeader& header, const Limits& limits) {
  return check(header, "pixels in all frames", pixels_of(header) * header.frames, limits.pixels);
}

}  // namespace miniatura
