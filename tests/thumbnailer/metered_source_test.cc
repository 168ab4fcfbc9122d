#include "thumbnailer/metered_source.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

// So many bytes, whose number is announced or not.
class Zeros : public ByteSource {
 public:
  Zeros(std::uint64_t count, bool announced) : left_(count), count_(count), announced_(announced) {}
  std::optional<std::uint64_t> size_bytes() const override {
    return announced_ ? std::optional(count_) : std::nullopt;
  }
  std::uint64_t left() const { return left_; }
  bool cancelled() const { return cancelled_; }

 private:
  Result<std::size_t> pull(std::span<char> buffer) override {
    const std::size_t count = std::min<std::size_t>(buffer.size(), left_);
    std::fill_n(buffer.begin(), count, '\0');
    left_ -= count;
    return count;
  }
  void stop() override { cancelled_ = true; }

  std::uint64_t left_, count_;
  bool announced_;
  bool cancelled_ = false;
};

Bytes read_some(ByteSource& source, std::size_t count) {
  Bytes bytes(count, 'x');
  const auto got = source.read(bytes);
  bytes.resize(got ? *got : 0);
  return bytes;
}

TEST(metered_source, finishes_a_small_rest_so_that_the_connection_can_be_used_again) {
  Zeros zeros(100'000, true);
  MeteredSource source(zeros, 1'000'000);
  EXPECT_EQ(read_some(source, 10'000).size(), 10'000U);
  ASSERT_TRUE(source.finish());
  EXPECT_EQ(zeros.left(), 0U);
  EXPECT_FALSE(zeros.cancelled());
  EXPECT_EQ(source.whole_bytes(), 100'000U);
}

TEST(metered_source, leaves_a_large_rest_where_it_is) {
  Zeros zeros(5'000'000, true);
  MeteredSource source(zeros, 10'000'000);
  EXPECT_EQ(read_some(source, 10'000).size(), 10'000U);
  ASSERT_TRUE(source.finish());
  EXPECT_TRUE(zeros.cancelled());
  EXPECT_EQ(zeros.left(), 4'990'000U);
  EXPECT_EQ(source.whole_bytes(), 5'000'000U) << "as announced";
}

TEST(metered_source, counts_to_the_end_what_was_not_announced) {
  Zeros zeros(5'000'000, false);
  MeteredSource source(zeros, 10'000'000);
  EXPECT_EQ(read_some(source, 10'000).size(), 10'000U);
  ASSERT_TRUE(source.finish());
  EXPECT_EQ(source.whole_bytes(), 5'000'000U);
}

TEST(metered_source, refuses_more_than_the_limit_before_or_on_the_way) {
  Zeros announced(2'000, true);
  MeteredSource before(announced, 1'000);
  Bytes buffer(100, '\0');
  const auto refused = before.read(buffer);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::source_too_large);
  EXPECT_EQ(refused.error().message, "source: 2000 bytes, over the limit of 1000");
  EXPECT_EQ(announced.left(), 2'000U);

  Zeros silent(2'000, false);
  MeteredSource on_the_way(silent, 1'000);
  EXPECT_EQ(read_some(on_the_way, 900).size(), 900U);
  const auto over = on_the_way.finish();
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().message, "source: more than the limit of 1000 bytes");
  EXPECT_TRUE(silent.cancelled());
}

}  // namespace
}  // namespace miniatura
