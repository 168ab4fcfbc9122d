// SIGTERM and SIGINT as something to wait for: the first asks a door to end in order, the second
// ends the process where it stands.
#pragma once

#include <csignal>

#include "runtime/descriptor.h"
#include "runtime/result.h"

namespace miniatura {

// One at a time. Takes both signals over while it lives.
class StopSignal {
 public:
  // Errors: internal, where no descriptors are left.
  static Result<StopSignal> take();
  StopSignal(StopSignal&& other) noexcept;
  StopSignal& operator=(StopSignal&&) = delete;
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  ~StopSignal();

  bool has_come() const;
  void wait() const;                               // until it has
  int descriptor() const { return event_.get(); }  // readable from the first signal on

 private:
  explicit StopSignal(Descriptor event);
  Descriptor event_;
  struct sigaction term_before_ {};
  struct sigaction int_before_ {};
};

}  // namespace miniatura
