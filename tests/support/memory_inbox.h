// An inbox that forgets everything, and does what a test tells it to: for those around an inbox.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "runtime/inbox.h"

namespace miniatura {

class MemoryInbox : public Inbox {
 public:
  void put(InboxPut put, std::function<void(Result<std::string>)> done) override {
    const std::lock_guard lock(mutex_);
    if (refusal) return done(fail(*refusal));
    Claim claim;
    claim.id = "id-" + std::to_string(++count_);
    claim.payload = std::move(put.payload);
    claim.door = std::move(put.door);
    claim.trace_id = std::move(put.trace_id);
    entries[claim.id].id = claim.id;
    done(claim.id);
    waiting.push_back(std::move(claim));
    changed_.notify_all();
  }

  Result<std::optional<Claim>> take(std::chrono::milliseconds wait_max) override {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, wait_max, [&] { return is_awake_ || !waiting.empty(); });
    if (is_awake_ || waiting.empty()) return std::nullopt;
    Claim claim = std::move(waiting.front());
    waiting.pop_front();
    return claim;
  }
  void wake() override {
    const std::lock_guard lock(mutex_);
    is_awake_ = true;
    changed_.notify_all();
  }

  Result<void> settle(const Claim& claim, const Settlement& settlement) override {
    const std::lock_guard lock(mutex_);
    if (settle_failures-- > 0) return fail(ErrorCode::inbox_unavailable, "disk full");
    settled.emplace_back(claim.id, settlement);
    changed_.notify_all();
    return {};
  }

  void find(const std::string& id,
            std::function<void(Result<std::optional<InboxEntry>>)> done) override {
    const std::lock_guard lock(mutex_);
    const auto found = entries.find(id);
    done(found == entries.end() ? std::nullopt : std::optional(found->second));
  }
  void count(std::function<void(Result<InboxCounts>)> done) override { done(InboxCounts{}); }

  void wait_until_settled(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return settled.size() >= count; });
  }

  // Set before others use it, read after they are done.
  std::optional<Error> refusal;  // of put()
  int settle_failures = 0;       // the next so many
  std::map<std::string, InboxEntry> entries;
  std::deque<Claim> waiting;
  std::vector<std::pair<std::string, Settlement>> settled;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
  bool is_awake_ = false;
};

}  // namespace miniatura
