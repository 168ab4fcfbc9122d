#include "thumbnailer/heif_coded.h"

#include <algorithm>

#include "thumbnailer/byte_order.h"

namespace miniatura {
namespace {

// Bits from the highest of each byte; behind the end there are zeros.
class Bits {
 public:
  explicit Bits(ByteView bytes) : bytes_(bytes) {}

  std::uint32_t next(unsigned count) {
    std::uint32_t number = 0;
    for (unsigned i = 0; i < count; ++i, ++at_) {
      number = number << 1U | (byte_at(bytes_, at_ / 8) >> (7 - at_ % 8) & 1U);
    }
    return number;
  }
  bool flag() { return next(1) != 0; }
  void skip(std::size_t count) { at_ += count; }

  // Exp-Golomb: so many zeros, and a number of so many bits and one.
  std::uint32_t golomb() {
    unsigned zeros = 0;
    while (zeros < 31 && at_ < bytes_.size() * 8 && !flag()) ++zeros;
    return ((1U << zeros) | next(zeros)) - 1;
  }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
};

Size size_of(std::uint32_t width, std::uint32_t height) {
  constexpr std::uint32_t kSideMax = 0x7FFF'FFFF;
  return {static_cast<int>(std::min(width, kSideMax)),
          static_cast<int>(std::min(height, kSideMax))};
}

// The operating points of a sequence header that is not reduced, which stand before its size.
void skip_operating_points(Bits& bits) {
  unsigned delay_bits = 0;
  if (bits.flag()) {  // timing
    bits.skip(64);
    if (bits.flag()) (void)bits.golomb();
    if (bits.flag()) {  // decoder model
      delay_bits = bits.next(5) + 1;
      bits.skip(42);
    }
  }
  const bool display_delay = bits.flag();
  const std::uint32_t points = bits.next(5) + 1;
  for (std::uint32_t i = 0; i < points; ++i) {
    constexpr std::uint32_t kLevelsWithoutTier = 7;
    bits.skip(12);
    if (bits.next(5) > kLevelsWithoutTier) bits.skip(1);
    if (delay_bits != 0 && bits.flag()) bits.skip(2 * delay_bits + 1);
    if (display_delay && bits.flag()) bits.skip(4);
  }
}

// sequence_header_obu, 5.5.
Size av1_sequence_size(ByteView header) {
  Bits bits(header);
  bits.skip(4);  // profile, still picture
  if (bits.flag()) {
    bits.skip(5);  // reduced: a level alone
  } else {
    skip_operating_points(bits);
  }
  const unsigned width_bits = bits.next(4) + 1;
  const unsigned height_bits = bits.next(4) + 1;
  const std::uint32_t width = bits.next(width_bits) + 1;
  return size_of(width, bits.next(height_bits) + 1);
}

// A unit of the bitstream, without the bytes that keep start codes out of it; as much of it as the
// sides can stand in.
Bytes unescaped(ByteView unit) {
  constexpr std::size_t kEnough = 512;
  Bytes bytes;
  int zeros = 0;
  for (const char c : unit.substr(0, kEnough)) {
    const bool escape = c == '\x03' && zeros >= 2;
    zeros = c == '\0' ? zeros + 1 : 0;
    if (!escape) bytes.push_back(c);
  }
  return bytes;
}

Size hevc_unit_size(ByteView unit) {
  constexpr std::uint32_t kSequenceParameters = 33, kSeparatePlanes = 3;
  constexpr std::size_t kProfileBits = 88, kLevelBits = 8;
  if ((byte_at(unit, 0) >> 1U & 0x3FU) != kSequenceParameters) return {};
  const Bytes bytes = unescaped(unit.substr(std::min<std::size_t>(2, unit.size())));
  Bits bits(bytes);
  bits.skip(4);
  const std::uint32_t layers = bits.next(3);
  bits.skip(1 + kProfileBits + kLevelBits);
  std::size_t layer_bits = 0;
  for (std::uint32_t i = 0; i < layers; ++i) {
    if (bits.flag()) layer_bits += kProfileBits;
    if (bits.flag()) layer_bits += kLevelBits;
  }
  if (layers > 0) bits.skip(std::size_t{2} * (8 - layers));
  bits.skip(layer_bits);
  (void)bits.golomb();
  if (bits.golomb() == kSeparatePlanes) bits.skip(1);
  const std::uint32_t width = bits.golomb();
  return size_of(width, bits.golomb());
}

}  // namespace

Size larger(Size a, Size b) { return {std::max(a.width, b.width), std::max(a.height, b.height)}; }

Size av1_coded_size(ByteView item) {
  constexpr std::uint32_t kSequenceHeader = 1;
  Size largest;
  std::size_t at = 0;
  while (at < item.size()) {
    const std::uint32_t header = byte_at(item, at);
    at += (header & 4U) != 0 ? 2 : 1;
    std::uint64_t size = item.size();  // without one it goes to the end
    if ((header & 2U) != 0) {
      size = 0;
      for (unsigned i = 0; i < 8; ++i) {
        const std::uint32_t part = byte_at(item, at++);
        size |= std::uint64_t{part & 0x7FU} << (7 * i);
        if ((part & 0x80U) == 0) break;
      }
    }
    const ByteView body = slice(item, at, static_cast<std::size_t>(size));
    if ((header >> 3U & 15U) == kSequenceHeader) largest = larger(largest, av1_sequence_size(body));
    at += body.size();
  }
  return largest;
}

Size hevc_coded_size(ByteView item) {
  Size largest;
  for (std::size_t at = 0; at < item.size();) {
    const ByteView unit = slice(item, at + 4, big_endian_32(item, at));
    largest = larger(largest, hevc_unit_size(unit));
    at += 4 + unit.size();
  }
  return largest;
}

Size hvcc_coded_size(ByteView hvcc) {
  constexpr std::size_t kBeforeArrays = 22;
  Size largest;
  std::size_t at = kBeforeArrays + 1;
  for (std::uint32_t arrays = byte_at(hvcc, kBeforeArrays); arrays > 0 && at < hvcc.size();
       --arrays) {
    std::uint32_t units = big_endian_16(hvcc, at + 1);
    at += 3;
    for (; units > 0 && at < hvcc.size(); --units) {
      const ByteView unit = slice(hvcc, at + 2, big_endian_16(hvcc, at));
      largest = larger(largest, hevc_unit_size(unit));
      at += 2 + unit.size();
    }
  }
  return largest;
}

}  // namespace miniatura
