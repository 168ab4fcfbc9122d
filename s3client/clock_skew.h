// How far our clock is from the server's, learned from its answers: a signature is good for 15
// minutes around the server's time only, and machines that wake up do not always know it.
//
// The rule and its numbers are those of AWS's SDKs: the difference to the middle of the exchange;
// an answer from a cache (Age), without a Date, or that took over 15 minutes says nothing.
#pragma once

#include <chrono>
#include <optional>

#include "runtime/clock.h"
#include "runtime/http.h"

namespace miniatura {

// A difference that is believed to be one, and not the way of the bytes.
inline constexpr std::chrono::milliseconds kSkewMin{240'000};

// The server's time less ours; nothing where the answer does not tell.
std::optional<std::chrono::milliseconds> measured_skew(Clock::Time sent, Clock::Time received,
                                                       const HttpHeaders& answer);

// The server's time, as far as it is known: for signatures. Not thread-safe.
class ServerClock : public Clock {
 public:
  explicit ServerClock(Clock& own) : own_(own) {}
  Time now() const override { return own_.now() + offset_; }
  void sleep_for(std::chrono::milliseconds duration) override { own_.sleep_for(duration); }

  // Takes a measured skew over; one below kSkewMin heals an old one.
  void observe(std::chrono::milliseconds skew) {
    offset_ = skew >= kSkewMin || skew <= -kSkewMin ? skew : std::chrono::milliseconds(0);
  }
  // The server itself says that our time is wrong: no difference is too small.
  void set(std::chrono::milliseconds skew) { offset_ = skew; }
  std::chrono::milliseconds offset() const { return offset_; }

 private:
  Clock& own_;
  std::chrono::milliseconds offset_{0};
};

}  // namespace miniatura
