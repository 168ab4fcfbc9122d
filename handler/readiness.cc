#include "handler/readiness.h"

#include <exception>
#include <utility>

#include "handler/reach.h"

namespace miniatura {
namespace {

constexpr std::chrono::milliseconds kReachTime{5'000};  // for a store to say that it is there

}  // namespace

std::vector<std::string> store_reasons(const Rules& rules, ObjectStore& store,
                                       const Breaker& breaker, const Clock& clock) {
  std::vector<std::string> reasons;
  const auto reached = reach_buckets(rules, store, {Deadline::after(clock, kReachTime), ""});
  if (!reached) reasons.push_back(reached.error().message);
  if (!breaker.is_closed()) reasons.emplace_back("a destination refuses, or our credentials do");
  return reasons;
}

Readiness::Readiness(ReasonsFn reasons)
    : reasons_(std::move(reasons)), thread_([this] { run(); }) {}

Readiness::~Readiness() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Readiness::ask(std::function<void(std::vector<std::string>)> tell) {
  const std::lock_guard lock(mutex_);
  asking_.push_back(std::move(tell));
  changed_.notify_all();
}

void Readiness::stop() {
  const std::lock_guard lock(mutex_);
  is_stopping_ = true;
}

void Readiness::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_ending_ || !asking_.empty(); });
    if (asking_.empty()) return;
    const auto asking = std::exchange(asking_, {});
    const bool is_stopping = is_stopping_;
    lock.unlock();
    std::vector<std::string> reasons;
    if (is_stopping) {
      reasons.emplace_back("it is being stopped");
    } else {
      try {
        reasons = reasons_();
      } catch (const std::exception& fault) {
        reasons.emplace_back(fault.what());
      }
    }
    for (const auto& tell : asking) tell(reasons);
    lock.lock();
  }
}

}  // namespace miniatura
