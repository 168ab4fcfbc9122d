// Values as bytes and back, for a process of this very executable: the layout is of no version, and
// never outlives the two processes.
//
// A struct says what it is made of once, for both ways, beside its declaration or where it is sent:
//
//   template <class Archive>
//   void fields(Archive& archive, Either<Box> auto& box) {
//     auto& [name, sides] = box;  // a field more does not compile here
//     archive(name, sides);
//   }
//
// and an enumeration its last value: template <> inline constexpr Kind kLastOf<Kind> = Kind::z;
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime/bytes.h"

namespace miniatura {

// A struct that is written, or one that is read.
template <class Value, class Struct>
concept Either = std::same_as<std::remove_const_t<Value>, Struct>;

// Undefined for what was not told: an enumeration that is not checked does not compile.
template <class Enum>
inline constexpr Enum kLastOf = Enum::last_value_not_told;

class Packer {
 public:
  template <class... Values>
  void operator()(const Values&... values) {
    (put(values), ...);
  }
  Bytes bytes() && { return std::move(bytes_); }

 private:
  template <class Value>
  void put(const Value& value) {
    if constexpr (std::is_arithmetic_v<Value> || std::is_enum_v<Value>) {
      bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    } else {
      fields(*this, value);
    }
  }
  void put(const std::string& text) {
    put(text.size());
    bytes_ += text;
  }
  template <class Value, std::size_t count>
  void put(const std::array<Value, count>& values) {
    for (const Value& value : values) put(value);
  }
  template <class Value>
  void put(const std::optional<Value>& value) {
    put(value.has_value());
    if (value) put(*value);
  }
  template <class Value>
  void put(const std::vector<Value>& values) {
    put(values.size());
    for (const Value& value : values) put(value);
  }

  Bytes bytes_;
};

// Of bytes that anybody may have written: what does not fit makes all of it wrong, and values are
// then unspecified. Numbers are finite and enumerations in their range.
class Unpacker {
 public:
  explicit Unpacker(ByteView bytes) : rest_(bytes) {}

  template <class... Values>
  void operator()(Values&... values) {
    (get(values), ...);
  }
  // Was all of it right, and is nothing left?
  bool done() const { return !wrong_ && rest_.empty(); }

 private:
  template <class Value>
  void get(Value& value) {
    if constexpr (std::is_same_v<Value, bool>) {
      std::uint8_t number = 0;
      get(number);
      if (number > 1) wrong_ = true;
      value = number == 1;
    } else if constexpr (std::is_enum_v<Value>) {
      std::underlying_type_t<Value> number{};
      get(number);
      if (number < 0 || number > static_cast<decltype(number)>(kLastOf<Value>)) {
        wrong_ = true;
        number = 0;
      }
      value = static_cast<Value>(number);
    } else if constexpr (std::is_arithmetic_v<Value>) {
      if (rest_.size() < sizeof(value)) {
        wrong_ = true;
        value = Value{};
        return;
      }
      std::memcpy(&value, rest_.data(), sizeof(value));
      rest_.remove_prefix(sizeof(value));
      if constexpr (std::is_floating_point_v<Value>) {
        if (!std::isfinite(value)) wrong_ = true;
      }
    } else {
      fields(*this, value);
    }
  }
  void get(std::string& text) {
    const std::size_t count = get_count();
    text.assign(rest_.substr(0, count));
    rest_.remove_prefix(count);
  }
  template <class Value, std::size_t count>
  void get(std::array<Value, count>& values) {
    for (Value& value : values) get(value);
  }
  template <class Value>
  void get(std::optional<Value>& value) {
    bool has_value = false;
    get(has_value);
    value.reset();
    if (has_value && !wrong_) get(value.emplace());
  }
  template <class Value>
  void get(std::vector<Value>& values) {
    const std::size_t count = get_count();
    values.clear();
    for (std::size_t i = 0; i < count && !wrong_; ++i) get(values.emplace_back());
  }
  // Each of them takes a byte at least.
  std::size_t get_count() {
    std::size_t count = 0;
    get(count);
    if (count > rest_.size()) wrong_ = true;
    return wrong_ ? 0 : count;
  }

  ByteView rest_;
  bool wrong_ = false;
};

}  // namespace miniatura
