#include "runtime/stop_signal.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

namespace miniatura {
namespace {

bool is_readable(int descriptor) {
  pollfd entry{descriptor, POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

TEST(StopSignal, the_first_signal_makes_its_descriptor_readable_and_ends_nothing) {
  for (const int signal : {SIGTERM, SIGINT}) {
    auto stop = StopSignal::take();
    ASSERT_TRUE(stop);
    EXPECT_FALSE(stop->has_come());
    EXPECT_FALSE(is_readable(stop->descriptor()));
    ASSERT_EQ(::raise(signal), 0);
    EXPECT_TRUE(stop->has_come());
    EXPECT_TRUE(is_readable(stop->descriptor()));
  }
}

TEST(StopSignal, the_second_one_ends_the_process) {
  EXPECT_EXIT(
      {
        const auto stop = StopSignal::take();
        if (::raise(SIGTERM) != 0 || ::raise(SIGTERM) != 0) ::_exit(1);
        ::_exit(0);
      },
      ::testing::ExitedWithCode(128 + SIGTERM), "");
}

TEST(StopSignal, afterwards_signals_do_what_they_did) {
  struct sigaction ours {};
  ours.sa_handler = SIG_IGN;
  struct sigaction before {};
  ::sigaction(SIGTERM, &ours, &before);
  { const auto stop = StopSignal::take(); }
  struct sigaction after {};
  ::sigaction(SIGTERM, &before, &after);
  EXPECT_EQ(after.sa_handler, SIG_IGN);
}

}  // namespace
}  // namespace miniatura
