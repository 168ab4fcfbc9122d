#include "runtime/stop_signal.h"

#include <errno.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>

namespace miniatura {
namespace {

// What the handler may look at.
std::atomic<int> signals_seen{0};
std::atomic<int> event_descriptor{-1};
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void on_stop_signal(int signal) {
  if (signals_seen.fetch_add(1) > 0) ::_exit(128 + signal);
  const int saved = errno;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(event_descriptor, &one, sizeof one);
  errno = saved;
}

}  // namespace

Result<StopSignal> StopSignal::take() {
  Descriptor event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event.is_open()) {
    return fail(ErrorCode::internal, fmt::format("no descriptor: {}", std::strerror(errno)));
  }
  return StopSignal(std::move(event));
}

StopSignal::StopSignal(Descriptor event) : event_(std::move(event)) {
  signals_seen = 0;
  event_descriptor = event_.get();
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGTERM, &action, &term_before_);
  ::sigaction(SIGINT, &action, &int_before_);
}

StopSignal::StopSignal(StopSignal&& other) noexcept
    : event_(std::move(other.event_)),
      term_before_(other.term_before_),
      int_before_(other.int_before_) {}

StopSignal::~StopSignal() {
  if (!event_.is_open()) return;  // moved from
  ::sigaction(SIGTERM, &term_before_, nullptr);
  ::sigaction(SIGINT, &int_before_, nullptr);
  event_descriptor = -1;
}

bool StopSignal::has_come() const { return signals_seen > 0; }

void StopSignal::wait() const {
  pollfd entry{descriptor(), POLLIN, 0};
  while (!has_come()) ::poll(&entry, 1, -1);  // a signal to another thread wakes it, too
}

}  // namespace miniatura
