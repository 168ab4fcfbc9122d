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

// ',"name":value' of each.
std::string members(const Json& fields) {
  if (fields.empty()) return {};
  std::string text = to_text(fields);
  text.front() = ',';
  text.pop_back();
  return text;
}

std::string json_line(LogLevel level, std::string_view message, std::string_view constant,
                      const Json& fields) {
  return fmt::format(R"({{"level":"{}","timestamp":"{}","message":{}{}{}}})", level_name(level),
                     rfc3339_now(), to_text(message), constant, members(fields));
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

Log::Log(LogLevel minimum, int descriptor, LogFormat format)
    : minimum_(minimum), descriptor_(descriptor), format_(format) {
  constant_ = members({{"service", "miniatura"}});
}

Log Log::with(const Json& constant_fields) const {
  Log log = *this;
  log.constant_ = members(constant_fields);
  return log;
}

void Log::write(LogLevel level, std::string_view message, const Json& fields) const {
  if (takes(level)) write_always(level, message, fields);
}

void Log::write_always(LogLevel level, std::string_view message, const Json& fields) const {
  if (minimum_ == LogLevel::off) return;
  std::string line = format_ == LogFormat::text ? text_line(level, message, fields)
                                                : json_line(level, message, constant_, fields);
  write_whole(descriptor_, line + "\n");
}

LogLevel log_level(std::string_view name) {
  const std::string lower = lower_case(name);
  if (lower == "debug" || lower == "trace") return LogLevel::debug;
  if (lower == "warn" || lower == "warning") return LogLevel::warn;
  if (lower == "error" || lower == "fatal") return LogLevel::error;
  return LogLevel::info;
}

}  // namespace miniatura
