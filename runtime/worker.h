// Another process of this executable, which does what may go wrong: it is spoken to by messages,
// may be killed at any time, and leaves nothing behind.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "runtime/environment.h"
#include "runtime/messages.h"
#include "runtime/result.h"
#include "runtime/spawn.h"

namespace miniatura {

// How it is started. The words begin with the program; "/proc/self/exe" is this one, whatever has
// become of its file.
struct WorkerStart {
  std::vector<std::string> words;
  Environment environment;  // all of it
};

// In the worker: its end, where it was started by Worker::start().
MessageSocket worker_socket();

// How it ended.
struct WorkerEnd {
  int signal = 0;  // 0: none, but `exit_status`
  int exit_status = 0;
  bool by_us = false;  // it lived, and was killed
};

// In whoever started it. One thread, which must not end before it: a worker goes with the thread
// that started it (walls.h).
class Worker {
 public:
  // Error: memory_exhausted, where there is no room for another process or descriptor.
  static Result<Worker> start(const WorkerStart& start);

  Worker(Worker&&) = default;
  pid_t id() const { return child_.id(); }
  // Neither sends nor receives where it would have to wait: that is a failure.
  MessageSocket& socket() { return socket_; }

  // From now on it may use so much CPU, rounded up to a second; then SIGXCPU ends it. False: it is
  // gone.
  bool allow_cpu(std::chrono::milliseconds time) const;

  // For one that hung up or talks nonsense: gives it a moment to end by itself, then kills it.
  WorkerEnd end();

 private:
  Worker(pid_t pid, MessageSocket socket) : child_(pid), socket_(std::move(socket)) {}

  Child child_;
  MessageSocket socket_;
};

}  // namespace miniatura
