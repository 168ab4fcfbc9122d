// A JPEG behind its first scan's header, as it comes: scans, and segments between them.
//
// A scan has no length: it ends where a marker begins that is neither stuffing nor a restart, so
// one that is not wanted costs a search for FF, and no decoding.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "runtime/bytes.h"

namespace miniatura::baseline {

// As a source: a scan's data, whose end is the end, until next_marker() has led to the next one.
// Takes at most kBufferBytes of `data` more than it has given. Linear in the bytes.
class ScanBytes : public ByteSource {
 public:
  static constexpr std::size_t kBufferBytes = std::size_t{32} << 10U;

  explicit ScanBytes(ByteSource& data);

  // Passes over what is left up to the next marker, and takes that: one that is no restart. 0: the
  // bytes end before. Errors: what the source fails with.
  Result<std::uint32_t> next_marker();
  // What follows a marker: two bytes of length, and what stands behind them, which holds until the
  // next call. Errors: image_corrupt where it is not all there, and what the source fails with.
  Result<ByteView> segment();

 private:
  Result<std::size_t> pull(std::span<char> buffer) override;
  Result<void> fill();
  Result<void> find_marker();
  Result<void> append(std::size_t count);

  ByteSource& data_;
  std::unique_ptr<char[]> buffer_;
  std::size_t at_ = 0;
  std::size_t plain_ = 0;  // up to here it is known that there is no marker
  std::size_t end_ = 0;
  bool at_marker_ = false;  // at plain_
  bool ended_ = false;      // the source
  Bytes body_;
};

}  // namespace miniatura::baseline
