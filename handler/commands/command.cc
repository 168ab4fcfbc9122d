#include "handler/commands/command.h"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "handler/reply.h"
#include "runtime/text.h"

namespace miniatura {
namespace {

int results_errno = 0;  // of the first line of results that could not be printed

}  // namespace

void add_config_option(CLI::App& command, ConfigOptions& options) {
  command.add_option("--config", options.file,
                     "Rules, presets and limits: a JSON file, comments allowed [MINIATURA_CONFIG]");
}

void add_store_option(CLI::App& command, ConfigOptions& options) {
  command.add_option("--store", options.store,
                     "Where objects live: s3: (default) or file:///root [MINIATURA_STORE]");
}

void add_journal_option(CLI::App& command, ConfigOptions& options) {
  command.add_option("--journal", options.journal,
                     "The record of what was done: a file, :memory: or none [MINIATURA_JOURNAL]");
}

void add_rendering_options(CLI::App& command, ConfigOptions& options, std::string_view otherwise) {
  command.add_option("--isolation", options.isolation,
                     fmt::format("Where pictures are rendered: process, each in a worker that is "
                                 "walled in, or none ({}) [MINIATURA_ISOLATION]",
                                 otherwise));
  command.add_option("--engine", options.engine,
                     "What renders pictures: planes (default), or magick, the plain one, which is "
                     "slow [MINIATURA_ENGINE]");
}

int exit_code(const Error& error) {
  if (error.code == ErrorCode::usage || error.code == ErrorCode::config_invalid ||
      error.code == ErrorCode::config_missing || error.code == ErrorCode::queue_conflict) {
    return kExitUsage;
  }
  return error.retryable() ? kExitDeferred : kExitFailed;
}

int worse(int exit_code_a, int exit_code_b) { return std::max(exit_code_a, exit_code_b); }

int report(const Error& error, bool json) {
  const std::string line =
      one_line(fmt::format("miniatura: {}: {}", code_name(error.code), error.message)) + '\n';
  static_cast<void>(std::fwrite(line.data(), 1, line.size(), stderr));  // else nowhere to say so
  if (json) print_json(Json{{"error", error_json(error)}});
  return exit_code(error);
}

void print_line(std::string_view line) {
  const bool written = std::fwrite(line.data(), 1, line.size(), stdout) == line.size() &&
                       std::fputc('\n', stdout) != EOF && std::fflush(stdout) == 0;
  if (!written && results_errno == 0) results_errno = errno;
}

int with_results_printed(int exit_code_so_far) {
  if (results_errno == 0) return exit_code_so_far;
  Error error;
  error.code = ErrorCode::file_unwritable;
  error.message = fmt::format("standard output: {}", std::strerror(results_errno));
  return worse(exit_code_so_far, report(error, false));
}

void print_json(const Json& value) { print_line(to_text(value)); }

bool stdout_is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

Log quiet_log(const Environment& environment) {
  const auto level = environment.get("MINIATURA_LOG_LEVEL");
  return Log(level ? log_level(*level) : LogLevel::off);
}

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  if (bytes < 1'000'000) return fmt::format("{:.1f} KB", static_cast<double>(bytes) / 1e3);
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

}  // namespace miniatura
