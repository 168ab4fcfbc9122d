#include "runtime/log.h"

#include <errno.h>
#include <fmt/chrono.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <mutex>

namespace miniatura {
namespace {

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "DEBUG";
    case LogLevel::info:
      return "INFO";
    case LogLevel::warn:
      return "WARN";
    case LogLevel::error:
      return "ERROR";
    case LogLevel::off:
      break;
  }
  return "INFO";
}

std::string rfc3339_now() {
  const auto now = std::chrono::system_clock::now();
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(static_cast<std::time_t>(ms / 1000)), ms % 1000);
}

constexpr int kFullPipeMsMax = 1'000;  // for whoever reads the other end to go on

// False: that was not all, and no more can be.
bool write_some(int descriptor, std::string_view& text) {
  const ssize_t written = ::write(descriptor, text.data(), text.size());
  if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  if (written >= 0 || errno == EINTR) return true;
  if (errno != EAGAIN) return false;
  pollfd reader{descriptor, POLLOUT, 0};  // somebody made the descriptor non-blocking
  const int ready = ::poll(&reader, 1, kFullPipeMsMax);
  return ready > 0 || (ready < 0 && errno == EINTR);
}

// All of it, and nothing of another thread's between: of more than PIPE_BUF, a pipe takes a part.
void write_whole(int descriptor, std::string_view text) {
  static std::mutex one_line_at_a_time;  // of the process: two Logs may share a descriptor
  const std::lock_guard lock(one_line_at_a_time);
  // A log that cannot be written has nowhere to say so.
  while (!text.empty() && write_some(descriptor, text)) {
  }
}

}  // namespace

void Log::write(LogLevel level, std::string_view message, const Json& fields) const {
  if (level < minimum_) return;
  Json line = {{"level", level_name(level)},
               {"timestamp", rfc3339_now()},
               {"message", message},
               {"service", "miniatura"}};
  line.update(fields);
  write_whole(descriptor_, to_text(line) + "\n");
}

LogLevel log_level(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = static_cast<char>(c | 0x20);
  if (lower == "debug" || lower == "trace") return LogLevel::debug;
  if (lower == "warn" || lower == "warning") return LogLevel::warn;
  if (lower == "error" || lower == "fatal") return LogLevel::error;
  return LogLevel::info;
}

}  // namespace miniatura
