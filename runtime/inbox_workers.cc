#include "runtime/inbox_workers.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "runtime/json.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

constexpr auto kTakeWait = 60s;     // wake() ends it
constexpr auto kPauseAtMost = 1s;   // how often to ask whether the pause is over
constexpr auto kAfterFailure = 1s;  // of the inbox itself

Settlement::What fate(Item::What what) {
  switch (what) {
    case Item::What::ack:
      return Settlement::What::done;
    case Item::What::dead:
      return Settlement::What::dead;
    case Item::What::retry:
      return Settlement::What::later;
  }
  return Settlement::What::later;
}

}  // namespace

Settlement settlement_of(const Handled& handled) {
  Item whole = whole_of(handled);
  Settlement settlement;
  settlement.what = fate(whole.what);
  settlement.counts = whole.counts;
  settlement.not_before = whole.retry_after;
  settlement.why = std::move(whole.why);
  settlement.reply = handled.reply;
  return settlement;
}

InboxWorkers::InboxWorkers(const Setting& setting, Inbox& inbox, const HandleFactory& make_handle,
                           const Clock& clock, const Log& log)
    : setting_(setting), inbox_(inbox), clock_(clock), log_(log), at_work_(setting.jobs) {
  std::vector<HandleFn> handles;
  handles.reserve(static_cast<std::size_t>(setting.jobs));
  for (int i = 0; i < setting.jobs; ++i) handles.push_back(make_handle());
  for (HandleFn& handle : handles) {
    threads_.emplace_back([this, handle = std::move(handle)] { run(handle); });
  }
}

InboxWorkers::~InboxWorkers() {
  stop(0ms);
  for (std::thread& thread : threads_) thread.join();
}

bool InboxWorkers::stop(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  is_stopping_ = true;
  inbox_.wake();
  changed_.notify_all();
  return changed_.wait_for(lock, patience, [this] { return at_work_ == 0; });
}

void InboxWorkers::wait(std::chrono::milliseconds duration) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, duration, [this] { return is_stopping_; });
}

void InboxWorkers::run(const HandleFn& handle) {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (is_stopping_) break;
    }
    const auto pause = setting_.pause ? setting_.pause() : 0ms;
    if (pause > 0ms) {
      wait(std::min<std::chrono::milliseconds>(pause, kPauseAtMost));
      continue;
    }
    const auto claim = inbox_.take(kTakeWait);
    if (!claim) {
      log_.write(LogLevel::error, "the inbox cannot be read",
                 {{"error", error_json(claim.error())}});
      wait(kAfterFailure);
    } else if (*claim) {
      work_on(**claim, handle);
    }
  }
  const std::lock_guard lock(mutex_);
  --at_work_;
  changed_.notify_all();
}

void InboxWorkers::work_on(const Claim& claim, const HandleFn& handle) {
  Delivery delivery;
  delivery.payload = claim.payload;
  delivery.door = claim.door;
  delivery.id = claim.id;
  delivery.trace_id = claim.trace_id;
  delivery.attempt = claim.attempt;
  delivery.waited = claim.waited;
  delivery.deadline = Deadline::after(clock_, setting_.time_max);
  Settlement settlement;
  try {
    settlement = settlement_of(handle(delivery));
  } catch (const std::exception& fault) {  // a HandleFn guards itself: the last wall
    settlement.what = Settlement::What::later;
    settlement.why.emplace();
    settlement.why->message = std::string("a fault of ours: ") + fault.what();
  }
  settle(claim, settlement);
}

// As long as it takes: what is settled in no file is done again. The claim stays ours meanwhile.
void InboxWorkers::settle(const Claim& claim, const Settlement& settlement) {
  for (;;) {
    const auto settled = inbox_.settle(claim, settlement);
    if (settled) return;
    log_.write(LogLevel::error, "an end could not be written; it is tried again",
               {{"delivery", claim.id}, {"error", error_json(settled.error())}});
    wait(kAfterFailure);
    const std::lock_guard lock(mutex_);
    if (is_stopping_) return;  // whoever comes next finds it to do, and done in effect
  }
}

}  // namespace miniatura
