#include "runtime/process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <climits>
#include <cstring>
#include <optional>
#include <thread>

namespace miniatura {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kTimeoutMax = std::chrono::hours(1);

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  int get() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

// What posix_spawn does between fork and exec.
class SpawnPlan {
 public:
  explicit SpawnPlan(int output) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, output, 1);
    // Libraries open sockets and files without O_CLOEXEC.
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    // We may block or ignore signals that the program relies on.
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD}) {
      ::sigaddset(&signals, signal);
    }
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  // The process, or errno's number as a negative one.
  pid_t spawn(std::vector<std::string> words, std::vector<std::string> variables) const {
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> all;
      all.reserve(texts.size() + 1);
      for (std::string& text : texts) all.push_back(text.data());
      all.push_back(nullptr);
      return all;
    };
    const std::vector<char*> arguments = pointers(words);
    const std::vector<char*> environment = pointers(variables);
    pid_t child = -1;
    const int error = ::posix_spawnp(&child, arguments[0], &actions_, &attributes_,
                                     arguments.data(), environment.data());
    return error == 0 ? child : -error;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// A running child; whoever leaves early kills it, and all that it started in its group.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
  }

  // Its status once it has ended; nothing at `until`.
  std::optional<int> wait_until(Clock::time_point until) {
    milliseconds pause{1};
    for (;;) {
      int status = 0;
      const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
      if (ended == pid_) {
        pid_ = -1;
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
      }
      if (Clock::now() >= until) return std::nullopt;
      // Its output has ended, so it is about to: there is hardly anything to wait for.
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, milliseconds(50));
    }
  }

 private:
  pid_t pid_;
};

}  // namespace

Result<std::vector<std::string>> split_command_line(std::string_view line) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const char next = i + 1 < line.size() ? line[i + 1] : '\0';
    if (quote == '\0' && is_space(c)) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && (quote == '\0' || (quote == '"' && (next == '"' || next == '\\')))) {
      if (i + 1 == line.size()) {
        return fail(ErrorCode::config_invalid, "a command line ends in a backslash");
      }
      words.back() += next;
      ++i;
    } else {
      words.back() += c;
    }
  }
  if (quote != '\0') {
    return fail(ErrorCode::config_invalid,
                fmt::format("a command line has a {} that is not closed", quote));
  }
  return words;
}

Result<ProcessEnd> run_process(const std::vector<std::string>& words,
                               const Environment& environment, const ProcessLimits& limits) {
  assert(!words.empty());
  const std::string& program = words.front();
  const auto not_started = [&](int error) {
    return fail(ErrorCode::config_invalid,
                fmt::format("{}: cannot be started: {}", program, std::strerror(error)));
  };
  const auto until = Clock::now() + std::clamp(limits.timeout, milliseconds(0), kTimeoutMax);
  const auto too_late = [&] {
    return fail(ErrorCode::deadline_exceeded,
                fmt::format("{}: did not end within {} ms", program, limits.timeout.count()));
  };

  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return not_started(errno);
  const Descriptor output(pipe[0]);
  Descriptor input(pipe[1]);
  const pid_t pid = SpawnPlan(input.get()).spawn(words, environment.lines());
  if (pid < 0) return not_started(-pid);
  Child child(pid);
  input.close();

  ProcessEnd end;
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - Clock::now()).count();
    if (left <= 0) return too_late();
    pollfd ready{output.get(), POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(std::min<std::int64_t>(left, INT_MAX))) <= 0) continue;
    std::array<char, 4096> buffer{};
    const ssize_t got = ::read(output.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    end.output.append(buffer.data(), static_cast<std::size_t>(got));
    if (end.output.size() > limits.output_bytes_max) {
      return fail(ErrorCode::event_too_large,
                  fmt::format("{}: prints more than the limit of {} bytes", program,
                              limits.output_bytes_max));
    }
  }
  const auto status = child.wait_until(until);
  if (!status) return too_late();
  end.exit_status = *status;
  return end;
}

}  // namespace miniatura
