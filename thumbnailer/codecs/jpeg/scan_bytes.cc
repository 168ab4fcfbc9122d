#include "thumbnailer/codecs/jpeg/scan_bytes.h"

#include <algorithm>
#include <cstring>

#include "thumbnailer/byte_order.h"

namespace miniatura::baseline {
namespace {

constexpr std::uint32_t kRst0 = 0xD0, kRst7 = 0xD7;

// Does what follows FF belong to a scan's data? Of several FF only the last counts.
bool is_of_scan(std::uint32_t byte) {
  return byte == 0 || byte == 0xFF || (byte >= kRst0 && byte <= kRst7);
}

}  // namespace

ScanBytes::ScanBytes(ByteSource& data) : data_(data), buffer_(new char[kBufferBytes]) {}

// More bytes behind those that are there.
Result<void> ScanBytes::fill() {
  std::memmove(buffer_.get(), buffer_.get() + at_, end_ - at_);
  plain_ -= at_;
  end_ -= at_;
  at_ = 0;
  TRY(taken, data_.read({buffer_.get() + end_, kBufferBytes - end_}));
  ended_ = taken == 0;
  end_ += taken;
  return {};
}

// Moves plain_ on, to a marker or as far as can be told; called with at_ == plain_, and leaves at
// least one byte between them but at a marker and at the end.
Result<void> ScanBytes::find_marker() {
  while (!at_marker_) {
    const char* from = buffer_.get() + plain_;
    const auto* ff = static_cast<const char*>(std::memchr(from, 0xFF, end_ - plain_));
    plain_ = ff == nullptr ? end_ : static_cast<std::size_t>(ff - buffer_.get());
    if (plain_ + 1 < end_) {
      const auto next = static_cast<std::uint8_t>(buffer_[plain_ + 1]);
      at_marker_ = !is_of_scan(next);
      if (!at_marker_) plain_ += next == 0xFF ? 1 : 2;
    } else if (plain_ > at_) {
      return {};
    } else if (ended_) {
      at_ = plain_ = end_;  // an FF alone is no marker
      return {};
    } else {
      CHECKED(fill());
    }
  }
  return {};
}

Result<std::size_t> ScanBytes::pull(std::span<char> buffer) {
  if (at_ == plain_) CHECKED(find_marker());
  const std::size_t taken = std::min(buffer.size(), plain_ - at_);
  std::memcpy(buffer.data(), buffer_.get() + at_, taken);
  at_ += taken;
  return taken;
}

Result<std::uint32_t> ScanBytes::next_marker() {
  while (at_ < plain_ || (!at_marker_ && !ended_)) {
    at_ = plain_;
    CHECKED(find_marker());
  }
  if (!at_marker_) return 0U;
  at_marker_ = false;
  const std::uint32_t marker = static_cast<std::uint8_t>(buffer_[at_ + 1]);
  at_ += 2;
  plain_ = at_;
  return marker;
}

Result<void> ScanBytes::append(std::size_t count) {
  while (count > 0) {
    if (at_ == end_) CHECKED(fill());
    if (ended_) return fail(ErrorCode::image_corrupt, "JPEG breaks off within a segment");
    const std::size_t some = std::min(count, end_ - at_);
    body_.append(buffer_.get() + at_, some);
    at_ += some;
    plain_ = at_;
    count -= some;
  }
  return {};
}

Result<ByteView> ScanBytes::segment() {
  body_.clear();
  CHECKED(append(2));
  const std::size_t length = big_endian_16(body_, 0);
  if (length < 2) return fail(ErrorCode::image_corrupt, "JPEG has a segment of no length");
  CHECKED(append(length - 2));
  return slice(body_, 2);
}

}  // namespace miniatura::baseline
