// SIGINT and SIGTERM of a command that serves until it is told to stop.
#pragma once

#include <signal.h>

namespace miniatura {

// Make it before the first thread: both are held back from this thread, and so from those that it
// starts, until wait() takes one. One a process.
class StopSignal {
 public:
  StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  ~StopSignal();

  // Returns when one comes, and says which. A second one ends the process: who asks twice does not
  // want to wait.
  int wait();

 private:
  void let_through();

  sigset_t signals_{};
  sigset_t before_{};
};

}  // namespace miniatura
