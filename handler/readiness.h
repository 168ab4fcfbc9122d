// Is there any use in sending us something? A thread of its own asks the stores, so that nobody
// else waits for them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "handler/breaker.h"
#include "handler/rules.h"
#include "runtime/clock.h"
#include "s3client/object_store.h"

namespace miniatura {

// Gives the reasons why not; none if all is well. Called on the Readiness's thread, one at a time.
using ReasonsFn = std::function<std::vector<std::string>()>;

// The reasons that lie in the stores: a bucket of the rules that is out of reach (asked for, a few
// seconds at most), a destination that refuses us.
std::vector<std::string> store_reasons(const Rules& rules, ObjectStore& store,
                                       const Breaker& breaker, const Clock& clock);

// Thread-safe.
class Readiness {
 public:
  explicit Readiness(ReasonsFn reasons);
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;
  ~Readiness();  // who still waits is told of the end

  // Calls back once, with what is found from now on; those who ask while it is being found out
  // share the next answer, so that any number of them asks the stores no more often than one would.
  void ask(std::function<void(std::vector<std::string>)> tell);

  // Not ready from now on: "it is being stopped".
  void stop();

 private:
  void run();

  ReasonsFn reasons_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void(std::vector<std::string>)>> asking_;
  bool is_stopping_ = false;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace miniatura
