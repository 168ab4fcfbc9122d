// Keeps one wrong setting from costing every event its attempts: when a destination refuses us or
// nobody knows us, the events after it are deferred at once, but for one now and then that probes.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "handler/outcome.h"
#include "runtime/clock.h"
#include "runtime/error.h"

namespace miniatura {

// The operator's to mend, and the same for the next event: a destination that denies or is not
// there (destination_denied, destination_no_bucket), credentials that are missing or expired.
bool opens_breaker(ErrorCode code);

// The fault is not this event's: what opens the breaker, and a store that is away. A door that
// counts attempts does not count this one (Item::counts).
bool is_everybodys(ErrorCode code);

// One for all workers. Thread-safe.
class Breaker {
 public:
  explicit Breaker(const Clock& clock) : clock_(clock) {}

  // Nothing: go on, and tell `observe` how it went. Else why not: the error that opened it, with
  // what is left of its pause as retry_after. When the pause is over one caller goes on, and the
  // others wait for what it finds.
  std::optional<Error> refuse(const std::string& destination_bucket);

  // How an event that went on ended. A thumbnail that was stored closes it; one that was found done
  // shows that we are known there, and no more.
  void observe(const std::string& destination_bucket, const Outcome& outcome);

  bool is_closed() const;  // for all destinations

  // For a door (PauseFn): how long until one of these destinations may be probed; 0 while one of
  // them is fine.
  std::chrono::milliseconds pause(const std::set<std::string>& destination_buckets) const;

 private:
  // Doubled by every probe that fails.
  static constexpr std::chrono::milliseconds kPauseMin{1'000};
  static constexpr std::chrono::milliseconds kPauseMax{60'000};

  struct Open {
    Error why;
    std::chrono::milliseconds pause = kPauseMin;
    Clock::Time until;
  };

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Open> open_;  // by the bucket
};

}  // namespace miniatura
