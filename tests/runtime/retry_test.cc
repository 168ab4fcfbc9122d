#include "runtime/retry.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <vector>

namespace miniatura {
namespace {

using std::chrono::milliseconds;

TEST(BackoffTest, the_ceiling_doubles_up_to_the_cap) {
  const BackoffPolicy policy;
  const milliseconds ever = milliseconds::max();
  const std::vector<std::pair<int, int>> table = {
      {1, 50}, {2, 100}, {3, 200}, {8, 6'400}, {9, 10'000}, {10, 10'000}, {1'000'000, 10'000}};
  for (const auto& [attempt, half_ceiling_ms] : table) {
    EXPECT_EQ(backoff_delay(policy, attempt, 0.5, ever), milliseconds(half_ceiling_ms)) << attempt;
    EXPECT_EQ(backoff_delay(policy, attempt, 0.0, ever), milliseconds(0)) << attempt;
  }
}

TEST(BackoffTest, never_longer_than_what_remains) {
  EXPECT_EQ(backoff_delay({}, 9, 0.99, milliseconds(7)), milliseconds(7));
  EXPECT_EQ(backoff_delay({}, 9, 0.99, milliseconds(0)), milliseconds(0));
}

TEST(WaitBeforeRetry, is_a_backoff_no_shorter_than_what_was_asked_for) {
  const BackoffPolicy policy;
  const milliseconds ever = milliseconds::max();
  EXPECT_EQ(wait_before_retry(policy, 1, 0.5, std::nullopt, ever), milliseconds(50));
  EXPECT_EQ(wait_before_retry(policy, 1, 0.5, milliseconds(3'000), ever), milliseconds(3'000));
  EXPECT_EQ(wait_before_retry(policy, 1, 0.5, milliseconds(3), ever), milliseconds(50));
}

TEST(WaitBeforeRetry, there_is_none_for_one_too_many_too_long_or_too_late) {
  const BackoffPolicy policy;
  const milliseconds ever = milliseconds::max();
  EXPECT_FALSE(wait_before_retry(policy, policy.attempts_max, 0.5, std::nullopt, ever));
  EXPECT_TRUE(wait_before_retry(policy, 1, 0.5, policy.cap, ever));
  EXPECT_FALSE(wait_before_retry(policy, 1, 0.5, policy.cap + milliseconds(1), ever));
  EXPECT_FALSE(wait_before_retry(policy, 1, 0.5, std::nullopt, milliseconds(50)));
  EXPECT_TRUE(wait_before_retry(policy, 1, 0.5, std::nullopt, milliseconds(51)));
}

TEST(RetryAfter, seconds_and_dates_are_understood) {
  const Clock::Time now(std::chrono::seconds(1'700'000'000));  // 2023-11-14T22:13:20Z
  const auto after = [&](const HttpHeaders& headers) { return retry_after(headers, now); };
  EXPECT_EQ(after({{"retry-after", "3"}}), milliseconds(3'000));
  EXPECT_EQ(after({{"Retry-After", "0"}}), milliseconds(0));
  EXPECT_EQ(after({{"Retry-After", "Tue, 14 Nov 2023 22:14:20 GMT"}}), milliseconds(60'000));
  EXPECT_EQ(after({{"Retry-After", "Tue, 14 Nov 2023 22:12:20 GMT"}}), milliseconds(0));
}

TEST(RetryAfter, a_date_counts_from_the_servers_own) {
  const HttpHeaders headers{{"Retry-After", "Wed, 21 Oct 2026 07:28:09 GMT"},
                            {"Date", "Wed, 21 Oct 2026 07:28:00 GMT"}};
  EXPECT_EQ(retry_after(headers, Clock::Time{}), milliseconds(9'000));
}

TEST(RetryAfter, what_is_neither_says_nothing_and_a_day_is_the_most) {
  const Clock::Time now(std::chrono::seconds(1'700'000'000));
  for (const char* text : {"", "soon", "-1", "1.5", "3 ", "99999999999", "14 Nov 2023 22:14:20"}) {
    EXPECT_FALSE(retry_after({{"Retry-After", text}}, now)) << text;
  }
  EXPECT_FALSE(retry_after({}, now));
  EXPECT_EQ(retry_after({{"Retry-After", "86401"}}, now), std::chrono::hours(24));
  EXPECT_EQ(retry_after({{"Retry-After", "Sat, 14 Nov 2099 22:14:20 GMT"}}, now),
            std::chrono::hours(24));
}

TEST(SystemRandomTest, numbers_are_in_the_unit_interval) {
  const auto random = system_random();
  for (int i = 0; i < 1000; ++i) {
    const double number = random();
    ASSERT_GE(number, 0.0);
    ASSERT_LT(number, 1.0);
  }
}

// As two sandboxes do that go on from one snapshot.
TEST(SystemRandomTest, processes_of_one_snapshot_draw_different_numbers) {
  const auto random = system_random();
  static_cast<void>(random());
  std::array<double, 3> drawn{};
  for (std::size_t i = 0; i < 2; ++i) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const double number = random();
      ::_exit(::write(ends[1], &number, sizeof number) == sizeof number ? 0 : 1);
    }
    EXPECT_EQ(::read(ends[0], &drawn[i], sizeof drawn[i]), ssize_t{sizeof drawn[i]});
    ::waitpid(child, nullptr, 0);
    for (const int end : ends) ::close(end);
  }
  drawn[2] = random();
  EXPECT_NE(drawn[0], drawn[1]);
  EXPECT_NE(drawn[0], drawn[2]);
}

}  // namespace
}  // namespace miniatura
