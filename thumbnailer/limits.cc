#include "thumbnailer/limits.h"

#include <fmt/core.h>

#include <algorithm>

#include "thumbnailer/header.h"

namespace miniatura {
namespace {

constexpr std::uint64_t kDecodedBytesMax = std::uint64_t{512} << 20;

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
  const std::uint64_t pixels =
      static_cast<std::uint64_t>(header.width) * static_cast<std::uint64_t>(header.height);
  CHECKED(check(header, "pixels", pixels, limits.pixels));
  CHECKED(check(header, "frames", header.frames, limits.frames));
  CHECKED(check(header, "scans", header.scans, limits.scans));
  return check(header, "bytes of metadata", header.metadata_bytes, limits.metadata_bytes);
}

}  // namespace miniatura
