#include "runtime/retry.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <string>

namespace miniatura {

using std::chrono::milliseconds;

std::chrono::milliseconds backoff_delay(const BackoffPolicy& policy, int attempt,
                                        double unit_random, milliseconds remaining) {
  const auto base = static_cast<double>(policy.base.count());
  const auto cap = static_cast<double>(policy.cap.count());
  const double ceiling = std::min(std::ldexp(base, std::max(attempt, 0)), cap);
  return std::min(milliseconds(static_cast<std::int64_t>(unit_random * ceiling)), remaining);
}

std::optional<milliseconds> wait_before_retry(const BackoffPolicy& policy, int attempt,
                                              double unit_random,
                                              std::optional<milliseconds> asked_for,
                                              milliseconds remaining) {
  if (attempt >= policy.attempts_max) return std::nullopt;
  const milliseconds wait = std::max(backoff_delay(policy, attempt, unit_random, remaining),
                                     asked_for.value_or(milliseconds(0)));
  if (wait > policy.cap || wait >= remaining) return std::nullopt;
  return wait;
}

bool is_retryable_network_error(ErrorCode code) {
  return code == ErrorCode::network_unreachable || code == ErrorCode::network_timeout;
}

std::optional<milliseconds> retry_after(const HttpHeaders& headers, Clock::Time now) {
  constexpr milliseconds kDay = std::chrono::hours(24);
  const std::string text = headers.get_or("Retry-After", "");
  std::uint32_t seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, seconds);
  if (error == std::errc{} && rest == end) {
    return std::min<milliseconds>(std::chrono::seconds(seconds), kDay);
  }
  const auto until = parse_http_date(text);
  if (!until) return std::nullopt;
  const Clock::Time from = parse_http_date(headers.get_or("Date", "")).value_or(now);
  return std::clamp(std::chrono::duration_cast<milliseconds>(*until - from), milliseconds(0), kDay);
}

std::function<double()> system_random() {
  return [] {
    std::random_device system;
    return std::generate_canonical<double, std::numeric_limits<double>::digits>(system);
  };
}

}  // namespace miniatura
