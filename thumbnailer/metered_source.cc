#include "thumbnailer/metered_source.h"

#include <fmt/core.h>

#include <array>

namespace miniatura {
namespace {

// What comes in the time that a new TCP and TLS connection takes on a fast line.
constexpr std::uint64_t kRestBytesMax = std::uint64_t{256} << 10;

}  // namespace

Result<std::size_t> MeteredSource::pull(std::span<char> buffer) {
  const std::uint64_t announced = size_bytes().value_or(0);
  if (announced > limit_bytes_) {
    source_.cancel();
    return fail(ErrorCode::source_too_large,
                fmt::format("source: {} bytes, over the limit of {}", announced, limit_bytes_));
  }
  const Stopwatch watch;
  auto got = source_.read(buffer);
  const Stopwatch::Lap lap = watch.lap();
  spent_.wall_ms += lap.wall_ms;
  spent_.cpu_ms += lap.cpu_ms;
  if (!got) return got;
  read_bytes_ += *got;
  if (read_bytes_ <= limit_bytes_) return got;
  source_.cancel();
  return fail(ErrorCode::source_too_large,
              fmt::format("source: more than the limit of {} bytes", limit_bytes_));
}

Result<void> MeteredSource::finish() {
  if (size_bytes() && *size_bytes() > read_bytes_ + kRestBytesMax) {
    cancel();
    return {};
  }
  std::array<char, 16'384> rest{};
  for (;;) {
    auto got = read(rest);
    if (!got && got.error().code == ErrorCode::source_too_large)
      return fail(std::move(got).error());
    if (!got || *got == 0) return {};
  }
}

}  // namespace miniatura
