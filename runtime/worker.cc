#include "runtime/worker.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include <cerrno>
#include <cstring>

namespace miniatura {
namespace {

using namespace std::chrono_literals;

constexpr int kSocket = 3;  // the worker's end, in the worker
constexpr auto kMomentToEnd = 1s;

tl::unexpected<Error> not_started(int error) {
  return fail(ErrorCode::memory_exhausted,
              fmt::format("a worker process cannot be started: {}", std::strerror(error)));
}

}  // namespace

MessageSocket worker_socket() { return MessageSocket(Descriptor(kSocket)); }

Result<Worker> Worker::start(const WorkerStart& start) {
  auto sockets = MessageSocket::pair();
  if (!sockets) return not_started(errno);
  auto& [ours, theirs] = *sockets;
  // Whoever waits looks first whether there is anything, or room for it.
  if (::fcntl(ours.descriptor(), F_SETFL, O_NONBLOCK) != 0) return not_started(errno);
  const pid_t pid = spawn(start.words, start.environment, {theirs.descriptor(), kSocket});
  if (pid < 0) return not_started(-pid);
  return Worker(pid, std::move(ours));
}

bool Worker::allow_cpu(std::chrono::milliseconds time) const {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(child_.id(), &clock) != 0 || ::clock_gettime(clock, &used) != 0) {
    return false;
  }
  const auto until = std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec) +
                     std::chrono::nanoseconds(time);
  rlimit limit{};
  if (::prlimit(child_.id(), RLIMIT_CPU, nullptr, &limit) != 0) return false;
  // The hard limit stays: lowered, it could not be raised for the next piece of work.
  limit.rlim_cur = static_cast<rlim_t>(std::chrono::ceil<std::chrono::seconds>(until).count());
  return ::prlimit(child_.id(), RLIMIT_CPU, &limit, nullptr) == 0;
}

WorkerEnd Worker::end() {
  WorkerEnd end;
  auto status = child_.wait_until(std::chrono::steady_clock::now() + kMomentToEnd);
  while (!status) {
    end.by_us = true;
    child_.kill();
    status = child_.wait_until(std::chrono::steady_clock::now() + kMomentToEnd);
  }
  if (WIFSIGNALED(*status)) {
    end.signal = WTERMSIG(*status);
  } else {
    end.exit_status = WEXITSTATUS(*status);
  }
  return end;
}

}  // namespace miniatura
