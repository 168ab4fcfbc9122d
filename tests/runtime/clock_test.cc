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

TEST(IsoTime, goes_there_and_back) {
  const Clock::Time time(std::chrono::seconds(1'769'903'999));
  EXPECT_EQ(iso_time(time), "2026-01-31T23:59:59Z");
  EXPECT_EQ(parse_iso_time("2026-01-31T23:59:59Z"), time);
  EXPECT_EQ(parse_iso_time("2026-01-31T23:59:59.999Z"), time);
  EXPECT_EQ(parse_iso_time("2026-01-31T23:59:59+00:00"), time);
  EXPECT_EQ(parse_iso_time("2026-02-01T00:59:59.5+01:00"), time);
  EXPECT_EQ(parse_iso_time("2026-01-31T18:29:59-0530"), time);
}

TEST(IsoTime, what_is_none_is_nothing) {
  for (const char* text : {"", "2026-01-31", "2026-01-31T23:59:59", "2026-01-31T23:59:59 Z",
                           "2026-01-31T23:59:59Zx", "2026-01-31T23:59:59+", "2026-01-31T23:59:59+x",
                           "2026-01-31T23:59:59.5", "2026-01-31T23:59:59.Z", "2026-13-31T23:59:59Z",
                           "now", "1013-01-31T23:59:59Z", "5719-01-31T23:59:59Z"}) {
    EXPECT_FALSE(parse_iso_time(text)) << text;
  }
}

TEST(BootTime, goes_on_and_says_since_when) {
  const auto first = boot_time();
  EXPECT_GT(first.count(), 0);
  EXPECT_GE(boot_time(), first);
  EXPECT_FALSE(boot_id().empty());
  EXPECT_EQ(boot_id(), boot_id());
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
