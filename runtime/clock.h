// Time, from outside: signatures, backoff and deadlines ask a Clock, so that tests can bring their
// own.
#pragma once

#include <chrono>
#include <ctime>
#include <optional>
#include <string>

namespace miniatura {

class Clock {
 public:
  using Time = std::chrono::system_clock::time_point;

  virtual ~Clock() = default;
  virtual Time now() const = 0;
  virtual void sleep_for(std::chrono::milliseconds duration) = 0;
};

// The machine's own; thread-safe.
class SystemClock : public Clock {
 public:
  Time now() const override { return std::chrono::system_clock::now(); }
  void sleep_for(std::chrono::milliseconds duration) override;
};

// The time of UTC's calendar; nothing outside of 1900 to 2200: the clock counts in nanoseconds, and
// what came from outside may name any year.
std::optional<Clock::Time> utc_time(std::tm fields);

// "2026-01-31T23:59:59Z", and back; what is read may have a fraction of a second, which is dropped,
// and an offset ("+01:00") in place of the Z. Nothing if it is no such time.
std::string iso_time(Clock::Time time);
std::optional<Clock::Time> parse_iso_time(const std::string& text);

// Until when a piece of work may run; without one it may run for ever. A value.
class Deadline {
 public:
  Deadline() = default;  // never
  explicit Deadline(Clock::Time at) : at_(at) {}

  static Deadline after(const Clock& clock, std::chrono::milliseconds duration) {
    return Deadline(clock.now() + duration);
  }
  bool is_set() const { return at_ != Clock::Time::max(); }
  Clock::Time at() const { return at_; }

  // What is left; never negative: a deadline in the past leaves 0, none leaves the maximum.
  std::chrono::milliseconds remaining(const Clock& clock) const;
  bool passed(const Clock& clock) const { return is_set() && remaining(clock).count() == 0; }

 private:
  Clock::Time at_ = Clock::Time::max();
};

// Since the machine started, its sleep included: whoever sets the wall clock does not move it.
std::chrono::milliseconds boot_time();
// Which start of the machine boot_time() counts from; "" where the system does not say.
std::string boot_id();

// Wall and CPU time of this thread since it was made; for the timings of a step.
class Stopwatch {
 public:
  Stopwatch();
  struct Lap {
    double wall_ms = 0;
    double cpu_ms = 0;
  };
  Lap lap() const;

 private:
  std::chrono::steady_clock::time_point wall_;
  double cpu_ms_;
};

}  // namespace miniatura
