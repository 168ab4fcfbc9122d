// What is asked of an inbox's thread, and who waits for it: between the callers, on any thread, and
// the one that has the file.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/inbox.h"
#include "runtime/inbox_file.h"
#include "runtime/result.h"

namespace miniatura {

// Something to be done in a transaction, and told of after it.
struct InboxJob {
  // An error of code inbox_unavailable undoes the whole transaction; any other is its own affair.
  std::function<Result<void>(InboxFile&, InboxMoment)> run;
  std::function<void(const Result<void>&)> end;
  bool reaches_disk = true;  // must what it did survive a power cut?
  bool is_put = false;
  std::size_t bytes = 0;
  Result<void> answer = {};  // of run
};

class InboxQueue {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit InboxQueue(std::string path) : path_(std::move(path)) {}

  // Of the callers. An error is a refusal: inbox_full (too many puts wait: their senders have to be
  // told no at some time, and memory is no disk), or inbox_unavailable after end().
  std::optional<Error> add(InboxJob& job);  // taken where it is not refused
  Result<std::optional<Claim>> take(std::chrono::milliseconds wait_max);
  void wake();
  void end();

  // Of the inbox's thread. Sleeps until there are jobs, a new taker or `alarm_at`, or where takers
  // wait `look_at`; takes the jobs, a bounded number at a time. Nothing once it has ended and is
  // empty.
  std::optional<std::vector<InboxJob>> wait(Time look_at, Time alarm_at);
  std::size_t takers();
  // The first takers get the claims; the others of the first `tried` wait on, and where their time
  // is over they leave with `error`, if there is one.
  void serve(std::vector<Claim> claims, std::size_t tried, const std::optional<Error>& error);

 private:
  // Lies on the stack of who waits.
  struct Taker {
    Time until;
    bool was_tried = false;  // once at least, however short it waits
    std::optional<Error> error;
    std::promise<Result<std::optional<Claim>>> answer;
  };
  Error error_of(ErrorCode code, const std::string& why) const;
  void send_away(Time now);

  const std::string path_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<InboxJob> jobs_;
  std::size_t puts_ = 0;  // of jobs_
  std::size_t bytes_ = 0;
  std::deque<Taker*> takers_;  // removed by the inbox's thread alone
  bool is_woken_ = false;
  bool is_ended_ = false;
};

}  // namespace miniatura
