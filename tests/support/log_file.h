// Where a test's log lines go and can be read.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <string>

#include "runtime/log.h"

namespace miniatura {

class LogFile {
 public:
  LogFile() : file_(std::tmpfile()), log_(LogLevel::debug, fileno(file_)) {}
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile() { static_cast<void>(std::fclose(file_)); }
  const Log& log() const { return log_; }
  Log at(LogLevel minimum) const { return Log(minimum, fileno(file_)); }
  std::string text() const {
    std::string text(1 << 20, '\0');
    const ssize_t got = ::pread(fileno(file_), text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }

 private:
  std::FILE* file_;
  Log log_;
};

}  // namespace miniatura
