#include "tests/support/disk_syncs.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace miniatura {
namespace {

struct State {
  std::mutex mutex;
  std::condition_variable changed;
  long count = 0;
  bool holds = false;
  bool is_one_there = false;
  bool fails = false;
};

State& state() {
  static State* const of_all = new State;  // syncs may come as late as at exit
  return *of_all;
}

int sync(int descriptor) {
  {
    std::unique_lock lock(state().mutex);
    ++state().count;
    state().is_one_there = true;
    state().changed.notify_all();
    state().changed.wait(lock, [] { return !state().holds; });
    state().is_one_there = false;
    if (state().fails) {
      state().fails = false;
      errno = EIO;
      return -1;
    }
  }
  return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
}

}  // namespace

long DiskSyncs::count() {
  const std::lock_guard lock(state().mutex);
  return state().count;
}

void DiskSyncs::hold() {
  const std::lock_guard lock(state().mutex);
  state().holds = true;
}

bool DiskSyncs::await_one() {
  std::unique_lock lock(state().mutex);
  return state().changed.wait_for(lock, std::chrono::minutes(1),
                                  [] { return state().is_one_there; });
}

void DiskSyncs::let_go() {
  const std::lock_guard lock(state().mutex);
  state().holds = false;
  state().changed.notify_all();
}

void DiskSyncs::fail_next() {
  const std::lock_guard lock(state().mutex);
  state().fails = true;
}

}  // namespace miniatura

// Libraries find this one before libc's.
extern "C" int fdatasync(int descriptor) { return miniatura::sync(descriptor); }
