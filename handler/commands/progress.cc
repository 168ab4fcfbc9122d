#include "handler/commands/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "handler/commands/command.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

constexpr auto kQuiet = 1s;  // who waits shorter needs no line
constexpr auto kRefresh = 200ms;
constexpr const char* kClearLine = "\r\x1b[K";

void write_terminal(const std::string& text) {
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
  static_cast<void>(std::fflush(stderr));
}

}  // namespace

std::string progress_text(std::uint64_t bytes, std::optional<std::uint64_t> total_bytes,
                          double seconds) {
  const double rate = static_cast<double>(bytes) / 1e6 / std::max(seconds, 1e-3);
  if (!total_bytes || *total_bytes == 0) {
    return fmt::format("{}, {:.1f} MB/s", human_bytes(bytes), rate);
  }
  const double part = static_cast<double>(bytes) / static_cast<double>(*total_bytes);
  return fmt::format("{} of {}, {:.0f} %, {:.1f} MB/s", human_bytes(bytes),
                     human_bytes(*total_bytes), 100 * part, rate);
}

ProgressLine::ProgressLine()
    : is_terminal_(::isatty(STDERR_FILENO) == 1),
      start_(SteadyClock::now()),
      next_(start_ + kQuiet) {}

void ProgressLine::draw(const std::function<std::string(double)>& text) {
  if (!is_terminal_) return;
  const auto now = SteadyClock::now();
  if (now < next_) return;
  next_ = now + kRefresh;
  is_drawn_ = true;
  const std::chrono::duration<double> taken = now - start_;
  write_terminal(kClearLine + text(taken.count()));
}

void ProgressLine::hide() {
  if (is_drawn_) write_terminal(kClearLine);
  is_drawn_ = false;
}

void Progress::set(std::uint64_t bytes) {
  bytes_ = bytes;
  line_.draw([this](double seconds) { return progress_text(bytes_, total_bytes_, seconds); });
}

}  // namespace miniatura
