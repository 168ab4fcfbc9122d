#include "s3client/credentials_cache.h"

#include <fmt/core.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace miniatura {
namespace {

constexpr std::chrono::minutes kRefreshAhead{5};
constexpr std::chrono::seconds kPause{5};

Error ended(const Credentials& credentials) {
  Error error;
  error.code = ErrorCode::credentials_expired;
  error.message = fmt::format("the credentials {} ended at {}, before they were given",
                              masked(credentials), iso_time(*credentials.expires));
  return error;
}

class CachedCredentials : public CredentialsProvider {
 public:
  CachedCredentials(FetchCredentials fetch, const Clock& clock)
      : fetch_(std::move(fetch)), clock_(clock) {}

  Result<Credentials> credentials() override {
    std::unique_lock lock(mutex_);
    for (;;) {
      const Clock::Time now = clock_.now();
      const bool valid = held_ && (!held_->expires || now < *held_->expires);
      if (valid && (fetching_ || now < due_)) return *held_;
      if (fetching_) {
        fetched_.wait(lock);
      } else if (!valid && failure_ && now < due_) {
        return fail(*failure_);
      } else {
        fetch(lock);
      }
    }
  }

  void refused(const Credentials& refused) override {
    const std::lock_guard lock(mutex_);
    if (!held_ || !held_->signs_as(refused)) return;
    // The place gives what it gave before: asking at every request would not change its mind.
    const bool said_again = refused_ && refused_->signs_as(refused);
    if (said_again && clock_.now() < believed_until_) return;
    refused_ = refused;
    held_.reset();
    failure_.reset();
  }

 private:
  // The lock is released meanwhile; the others see fetching_.
  void fetch(std::unique_lock<std::mutex>& lock) {
    fetching_ = true;
    lock.unlock();
    Result<Credentials> fetched;
    try {
      fetched = fetch_();
    } catch (...) {  // the others would wait for ever
      lock.lock();
      fetching_ = false;
      fetched_.notify_all();
      throw;
    }
    lock.lock();
    fetching_ = false;
    keep(std::move(fetched));
    fetched_.notify_all();
  }

  void keep(Result<Credentials> fetched) {
    const Clock::Time now = clock_.now();
    if (fetched && fetched->expires && *fetched->expires <= now) fetched = fail(ended(*fetched));
    if (!fetched) {
      failure_ = std::move(fetched).error();
      due_ = now + kPause;
      return;
    }
    failure_.reset();
    held_ = *std::move(fetched);
    due_ = Clock::Time::max();
    if (held_->expires) {
      const Clock::Time::duration half = (*held_->expires - now) / 2;
      due_ = *held_->expires - std::min<Clock::Time::duration>(kRefreshAhead, half);
    }
    believed_until_ = now + kPause;
  }

  const FetchCredentials fetch_;
  const Clock& clock_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable fetched_;
  bool fetching_ = false;
  std::optional<Credentials> held_;
  std::optional<Error> failure_;  // of the last fetch
  Clock::Time due_;               // when to fetch again
  std::optional<Credentials> refused_;
  Clock::Time believed_until_;
};

}  // namespace

std::unique_ptr<CredentialsProvider> cached_credentials(FetchCredentials fetch,
                                                        const Clock& clock) {
  return std::make_unique<CachedCredentials>(std::move(fetch), clock);
}

}  // namespace miniatura
