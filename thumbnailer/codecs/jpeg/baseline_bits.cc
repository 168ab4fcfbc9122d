#include "thumbnailer/codecs/jpeg/baseline_bits.h"

#include <fmt/core.h>

#include <algorithm>

namespace miniatura::baseline {

EntropyBytes::EntropyBytes(ByteSource& data, std::size_t window_bytes)
    : data_(data),
      window_bytes_(window_bytes),
      raw_(new char[window_bytes]),
      window_(new std::uint8_t[window_bytes + kAheadBytes]),
      end_(window_.get()) {}

Result<void> EntropyBytes::pull() {
  TRY(taken, data_.read({raw_.get(), window_bytes_}));
  raw_at_ = 0;
  raw_end_ = taken;
  ended_ = taken == 0;
  return {};
}

// Raw bytes to the window until one of them is through, full or at the segment's end.
void EntropyBytes::take_raw() {
  while (raw_at_ < raw_end_) {
    if (behind_ff_) {
      // Any number of FF may stand before a marker, and libjpeg takes FF FF 00 for FF 00.
      const auto byte = static_cast<std::uint8_t>(raw_[raw_at_]);
      if (byte == 0 && end_ == window_.get() + window_bytes_) return;
      ++raw_at_;
      if (byte == 0xFF) continue;
      behind_ff_ = false;
      if (byte != 0) {
        marker_ = byte;
        ended_ = true;
        return;
      }
      *end_++ = 0xFF;
    }
    const auto room = static_cast<std::size_t>(window_.get() + window_bytes_ - end_);
    const std::size_t length = std::min(raw_end_ - raw_at_, room);
    if (length == 0) return;
    const char* from = raw_.get() + raw_at_;
    const auto* ff = static_cast<const char*>(std::memchr(from, 0xFF, length));
    const std::size_t plain = ff == nullptr ? length : static_cast<std::size_t>(ff - from);
    std::memcpy(end_, from, plain);
    end_ += plain;
    raw_at_ += plain + (ff == nullptr ? 0 : 1);
    behind_ff_ = ff != nullptr;
  }
}

Result<BitReader> EntropyBytes::feed(BitReader reader) {
  if (ended_) return reader;
  const auto left = static_cast<std::size_t>(end_ - reader.at);
  std::memmove(window_.get(), reader.at, left);
  reader.at = window_.get();
  end_ = window_.get() + left;
  while (!ended_ && end_ < window_.get() + kAheadBytes) {
    if (raw_at_ == raw_end_) CHECKED(pull());
    take_raw();
  }
  if (ended_) std::memset(end_, 0, kAheadBytes);
  low_ = ended_ ? end_ : end_ - kAheadBytes + 1;
  return reader;
}

Result<BitReader> EntropyBytes::begin_segment() {
  ended_ = false;
  marker_ = kNoMarker;
  end_ = window_.get();
  BitReader reader;
  reader.at = end_;
  return feed(reader);
}

Result<BitReader> EntropyBytes::first_segment() { return begin_segment(); }

Result<BitReader> EntropyBytes::next_segment(int number) {
  while (!ended_) {
    end_ = window_.get();
    if (raw_at_ == raw_end_) CHECKED(pull());
    take_raw();
  }
  const int expected = 0xD0 + number;
  if (marker_ == kNoMarker) {
    return fail(ErrorCode::image_corrupt,
                fmt::format("JPEG: premature end before restart marker {}", number));
  }
  if (marker_ != expected) {
    return fail(
        ErrorCode::image_corrupt,
        fmt::format("JPEG: found marker 0x{:02x} instead of restart marker {}", marker_, number));
  }
  return begin_segment();
}

}  // namespace miniatura::baseline
