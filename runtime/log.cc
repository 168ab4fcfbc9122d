#include "runtime/log.h"

#include <errno.h>
#include <fmt/chrono.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <mutex>

#include "runtime/text.h"

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

std::string json_line(LogLevel level, std::string_view message, const Json& fields) {
  Json line = {{"level", level_name(level)},
               {"timestamp", rfc3339_now()},
               {"message", message},
               {"service", "miniatura"}};
  line.update(fields);
  return to_text(line);
}

// A word as it is, all else in JSON's quotes and brackets.
std::string text_value(const Json& value) {
  constexpr std::size_t kValueBytesMax = 500;
  std::string text = value.is_string() ? value.get<std::string>() : to_text(value);
  const bool is_word = !text.empty() && text.find_first_of(" \"=") == std::string::npos;
  if (value.is_string() && !is_word) text = to_text(value);
  return cropped(one_line(text), kValueBytesMax);
}

std::string text_line(LogLevel level, std::string_view message, const Json& fields) {
  std::string line =
      fmt::format("{} {:5} {} ", rfc3339_now(), level_name(level), one_line(message));
  for (const auto& [name, value] : fields.items()) {
    line += fmt::format(" {}={}", name, text_value(value));
  }
  return line;
}

}  // namespace

LogFormat log_format(int descriptor) {
  return ::isatty(descriptor) == 1 ? LogFormat::text : LogFormat::json;
}

void Log::write(LogLevel level, std::string_view message, const Json& fields) const {
  if (level < minimum_) return;
  const auto line = format_ == LogFormat::text ? text_line : json_line;
  write_whole(descriptor_, line(level, message, fields) + "\n");
}

LogLevel log_level(std::string_view name) {
  const std::string lower = lower_case(name);
  if (lower == "debug" || lower == "trace") return LogLevel::debug;
  if (lower == "warn" || lower == "warning") return LogLevel::warn;
  if (lower == "error" || lower == "fatal") return LogLevel::error;
  return LogLevel::info;
}

}  // namespace miniatura
