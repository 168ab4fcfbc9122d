#include "runtime/stop_signal.h"

#include <pthread.h>

namespace miniatura {

StopSignal::StopSignal() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
}

StopSignal::~StopSignal() { let_through(); }

int StopSignal::wait() {
  int signal = 0;
  while (sigwait(&signals_, &signal) != 0) {
  }
  let_through();
  return signal;
}

void StopSignal::let_through() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

}  // namespace miniatura
