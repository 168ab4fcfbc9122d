#include "handler/breaker.h"

#include <algorithm>

namespace miniatura {

bool opens_breaker(ErrorCode code) {
  return code == ErrorCode::destination_denied || code == ErrorCode::destination_no_bucket ||
         code == ErrorCode::credentials_missing || code == ErrorCode::credentials_expired;
}

bool is_everybodys(ErrorCode code) {
  return opens_breaker(code) || code == ErrorCode::network_unreachable ||
         code == ErrorCode::store_unavailable;
}

std::optional<Error> Breaker::refuse(const std::string& destination_bucket) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(destination_bucket);
  if (found == open_.end()) return std::nullopt;
  Open& open = found->second;
  const Clock::Time now = clock_.now();
  if (now >= open.until) {
    // This caller is the probe. Should it never come back, another follows after the same pause.
    open.until = now + open.pause;
    return std::nullopt;
  }
  Error error = open.why;
  error.message += " (not tried again for now)";
  error.retry_after = std::chrono::ceil<std::chrono::milliseconds>(open.until - now);
  return error;
}

void Breaker::observe(const std::string& destination_bucket, const Outcome& outcome) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(destination_bucket);
  if (outcome.error && opens_breaker(outcome.error->code)) {
    if (found == open_.end()) {
      open_[destination_bucket] = {*outcome.error, kPauseMin, clock_.now() + kPauseMin};
      return;
    }
    Open& open = found->second;
    open.why = *outcome.error;
    open.pause = std::min(open.pause * 2, kPauseMax);
    open.until = clock_.now() + open.pause;
    return;
  }
  if (found == open_.end()) return;
  const ErrorCode why = found->second.why.code;
  const bool was_unknown =
      why == ErrorCode::credentials_missing || why == ErrorCode::credentials_expired;
  const bool is_done = outcome.reason == SkipReason::done;
  if (outcome.what == Outcome::What::stored || (was_unknown && is_done)) open_.erase(found);
}

bool Breaker::is_closed() const {
  const std::lock_guard lock(mutex_);
  return open_.empty();
}

std::chrono::milliseconds Breaker::pause(const std::set<std::string>& destination_buckets) const {
  const std::lock_guard lock(mutex_);
  const Clock::Time now = clock_.now();
  std::chrono::milliseconds shortest = kPauseMax;
  for (const std::string& bucket : destination_buckets) {
    const auto found = open_.find(bucket);
    if (found == open_.end() || found->second.until <= now) return std::chrono::milliseconds(0);
    shortest =
        std::min(shortest, std::chrono::ceil<std::chrono::milliseconds>(found->second.until - now));
  }
  return destination_buckets.empty() ? std::chrono::milliseconds(0) : shortest;
}

}  // namespace miniatura
