// The threads of a door that takes deliveries from a queue: each has a HandleFn of its own and
// works on one delivery at a time, while the door's own thread talks to the queue.
//
// All of it is called on the door's thread. The door gives no more than there are idle threads, so
// nothing waits in here.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/delivery.h"
#include "runtime/descriptor.h"
#include "runtime/result.h"

namespace miniatura {

class JobThreads {
 public:
  struct Done {
    std::uint64_t ticket = 0;  // as given
    Handled handled;           // of a HandleFn that throws: dead, as a fault of ours
  };

  // One HandleFn a thread, all made on this one. Errors: internal, where no descriptors are left.
  static Result<std::unique_ptr<JobThreads>> start(int count, const HandleFactory& make_handle);
  JobThreads(const JobThreads&) = delete;
  JobThreads& operator=(const JobThreads&) = delete;
  ~JobThreads();  // waits for what is under way

  int idle() const { return count_ - busy_; }
  int busy() const { return busy_; }
  void give(std::uint64_t ticket, Delivery delivery);  // to an idle thread: there has to be one
  std::vector<Done> take_done();
  int descriptor() const { return event_.get(); }  // readable when something is done

 private:
  JobThreads(int count, const HandleFactory& make_handle, Descriptor event);
  void run(const HandleFn& handle);

  const int count_;
  int busy_ = 0;
  Descriptor event_;
  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::deque<std::pair<std::uint64_t, Delivery>> given_;
  std::vector<Done> done_;
  bool is_ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace miniatura
