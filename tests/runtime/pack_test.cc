#include "runtime/pack.h"

#include <gtest/gtest.h>

#include <limits>

namespace miniatura {
namespace {

enum class Kind { one, two, three };

struct Part {
  std::string text;
  std::vector<int> numbers;
  bool operator==(const Part&) const = default;
};

struct Whole {
  Kind kind = Kind::one;
  bool flag = false;
  double ratio = 0;
  std::optional<std::uint64_t> perhaps;
  std::array<std::uint8_t, 3> bytes = {};
  std::vector<Part> parts;
  bool operator==(const Whole&) const = default;
};

template <class Archive>
void fields(Archive& archive, Either<Part> auto& part) {
  auto& [text, numbers] = part;
  archive(text, numbers);
}

template <class Archive>
void fields(Archive& archive, Either<Whole> auto& whole) {
  auto& [kind, flag, ratio, perhaps, bytes, parts] = whole;
  archive(kind, flag, ratio, perhaps, bytes, parts);
}

template <class... Values>
Bytes packed(const Values&... values) {
  Packer packer;
  packer(values...);
  return std::move(packer).bytes();
}

template <class Value>
std::optional<Value> unpacked(ByteView bytes) {
  Value value;
  Unpacker unpacker(bytes);
  unpacker(value);
  if (!unpacker.done()) return std::nullopt;
  return value;
}

const Whole kWhole{Kind::three, true,        -0.5,
                   7,           {1, 2, 255}, {{std::string("a\0b", 3), {-1, 2}}, {"", {}}}};

TEST(Pack, what_was_packed_comes_out_the_same) {
  EXPECT_EQ(unpacked<Whole>(packed(kWhole)), kWhole);
  EXPECT_EQ(unpacked<Whole>(packed(Whole{})), Whole{});
}

}  // namespace

template <>
inline constexpr Kind kLastOf<Kind> = Kind::three;

namespace {

TEST(Pack, what_is_cut_short_or_too_long_is_wrong) {
  const Bytes bytes = packed(kWhole);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(unpacked<Whole>(ByteView(bytes).substr(0, size))) << size;
  }
  EXPECT_FALSE(unpacked<Whole>(bytes + '\0'));
}

TEST(Pack, a_value_out_of_its_range_is_wrong) {
  EXPECT_EQ(unpacked<Kind>(packed(2)), Kind::three);
  EXPECT_FALSE(unpacked<Kind>(packed(3)));
  EXPECT_FALSE(unpacked<Kind>(packed(-1)));
  EXPECT_EQ(unpacked<bool>(packed(true)), true);
  EXPECT_FALSE(unpacked<bool>(Bytes(1, '\2')));
  EXPECT_FALSE(unpacked<double>(packed(std::numeric_limits<double>::quiet_NaN())));
  EXPECT_FALSE(unpacked<double>(packed(std::numeric_limits<double>::infinity())));
}

TEST(Pack, a_count_of_more_than_there_is_takes_no_memory) {
  const Bytes lie = packed(std::numeric_limits<std::size_t>::max() - 7) + "0123456789";
  EXPECT_FALSE(unpacked<std::string>(lie));
  EXPECT_FALSE(unpacked<std::vector<Part>>(lie));
}

}  // namespace
}  // namespace miniatura
