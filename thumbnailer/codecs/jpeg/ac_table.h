// What the next bits of a progressive JPEG's scan of AC mean (T.81, G.1.2.2).
#pragma once

#include <array>
#include <cstdint>

#include "thumbnailer/codecs/jpeg/baseline_huffman.h"

namespace miniatura::baseline {

constexpr int kZeroRun = 15;  // of a symbol without a value: sixteen zeros. Another is a band's end

// A symbol with its value's bits, by the next bits. In a scan that refines, a value has one bit.
struct AcTable {
  static constexpr int kBits = 10;
  static constexpr std::uint8_t kEnd = 16;   // the band's, of this block alone
  static constexpr std::uint8_t kLong = 17;  // longer than these bits, or none: by `code`
  struct Entry {
    std::uint8_t bits = 0;
    std::uint8_t run = kLong;
    std::int16_t value = 0;  // shifted to its place; 0: there is but the run
  };
  AcTable(const CodeTable& its_code, int its_low, bool refines);

  CodeTable code;
  int low;  // down to which bit the scan tells
  std::array<Entry, 1U << kBits> entries{};
};

}  // namespace miniatura::baseline
