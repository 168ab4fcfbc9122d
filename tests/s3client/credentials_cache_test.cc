#include "s3client/credentials_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <latch>
#include <stdexcept>
#include <thread>

#include "tests/support/manual_clock.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

class CredentialsCache : public testing::Test {
 protected:
  // Answers from `answers_`; the last one again and again.
  Result<Credentials> fetch() {
    ++fetches_;
    auto answer = answers_.front();
    if (answers_.size() > 1) answers_.pop_front();
    return answer;
  }
  Credentials lasting(const char* key, std::chrono::seconds life) {
    return {key, "secret", "token", clock_.now() + life};
  }
  std::string key() {
    const auto credentials = cache_->credentials();
    return credentials ? credentials->access_key : std::string(code_name(credentials.error().code));
  }

  ManualClock clock_;
  std::deque<Result<Credentials>> answers_;
  int fetches_ = 0;
  std::unique_ptr<CredentialsProvider> cache_ =
      cached_credentials([this] { return fetch(); }, clock_);
};

TEST_F(CredentialsCache, nothing_is_fetched_before_the_first_use_and_then_once) {
  answers_ = {lasting("A", 1h)};
  EXPECT_EQ(fetches_, 0);
  EXPECT_EQ(key(), "A");
  EXPECT_EQ(key(), "A");
  clock_.sleep_for(54min);
  EXPECT_EQ(key(), "A");
  EXPECT_EQ(fetches_, 1);
}

TEST_F(CredentialsCache, five_minutes_before_their_end_they_are_fetched_anew) {
  answers_ = {lasting("A", 1h), lasting("B", 2h)};
  EXPECT_EQ(key(), "A");
  clock_.sleep_for(55min - 1s);
  EXPECT_EQ(key(), "A");
  clock_.sleep_for(1s);
  EXPECT_EQ(key(), "B");
}

TEST_F(CredentialsCache,
       short_lived_ones_are_fetched_anew_at_half_their_life_and_not_at_every_use) {
  answers_ = {lasting("A", 2min), lasting("B", 4min)};
  EXPECT_EQ(key(), "A");
  clock_.sleep_for(59s);
  EXPECT_EQ(key(), "A");
  clock_.sleep_for(1s);
  EXPECT_EQ(key(), "B");
}

TEST_F(CredentialsCache, without_an_end_they_stay) {
  answers_ = {Credentials{"A", "s", ""}};
  EXPECT_EQ(key(), "A");
  clock_.sleep_for(std::chrono::hours(24 * 365));
  EXPECT_EQ(key(), "A");
  EXPECT_EQ(fetches_, 1);
}

TEST_F(CredentialsCache, while_the_old_are_valid_a_failed_fetch_keeps_them_and_pauses) {
  answers_ = {lasting("A", 1h), fail(ErrorCode::credentials_missing, "away"), lasting("B", 2h)};
  EXPECT_EQ(key(), "A");
  clock_.sleep_for(56min);
  EXPECT_EQ(key(), "A");
  EXPECT_EQ(fetches_, 2);
  clock_.sleep_for(4s);
  EXPECT_EQ(key(), "A");
  EXPECT_EQ(fetches_, 2);
  clock_.sleep_for(1s);
  EXPECT_EQ(key(), "B");
}

TEST_F(CredentialsCache,
       when_the_old_have_ended_the_error_comes_out_and_is_not_asked_for_again_at_once) {
  answers_ = {lasting("A", 1h), fail(ErrorCode::credentials_missing, "away"), lasting("B", 3h)};
  EXPECT_EQ(key(), "A");
  clock_.sleep_for(1h);
  EXPECT_EQ(key(), "credentials.missing");
  EXPECT_EQ(key(), "credentials.missing");
  EXPECT_EQ(fetches_, 2);
  clock_.sleep_for(5s);
  EXPECT_EQ(key(), "B");
}

TEST_F(CredentialsCache, what_had_ended_before_it_came_is_expired) {
  answers_ = {lasting("AKIASHORT", -1s)};
  const auto credentials = cache_->credentials();
  ASSERT_FALSE(credentials);
  EXPECT_EQ(credentials.error().code, ErrorCode::credentials_expired);
  EXPECT_EQ(
      credentials.error().message,
      "the credentials AKIA****, session ended at 2023-11-14T22:13:19Z, before they were given");
}

TEST_F(CredentialsCache, refused_ones_are_fetched_anew_once) {
  answers_ = {lasting("A", 1h), lasting("B", 1h), lasting("C", 1h)};
  const Credentials first = cache_->credentials().value();
  cache_->refused(first);
  EXPECT_EQ(fetches_, 1);
  EXPECT_EQ(key(), "B");
  clock_.sleep_for(1min);
  cache_->refused(first);  // by another thread, that signed before
  EXPECT_EQ(key(), "B");
  EXPECT_EQ(fetches_, 2);
  cache_->refused(cache_->credentials().value());
  EXPECT_EQ(key(), "C");
}

TEST_F(CredentialsCache, a_place_that_gives_the_refused_ones_again_is_not_asked_at_every_use) {
  answers_ = {lasting("A", 1h)};
  const Credentials first = cache_->credentials().value();
  for (int i = 0; i < 3; ++i) {
    cache_->refused(first);
    EXPECT_EQ(key(), "A");
  }
  EXPECT_EQ(fetches_, 2);
  clock_.sleep_for(5s);
  cache_->refused(first);
  EXPECT_EQ(key(), "A");
  EXPECT_EQ(fetches_, 3);
}

TEST_F(CredentialsCache, refused_ones_are_not_given_again_when_the_fetch_fails) {
  answers_ = {lasting("A", 1h), fail(ErrorCode::credentials_missing, "away"), lasting("B", 1h)};
  cache_->refused(cache_->credentials().value());
  EXPECT_EQ(key(), "credentials.missing");
  clock_.sleep_for(5s);
  EXPECT_EQ(key(), "B");
}

// Threads meet at latches: nothing here depends on who is faster.
class CredentialsCacheThreads : public testing::Test {
 protected:
  class SharedClock : public Clock {
   public:
    Time now() const override { return Time(std::chrono::seconds(seconds_.load())); }
    void sleep_for(std::chrono::milliseconds duration) override {
      seconds_ += duration.count() / 1000;
    }

   private:
    std::atomic<std::int64_t> seconds_{1'700'000'000};
  };

  Credentials lasting(const char* key, std::chrono::seconds life) {
    return {key, "secret", "token", clock_.now() + life};
  }

  SharedClock clock_;
};

TEST_F(CredentialsCacheThreads, one_refreshes_while_the_others_go_on) {
  std::atomic<int> fetches{0};
  std::latch is_fetching(1);
  std::latch may_end(1);
  const auto cache = cached_credentials(
      [&]() -> Result<Credentials> {
        if (++fetches == 1) return lasting("A", 1h);
        is_fetching.count_down();
        may_end.wait();
        return lasting("B", 1h);
      },
      clock_);
  ASSERT_EQ(cache->credentials()->access_key, "A");
  clock_.sleep_for(56min);

  std::thread refresher([&] { EXPECT_EQ(cache->credentials()->access_key, "B"); });
  is_fetching.wait();
  std::vector<std::thread> others;
  others.reserve(4);
  for (int i = 0; i < 4; ++i) {
    others.emplace_back([&] { EXPECT_EQ(cache->credentials()->access_key, "A"); });
  }
  for (std::thread& other : others) other.join();  // though the refresh has not ended
  may_end.count_down();
  refresher.join();
  EXPECT_EQ(cache->credentials()->access_key, "B");
  EXPECT_EQ(fetches, 2);
}

TEST_F(CredentialsCacheThreads, when_they_have_ended_all_wait_for_one_fetch) {
  constexpr int kThreads = 5;
  std::atomic<int> fetches{0};
  std::latch all_are_there(kThreads);
  const auto cache = cached_credentials(
      [&]() -> Result<Credentials> {
        all_are_there.wait();
        ++fetches;
        return lasting("A", 1h);
      },
      clock_);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      all_are_there.count_down();
      EXPECT_EQ(cache->credentials()->access_key, "A");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(fetches, 1);
}

TEST_F(CredentialsCacheThreads, all_who_wait_share_the_error_of_that_fetch) {
  constexpr int kThreads = 5;
  std::atomic<int> fetches{0};
  std::latch all_are_there(kThreads);
  const auto cache = cached_credentials(
      [&]() -> Result<Credentials> {
        all_are_there.wait();
        ++fetches;
        return fail(ErrorCode::credentials_missing, "away");
      },
      clock_);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      all_are_there.count_down();
      EXPECT_EQ(cache->credentials().error().message, "away");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(fetches, 1);
}

TEST_F(CredentialsCacheThreads, a_fetch_that_throws_does_not_leave_the_others_waiting) {
  std::atomic<int> fetches{0};
  const auto cache = cached_credentials(
      [&]() -> Result<Credentials> {
        if (++fetches == 1) throw std::runtime_error("as scripted");
        return lasting("A", 1h);
      },
      clock_);
  EXPECT_THROW(static_cast<void>(cache->credentials()), std::runtime_error);
  EXPECT_EQ(cache->credentials()->access_key, "A");
}

}  // namespace
}  // namespace miniatura
