// GIF's compression: LZW with codes of 3 to 12 bits, the least bit first, in sub-blocks (GIF89a
// specification, appendix F). Of untrusted bytes: every read and every table is bounded.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "runtime/bytes.h"

namespace miniatura {

class LzwReader {
 public:
  // `at` is the place of the least code's size, which the sub-blocks follow.
  LzwReader(ByteView bytes, std::size_t at);

  // The next number, 0 to 255; nothing at the end, and after what is broken.
  std::optional<int> next();
  bool is_broken() const { return is_broken_; }

 private:
  static constexpr unsigned kCodesMax = 4096;

  std::optional<unsigned> code();
  std::optional<int> broken();
  void clear();
  bool push(unsigned code);

  ByteView bytes_;
  std::size_t at_;
  std::size_t block_end_;
  unsigned least_bits_;
  unsigned bits_ = 0;       // of a code now
  unsigned next_code_ = 0;  // the first that stands for nothing yet
  std::optional<unsigned> last_;
  std::uint32_t pending_ = 0;
  unsigned pending_bits_ = 0;
  bool is_broken_ = false;
  bool is_done_ = false;
  // What a code stands for: what another does, and one number more.
  std::array<std::uint16_t, kCodesMax> before_{};
  std::array<std::uint8_t, kCodesMax> number_{};
  std::array<std::uint8_t, kCodesMax + 1> stack_{};  // numbers to be given out, the last one first
  std::size_t stacked_ = 0;
};

}  // namespace miniatura
