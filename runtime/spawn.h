// Starts a program, from whichever thread and however many there are: the one place that does.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/environment.h"

namespace miniatura {

// Which descriptor of ours becomes which of the program's.
struct HandedOn {
  int ours = -1;
  int theirs = -1;
};

// The program `words[0]` (looked up in our PATH unless it holds a '/') with its arguments, in a
// process group of its own, so that a terminal's signals pass it by, with no signal blocked or
// ignored. It has this environment, an empty standard input, standard output (empty too, where it
// is not handed on), our stderr, and of our descriptors `handed_on` alone. Gives its id, which the
// caller has to wait for, or errno's number as a negative one. Thread-safe.
pid_t spawn(std::vector<std::string> words, const Environment& environment, HandedOn handed_on);

// What spawn() started, and whoever owns it: killed with its group, and waited for, at the end.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Child(const Child&) = delete;
  Child& operator=(Child&&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  pid_t id() const { return pid_; }  // -1 once it was waited for
  void kill() const;
  // Its status, for WIFSIGNALED and the like, once it has ended; nothing at `until`. Looks after a
  // millisecond, two, four, at most 50: for one that is about to end.
  std::optional<int> wait_until(std::chrono::steady_clock::time_point until);

 private:
  pid_t pid_;
};

}  // namespace miniatura
