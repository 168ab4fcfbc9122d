// A child of a test, forked: it says lines, and is killed at will. To be made while the test has no
// thread of its own.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <optional>
#include <string>

#include "runtime/descriptor.h"

namespace miniatura {

class Forked {
 public:
  // `body` runs in the child, and may say whole lines from any thread; `stop` in it reads as
  // closed once the parent is gone or has called finish().
  class Parent {
   public:
    explicit Parent(int says, int hears) : says_(says), hears_(hears) {}
    void say(const std::string& line) const {
      const std::string text = line + "\n";  // one write: lines of threads do not mix
      if (::write(says_, text.data(), text.size()) < 0) ::_exit(1);
    }
    void await_end() const {
      char byte = 0;
      while (::read(hears_, &byte, 1) > 0) {
      }
    }

   private:
    int says_;
    int hears_;
  };

  explicit Forked(const std::function<void(const Parent&)>& body) {
    int up[2];
    int down[2];
    if (::pipe2(up, O_CLOEXEC) != 0 || ::pipe2(down, O_CLOEXEC) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(up[0]);
      ::close(down[1]);
      body(Parent(up[1], down[0]));
      ::_exit(0);
    }
    ::close(up[1]);
    ::close(down[0]);
    hears_ = Descriptor(up[0]);
    says_ = Descriptor(down[1]);
  }
  Forked(const Forked&) = delete;
  Forked& operator=(const Forked&) = delete;
  ~Forked() {
    if (pid_ > 0) kill();
  }

  // The next line; nothing at the end of all that it said.
  std::optional<std::string> line() {
    for (;;) {
      const std::size_t end = unread_.find('\n');
      if (end != std::string::npos) {
        std::string line = unread_.substr(0, end);
        unread_.erase(0, end + 1);
        return line;
      }
      char bytes[4096];
      const ssize_t count = ::read(hears_.get(), bytes, sizeof bytes);
      if (count <= 0) return std::nullopt;
      unread_.append(bytes, static_cast<std::size_t>(count));
    }
  }

  void kill() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  void finish() { says_.close(); }

 private:
  pid_t pid_ = -1;
  Descriptor hears_;
  Descriptor says_;
  std::string unread_;
};

}  // namespace miniatura
