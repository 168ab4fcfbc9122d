#include "runtime/inbox_queue.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace miniatura {
namespace {

constexpr std::size_t kJobsAtOnceMax = 1'000;
constexpr std::size_t kPutsMax = 10'000;
constexpr std::size_t kBytesMax = 64 << 20;
constexpr std::size_t kPayloadBytesMax = 256 << 20;

}  // namespace

Error InboxQueue::error_of(ErrorCode code, const std::string& why) const {
  return fail(code, fmt::format("{}: {}", path_, why)).value();
}

std::optional<Error> InboxQueue::add(InboxJob& job) {
  {
    const std::lock_guard lock(mutex_);
    if (is_ended_) return error_of(ErrorCode::inbox_unavailable, "is being closed");
    if (job.bytes > kPayloadBytesMax) {
      return error_of(ErrorCode::inbox_full, fmt::format("takes {} bytes at most, and not {}",
                                                         kPayloadBytesMax, job.bytes));
    }
    const bool is_over = puts_ >= kPutsMax || bytes_ + job.bytes > kBytesMax;
    if (job.is_put && puts_ > 0 && is_over) {
      return error_of(ErrorCode::inbox_full,
                      fmt::format("{} deliveries of {} bytes wait for the disk (at most {} of {})",
                                  puts_, bytes_, kPutsMax, kBytesMax));
    }
    if (job.is_put) ++puts_;
    bytes_ += job.bytes;
    jobs_.push_back(std::move(job));
  }
  changed_.notify_all();
  return std::nullopt;
}

Result<std::optional<Claim>> InboxQueue::take(std::chrono::milliseconds wait_max) {
  Taker taker;
  taker.until = std::chrono::steady_clock::now() + wait_max;
  auto answer = taker.answer.get_future();
  {
    const std::lock_guard lock(mutex_);
    if (is_woken_) return std::nullopt;
    takers_.push_back(&taker);
  }
  changed_.notify_all();
  return answer.get();
}

void InboxQueue::wake() {
  {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
  }
  changed_.notify_all();
}

void InboxQueue::end() {
  {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
    is_ended_ = true;
  }
  changed_.notify_all();
}

std::optional<std::vector<InboxJob>> InboxQueue::wait(Time look_at, Time alarm_at) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const Time now = std::chrono::steady_clock::now();
    send_away(now);
    Time until = alarm_at;
    for (const Taker* taker : takers_) {
      until = std::min({until, taker->until, taker->was_tried ? look_at : now});
    }
    if (!jobs_.empty()) break;
    if (is_ended_) return std::nullopt;
    if (until <= now) break;
    if (until == Time::max()) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, until);
    }
  }
  std::vector<InboxJob> jobs;
  while (!jobs_.empty() && jobs.size() < kJobsAtOnceMax) {
    jobs.push_back(std::move(jobs_.front()));
    jobs_.pop_front();
    bytes_ -= jobs.back().bytes;
    if (jobs.back().is_put) --puts_;
  }
  return jobs;
}

std::size_t InboxQueue::takers() {
  const std::lock_guard lock(mutex_);
  return takers_.size();
}

// Under the lock.
void InboxQueue::send_away(Time now) {
  const auto stays = [&](const Taker* taker) {
    return !is_woken_ && (!taker->was_tried || taker->until > now);
  };
  const auto gone = std::stable_partition(takers_.begin(), takers_.end(), stays);
  const std::vector<Taker*> leaving(gone, takers_.end());
  takers_.erase(gone, takers_.end());
  for (Taker* taker : leaving) {
    Result<std::optional<Claim>> nothing = std::optional<Claim>();
    if (taker->error) nothing = fail(*taker->error);
    taker->answer.set_value(std::move(nothing));
  }
}

void InboxQueue::serve(std::vector<Claim> claims, std::size_t tried,
                       const std::optional<Error>& error) {
  const std::lock_guard lock(mutex_);
  for (Claim& claim : claims) {
    Taker* taker = takers_.front();
    takers_.pop_front();
    taker->answer.set_value(std::optional(std::move(claim)));
  }
  for (std::size_t i = 0; i < tried - claims.size(); ++i) {
    takers_[i]->was_tried = true;
    takers_[i]->error = error;
  }
}

}  // namespace miniatura
