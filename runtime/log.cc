#include "runtime/log.h"

#include <fmt/chrono.h>
#include <unistd.h>

#include <chrono>

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

}  // namespace

void Log::write(LogLevel level, std::string_view message, const Json& fields) const {
  if (level < minimum_) return;
  Json line = {{"level", level_name(level)},
               {"timestamp", rfc3339_now()},
               {"message", message},
               {"service", "miniatura"}};
  line.update(fields);
  const std::string text = to_text(line) + "\n";
  // A log that cannot be written has nowhere to say so.
  [[maybe_unused]] const ssize_t written = ::write(descriptor_, text.data(), text.size());
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
