#include "runtime/clock.h"

#include <algorithm>
#include <ctime>
#include <thread>

namespace miniatura {
namespace {

double thread_cpu_ms() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

}  // namespace

void SystemClock::sleep_for(std::chrono::milliseconds duration) {
  std::this_thread::sleep_for(duration);
}

std::chrono::milliseconds Deadline::remaining(const Clock& clock) const {
  if (!is_set()) return std::chrono::milliseconds::max();
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(at_ - clock.now());
  return std::max(left, std::chrono::milliseconds{0});
}

Stopwatch::Stopwatch() : wall_(std::chrono::steady_clock::now()), cpu_ms_(thread_cpu_ms()) {}

Stopwatch::Lap Stopwatch::lap() const {
  const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - wall_;
  return {wall.count(), thread_cpu_ms() - cpu_ms_};
}

}  // namespace miniatura
