#include "runtime/clock.h"

#include <fmt/chrono.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
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

std::optional<Clock::Time> utc_time(std::tm fields) {
  constexpr int kYearsMax = 300;  // std::tm counts from 1900
  if (fields.tm_year < 0 || fields.tm_year > kYearsMax) return std::nullopt;
  return Clock::Time::clock::from_time_t(::timegm(&fields));
}

std::string iso_time(Clock::Time time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(Clock::Time::clock::to_time_t(time)));
}

std::optional<Clock::Time> parse_iso_time(const std::string& text) {
  std::tm fields{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &fields);
  if (rest == nullptr) return std::nullopt;
  const std::size_t digits = *rest == '.' ? std::strspn(rest + 1, "0123456789") : 0;
  if (digits > 0) rest += 1 + digits;
  if (*rest != 'Z' && *rest != '+' && *rest != '-') return std::nullopt;
  std::tm zone{};
  rest = ::strptime(rest, "%z", &zone);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  const auto time = utc_time(fields);
  if (!time) return std::nullopt;
  return *time - std::chrono::seconds(zone.tm_gmtoff);
}

std::chrono::milliseconds Deadline::remaining(const Clock& clock) const {
  if (!is_set()) return std::chrono::milliseconds::max();
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(at_ - clock.now());
  return std::max(left, std::chrono::milliseconds{0});
}

std::chrono::milliseconds boot_time() {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return std::chrono::milliseconds(std::int64_t{time.tv_sec} * 1'000 + time.tv_nsec / 1'000'000);
}

std::string boot_id() {
  std::string id;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), id);
  return id;
}

Stopwatch::Stopwatch() : wall_(std::chrono::steady_clock::now()), cpu_ms_(thread_cpu_ms()) {}

Stopwatch::Lap Stopwatch::lap() const {
  const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - wall_;
  return {wall.count(), thread_cpu_ms() - cpu_ms_};
}

}  // namespace miniatura
