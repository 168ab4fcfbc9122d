// A JPEG's scan as bits, pulled from where its bytes arrive.
//
// EntropyBytes takes the stuffing out (FF 00 is FF; T.81, B.1.1.5) and stops at each marker, so
// that a BitReader can take 64 bits at a time and look at nothing. What keeps that within bounds is
// done once for each group of blocks (MCU): the reader may go on for kAheadBytes behind any place
// at which it was fed, since there are either as many bytes or the segment's end and that many
// zeros. If it took any of these zeros' bits, the segment was too short (ran_out).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "runtime/bytes.h"

namespace miniatura::baseline {

// A value, to be kept in registers: copied in and out of what feeds it.
struct BitReader {
  std::uint64_t bits = 0;            // those next, from the top
  int count = 0;                     // how many of them are valid
  const std::uint8_t* at = nullptr;  // the first byte of which not all bits are among them

  // Makes count 56 or more; reads 8 bytes from `at`. What stands behind the valid bits are the
  // bits that belong there, so that they may be set again by the next filling.
  void fill() {
    std::uint64_t more = 0;
    std::memcpy(&more, at, sizeof more);
    if constexpr (std::endian::native == std::endian::little) more = __builtin_bswap64(more);
    bits |= more >> static_cast<unsigned>(count);
    at += (63 - count) >> 3;
    count |= 56;
  }
  std::uint32_t peek(int n) const {
    return static_cast<std::uint32_t>(bits >> (64 - n));
  }  // n >= 1
  // No more than are valid.
  void drop(int n) {
    bits <<= static_cast<unsigned>(n);
    count -= n;
  }
};

class EntropyBytes {
 public:
  // What an MCU of 10 blocks may take, each of 64 symbols of 31 bits, and what fill() reads ahead.
  static constexpr std::size_t kAheadBytes = std::size_t{10} * 64 * 4 + 64;

  static constexpr std::size_t kWindowBytes = std::size_t{32} << 10U;

  // Holds twice `window_bytes`, which are more than kAheadBytes, and those.
  explicit EntropyBytes(ByteSource& data, std::size_t window_bytes = kWindowBytes);

  // Must the reader be fed before it goes on, or has it come to the segment's last bytes?
  bool is_low(const BitReader& reader) const { return reader.at >= low_; }
  // The reader, with more bytes ahead of it. Errors: what the source fails with.
  Result<BitReader> feed(BitReader reader);
  // Has it taken bits that are not there?
  bool ran_out(const BitReader& reader) const {
    return ended_ && (reader.at - end_) * 8 > reader.count;
  }

  // The start of the first segment, and of the one behind a restart marker that is the `number`th,
  // modulo 8. Bytes that are left before it are passed over. Errors: image_corrupt where another
  // marker or none comes first, and what the source fails with.
  Result<BitReader> first_segment();
  Result<BitReader> next_segment(int number);

 private:
  static constexpr int kNoMarker = -1;  // the bytes ended

  Result<void> pull();
  void take_raw();
  Result<BitReader> begin_segment();

  ByteSource& data_;
  std::size_t window_bytes_;
  std::unique_ptr<char[]> raw_;  // as they came
  std::size_t raw_at_ = 0;
  std::size_t raw_end_ = 0;
  bool behind_ff_ = false;  // the last raw byte was FF

  std::unique_ptr<std::uint8_t[]> window_;  // unstuffed, and room for kAheadBytes of zeros
  std::uint8_t* end_ = nullptr;             // of what is in it
  const std::uint8_t* low_ = nullptr;
  bool ended_ = false;      // the segment
  int marker_ = kNoMarker;  // that ended it
};

}  // namespace miniatura::baseline
