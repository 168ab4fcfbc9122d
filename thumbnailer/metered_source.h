// A source that is counted: bytes, within a limit, and the time that was spent on waiting for them.
#pragma once

#include "runtime/bytes.h"
#include "runtime/clock.h"

namespace miniatura {

class MeteredSource : public ByteSource {
 public:
  // `source` outlives it. More than `limit_bytes` is source_too_large, known from the announced
  // size at the first read, or met on the way.
  MeteredSource(ByteSource& source, std::uint64_t limit_bytes)
      : source_(source), limit_bytes_(limit_bytes) {}

  std::optional<std::uint64_t> size_bytes() const override { return source_.size_bytes(); }

  // How many bytes the source has: what was announced, or what was read of it.
  std::uint64_t whole_bytes() const { return size_bytes().value_or(read_bytes_); }
  Stopwatch::Lap spent() const { return spent_; }

  // Done with it. A small rest is read, so that its connection can be used again; a large one costs
  // more than a new connection, and is cancelled. Where no size was announced all is read: it is to
  // be told. Error: source_too_large; whatever else fails now no longer matters.
  Result<void> finish();

 private:
  Result<std::size_t> pull(std::span<char> buffer) override;
  void stop() override { source_.cancel(); }

  ByteSource& source_;
  std::uint64_t limit_bytes_;
  std::uint64_t read_bytes_ = 0;
  Stopwatch::Lap spent_;
};

}  // namespace miniatura
