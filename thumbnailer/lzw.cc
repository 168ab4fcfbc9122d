#include "thumbnailer/lzw.h"

#include "thumbnailer/byte_order.h"

namespace miniatura {
namespace {

constexpr unsigned kBitsMax = 12;
constexpr unsigned kLeastBitsMax = 8;

}  // namespace

LzwReader::LzwReader(ByteView bytes, std::size_t at)
    : bytes_(bytes), at_(at + 1), block_end_(at + 1), least_bits_(byte_at(bytes, at)) {
  if (least_bits_ < 1 || least_bits_ > kLeastBitsMax) {
    static_cast<void>(broken());
  } else {
    clear();
  }
}

std::optional<int> LzwReader::broken() {
  is_broken_ = is_done_ = true;
  return std::nullopt;
}

void LzwReader::clear() {
  bits_ = least_bits_ + 1;
  next_code_ = (1U << least_bits_) + 2;
  last_.reset();
}

std::optional<unsigned> LzwReader::code() {
  while (pending_bits_ < bits_) {
    if (at_ == block_end_) {
      const std::size_t length = byte_at(bytes_, at_);
      if (length == 0) return std::nullopt;
      block_end_ = ++at_ + length;
    }
    pending_ |= byte_at(bytes_, at_++) << pending_bits_;
    pending_bits_ += 8;
  }
  const unsigned value = pending_ & ((1U << bits_) - 1);
  pending_ >>= bits_;
  pending_bits_ -= bits_;
  return value;
}

// Stacks what the code stands for. False: it stands for nothing.
bool LzwReader::push(unsigned code) {
  const unsigned clear_code = 1U << least_bits_;
  unsigned rest = code;
  if (code == next_code_ && last_) {  // the one that is about to be: the last, and its first again
    rest = *last_;
    ++stacked_;
  } else if (code >= next_code_) {
    return false;
  }
  while (rest > clear_code + 1) {
    stack_.at(stacked_++) = number_.at(rest);
    rest = before_.at(rest);
  }
  stack_.at(stacked_++) = static_cast<std::uint8_t>(rest);
  const std::uint8_t first = static_cast<std::uint8_t>(rest);
  if (code == next_code_) stack_[0] = first;
  if (last_ && next_code_ < kCodesMax) {
    before_.at(next_code_) = static_cast<std::uint16_t>(*last_);
    number_.at(next_code_) = first;
    ++next_code_;
    if (next_code_ == 1U << bits_ && bits_ < kBitsMax) ++bits_;
  }
  last_ = code;
  return true;
}

std::optional<int> LzwReader::next() {
  while (stacked_ == 0) {
    if (is_done_) return std::nullopt;
    const unsigned clear_code = 1U << least_bits_;
    const auto value = code();
    if (!value || *value == clear_code + 1) {
      is_done_ = true;
    } else if (*value == clear_code) {
      clear();
    } else if (!push(*value)) {
      return broken();
    }
  }
  return stack_.at(--stacked_);
}

}  // namespace miniatura
