// The log: one JSON object a line on stderr, with the fields that Lambda and Powertools users know
// (level, timestamp, message, service, …). Lambda keeps the level only of such lines. On a terminal
// the same as text.
//
// What every line of a process says of it (its service, its function) is made into text once, and
// stands in each JSON line after the message.
//
// Thread-safe: lines follow each other whole, whatever their length. A descriptor that is closed,
// or full for a second, loses the line. Never given a secret or a whole payload.
#pragma once

#include <string>
#include <string_view>

#include "runtime/json.h"

namespace miniatura {

enum class LogLevel { debug, info, warn, error, off };
enum class LogFormat {
  json,
  text,  // 2026-01-31T23:59:59.123Z INFO  handled  stored=1 door=replay …
};
// Text for a terminal, JSON for all else.
LogFormat log_format(int descriptor);

class Log {
 public:
  // Where to write; 2 is stderr. The level comes from AWS_LAMBDA_LOG_LEVEL or MINIATURA_LOG_LEVEL
  // (see log_level).
  explicit Log(LogLevel minimum = LogLevel::info, int descriptor = 2)
      : Log(minimum, descriptor, log_format(descriptor)) {}
  Log(LogLevel minimum, int descriptor, LogFormat format);

  // The same with these fields in every JSON line, in place of {"service":"miniatura"}. A line has
  // no others of their names.
  Log with(const Json& constant_fields) const;

  bool takes(LogLevel level) const { return level >= minimum_; }
  void write(LogLevel level, std::string_view message, const Json& fields = Json::object()) const;
  // Whatever the level, unless the log is off: what somebody counts.
  void write_always(LogLevel level, std::string_view message, const Json& fields) const;

 private:
  LogLevel minimum_;
  int descriptor_;
  LogFormat format_;
  std::string constant_;  // ',"service":"…"'
};

// "debug", "INFO", "warn"/"warning", "error"/"fatal", "trace"; anything else is info.
LogLevel log_level(std::string_view name);

}  // namespace miniatura
