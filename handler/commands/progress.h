// How far a long transfer is: one line on standard error, written over itself, where that is a
// terminal and the work takes longer than a second. Gone when the work ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace miniatura {

// "12.3 MB of 40.0 MB, 30 %, 8.1 MB/s"; without a total "12.3 MB, 8.1 MB/s".
std::string progress_text(std::uint64_t bytes, std::optional<std::uint64_t> total_bytes,
                          double seconds);

class Progress {
 public:
  explicit Progress(std::optional<std::uint64_t> total_bytes);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void add(std::uint64_t bytes);

 private:
  using SteadyClock = std::chrono::steady_clock;

  std::optional<std::uint64_t> total_bytes_;
  std::uint64_t bytes_ = 0;
  bool is_terminal_;
  bool is_drawn_ = false;
  SteadyClock::time_point start_;
  SteadyClock::time_point next_;  // not drawn again before
};

}  // namespace miniatura
