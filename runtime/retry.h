// When and how long to wait before something is tried again. Who tries again, and what, is decided
// where the answers are understood (lambda_loop; the S3 client's requester).
//
// Exponential with full jitter, as AWS's SDKs do since 2026: random * min(base * 2^attempt, cap).
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "runtime/clock.h"
#include "runtime/http.h"

namespace miniatura {

struct BackoffPolicy {
  std::chrono::milliseconds base{50};
  std::chrono::milliseconds throttled_base{1'000};  // the other side is busy
  std::chrono::milliseconds cap{20'000};            // of one wait; a longer Retry-After ends it
  int attempts_max = 4;                             // the first one included
};

// The wait before attempt `attempt` (the first retry is 1). `unit_random` is in [0, 1). Never
// longer than `remaining`: what is left of the delivery's deadline. Pure.
std::chrono::milliseconds backoff_delay(const BackoffPolicy& policy, int attempt,
                                        double unit_random, std::chrono::milliseconds remaining);

// The wait before one more attempt after attempt `attempt` failed: a backoff, and no less than what
// the other side asked for. Nothing where that is one too many, longer than the cap, or would not
// end before `remaining` is over. Pure.
std::optional<std::chrono::milliseconds> wait_before_retry(
    const BackoffPolicy& policy, int attempt, double unit_random,
    std::optional<std::chrono::milliseconds> asked_for, std::chrono::milliseconds remaining);

// The connection's fault (unreachable, timeout), not the request's. Narrower than retry_class: a
// certificate or a deadline that says no now says no in a second, too.
bool is_retryable_network_error(ErrorCode code);

// Retry-After, in seconds or as a date: from the answer's own Date on, or from `now` if it has
// none. Nothing if it is neither; a day at most.
std::optional<std::chrono::milliseconds> retry_after(const HttpHeaders& headers, Clock::Time now);

// A source of numbers in [0, 1): each is drawn from the system. Nothing is seeded, so processes
// that go on from one snapshot do not all wait the same time.
std::function<double()> system_random();

}  // namespace miniatura
