#include "runtime/stop_signal.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <thread>

namespace miniatura {
namespace {

bool is_held_back(int signal) {
  sigset_t now;
  pthread_sigmask(SIG_SETMASK, nullptr, &now);
  return sigismember(&now, signal) == 1;
}

TEST(StopSignalTest, the_first_is_waited_for_and_a_second_comes_through) {
  StopSignal stop;
  EXPECT_TRUE(is_held_back(SIGINT));
  bool is_held_back_in_thread = false;
  std::thread([&] { is_held_back_in_thread = is_held_back(SIGTERM); }).join();
  EXPECT_TRUE(is_held_back_in_thread);
  ::kill(::getpid(), SIGTERM);
  EXPECT_EQ(stop.wait(), SIGTERM);
  EXPECT_FALSE(is_held_back(SIGTERM));
  EXPECT_FALSE(is_held_back(SIGINT));
}

TEST(StopSignalTest, leaves_all_as_it_was) {
  { const StopSignal stop; }
  EXPECT_FALSE(is_held_back(SIGTERM));
}

}  // namespace
}  // namespace miniatura
