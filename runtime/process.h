// A program run to its end, for what it prints. No shell is ever in between: what is run is the
// vector of words that the caller hands over.
//
// The program has the given environment, nothing on its standard input, our stderr (so what it
// complains of is seen, and never kept), no other descriptor, and a process group of its own, which
// is killed at the timeout or when it prints too much.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/bytes.h"
#include "runtime/environment.h"
#include "runtime/result.h"

namespace miniatura {

// The words of a command line, as a shell divides it, without its expansions: spaces between words,
// '…' as it stands, "…" in which a backslash stands before '"' and '\', and outside of quotes
// before anything. Errors: config_invalid, for a quote that is not closed; the message does not
// repeat the line.
Result<std::vector<std::string>> split_command_line(std::string_view line);

struct ProcessLimits {
  std::chrono::milliseconds timeout{60'000};
  std::size_t output_bytes_max = std::size_t{64} * 1024;
};

struct ProcessEnd {
  int exit_status = 0;  // 128 and the signal's number, where one ended it
  Bytes output;
};

// `words` is the program (looked up in our PATH unless it holds a '/') and its arguments; at least
// one. It has ended when it and all that hold its standard output have. Errors: config_invalid (it
// cannot be started), deadline_exceeded, event_too_large (its output). Messages name the program
// and not its arguments. Thread-safe.
Result<ProcessEnd> run_process(const std::vector<std::string>& words,
                               const Environment& environment, const ProcessLimits& limits = {});

}  // namespace miniatura
