// How far a long work is: one line on standard error, written over itself, where that is a
// terminal and the work takes longer than a second. Gone when the work ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace miniatura {

// "12.3 MB of 40.0 MB, 30 %, 8.1 MB/s"; without a total "12.3 MB, 8.1 MB/s".
std::string progress_text(std::uint64_t bytes, std::optional<std::uint64_t> total_bytes,
                          double seconds);

// The line itself, whatever it says. For one thread at a time.
class ProgressLine {
 public:
  ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() { hide(); }

  // Says what `text` gives for the seconds since the beginning, if it is time to.
  void draw(const std::function<std::string(double)>& text);
  // Before anything else is written there.
  void hide();

 private:
  using SteadyClock = std::chrono::steady_clock;

  bool is_terminal_;
  bool is_drawn_ = false;
  SteadyClock::time_point start_;
  SteadyClock::time_point next_;  // not drawn again before
};

class Progress {
 public:
  explicit Progress(std::optional<std::uint64_t> total_bytes) : total_bytes_(total_bytes) {}

  void add(std::uint64_t bytes) { set(bytes_ + bytes); }
  void set(std::uint64_t bytes);

 private:
  std::optional<std::uint64_t> total_bytes_;
  std::uint64_t bytes_ = 0;
  ProgressLine line_;
};

}  // namespace miniatura
