#include "runtime/clock.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace miniatura {
namespace {

using std::chrono::milliseconds;

TEST(DeadlineTest, none_leaves_all_the_time_there_is) {
  const ManualClock clock;
  EXPECT_FALSE(Deadline().is_set());
  EXPECT_FALSE(Deadline().passed(clock));
  EXPECT_EQ(Deadline().remaining(clock), milliseconds::max());
}

TEST(DeadlineTest, what_is_left_shrinks_to_zero_and_no_further) {
  ManualClock clock;
  const Deadline deadline = Deadline::after(clock, milliseconds(100));
  EXPECT_EQ(deadline.remaining(clock), milliseconds(100));
  clock.sleep_for(milliseconds(99));
  EXPECT_FALSE(deadline.passed(clock));
  clock.sleep_for(milliseconds(1));
  EXPECT_TRUE(deadline.passed(clock));
  clock.sleep_for(milliseconds(50));
  EXPECT_EQ(deadline.remaining(clock), milliseconds(0));
}

TEST(StopwatchTest, time_never_runs_backwards) {
  const Stopwatch watch;
  const auto first = watch.lap();
  const auto second = watch.lap();
  EXPECT_GE(first.wall_ms, 0.0);
  EXPECT_GE(second.wall_ms, first.wall_ms);
  EXPECT_GE(second.cpu_ms, first.cpu_ms);
}

}  // namespace
}  // namespace miniatura
