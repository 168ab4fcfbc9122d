// When and how long to wait before a request is tried again, and the transport that does so.
//
// Exponential with full jitter, as AWS's SDKs do since 2026: random * min(base * 2^attempt, cap).
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "runtime/clock.h"
#include "runtime/http.h"

namespace miniatura {

struct BackoffPolicy {
  std::chrono::milliseconds base{50};
  std::chrono::milliseconds throttled_base{1'000};  // after a 429 or 503: the other side is busy
  std::chrono::milliseconds cap{20'000};            // of one wait; a longer Retry-After ends it
  int attempts_max = 4;                             // the first one included
};

// The wait before attempt `attempt` (the first retry is 1). `unit_random` is in [0, 1). Never
// longer than `remaining`: what is left of the delivery's deadline. Pure.
std::chrono::milliseconds backoff_delay(const BackoffPolicy& policy, int attempt,
                                        double unit_random, std::chrono::milliseconds remaining);

// 408, 429, 500, 502, 503, 504.
bool is_retryable_status(int status);

// The connection's fault (unreachable, timeout), not the request's. Narrower than retry_class: a
// certificate or a deadline that says no now says no in a second, too.
bool is_retryable_network_error(ErrorCode code);

// Sends what failed again, over `inner`, which must outlive it. A request that is given up gives
// its last answer or error as it came; one whose next wait would not end before its deadline is
// given up at once. A request may have taken effect though its answer was lost: who cares (a
// conditional PUT) must look. Bodies are not resumed: what breaks after open() is the reader's.
// `clock` paces the waits; `unit_random` gives numbers in [0, 1).
std::unique_ptr<HttpTransport> make_retrying_transport(HttpTransport& inner, Clock& clock,
                                                       std::function<double()> unit_random,
                                                       BackoffPolicy policy = {});

// A source of numbers in [0, 1), seeded by the system; for one thread.
std::function<double()> system_random();

}  // namespace miniatura
