#include "runtime/process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <climits>
#include <cstring>

#include "runtime/descriptor.h"
#include "runtime/spawn.h"

namespace miniatura {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kTimeoutMax = std::chrono::hours(1);

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

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
  const pid_t pid = spawn(words, environment, {input.get(), 1});
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
  end.exit_status = WIFSIGNALED(*status) ? 128 + WTERMSIG(*status) : WEXITSTATUS(*status);
  return end;
}

}  // namespace miniatura
