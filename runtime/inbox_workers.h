// The threads behind an inbox: each takes a delivery, has it handled, and settles it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/clock.h"
#include "runtime/delivery.h"
#include "runtime/inbox.h"
#include "runtime/log.h"

namespace miniatura {

// How a delivery that was handled ends: its worst item decides, another attempt before a dead
// letter. Pure.
Settlement settlement_of(const Handled& handled);

class InboxWorkers {
 public:
  struct Setting {
    int jobs = 1;
    std::chrono::milliseconds time_max{300'000};  // for one attempt
    PauseFn pause;                                // may be null
  };

  // Makes all the HandleFns on this thread, and starts. What is borrowed outlives this.
  InboxWorkers(const Setting& setting, Inbox& inbox, const HandleFactory& make_handle,
               const Clock& clock, const Log& log);
  InboxWorkers(const InboxWorkers&) = delete;
  InboxWorkers& operator=(const InboxWorkers&) = delete;
  ~InboxWorkers();  // stop()s, however long it takes

  // Takes nothing more, and waits until what is in hand is settled, `patience` at most. False: some
  // of it is still being worked on; it is in the inbox, and whoever comes next takes it.
  bool stop(std::chrono::milliseconds patience);

 private:
  void run(const HandleFn& handle);
  void work_on(const Claim& claim, const HandleFn& handle);
  void settle(const Claim& claim, const Settlement& settlement);
  void wait(std::chrono::milliseconds duration);  // or until stop()

  const Setting setting_;
  Inbox& inbox_;
  const Clock& clock_;
  const Log& log_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_stopping_ = false;
  int at_work_ = 0;  // threads that have not ended
  std::vector<std::thread> threads_;
};

}  // namespace miniatura
