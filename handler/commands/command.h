// What the files of this folder share: how a command enters the command line, and how it says what
// went wrong.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "handler/config.h"
#include "runtime/environment.h"
#include "runtime/error.h"
#include "runtime/json.h"
#include "runtime/log.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own name
class App;
}

namespace miniatura {

// What the parsed command line asks for; gives the exit code.
using Run = std::function<int()>;

struct Command {
  std::string_view name;
  // Adds the subcommand and its options to `app`; when it is parsed, `run` is set. `environment`
  // outlives both.
  void (*add)(CLI::App& app, const Environment& environment, Run& run);
};

void add_lambda_command(CLI::App& app, const Environment& environment, Run& run);
void add_replay_command(CLI::App& app, const Environment& environment, Run& run);
void add_dead_command(CLI::App& app, const Environment& environment, Run& run);
void add_serve_command(CLI::App& app, const Environment& environment, Run& run);
void add_thumb_command(CLI::App& app, const Environment& environment, Run& run);
void add_journal_command(CLI::App& app, const Environment& environment, Run& run);
void add_s3_command(CLI::App& app, const Environment& environment, Run& run);
void add_config_command(CLI::App& app, const Environment& environment, Run& run);
void add_work_command(CLI::App& app, const Environment& environment, Run& run);
void add_publish_command(CLI::App& app, const Environment& environment, Run& run);
void add_health_command(CLI::App& app, const Environment& environment, Run& run);

// Without CLI11: a cold start does no more than it needs.
int run_lambda_command(const Environment& environment, const ConfigOptions& options);

// --config, --store, --journal, and --isolation with --engine.
void add_config_option(CLI::App& command, ConfigOptions& options);
void add_store_option(CLI::App& command, ConfigOptions& options);
void add_journal_option(CLI::App& command, ConfigOptions& options);
void add_rendering_options(CLI::App& command, ConfigOptions& options, std::string_view otherwise);

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitDeferred = 75;
int exit_code(const Error& error);

// Of several things in one run: deferred wins over failed, failed over done.
int worse(int exit_code_a, int exit_code_b);

// "miniatura: CODE: message" on stderr, one line whatever the message holds; with `json` also
// {"error":{…}} on stdout. Gives the exit code.
int report(const Error& error, bool json);

// A line on stdout: results. What cannot be printed is told once, at the end, by
// with_results_printed().
void print_line(std::string_view line);
void print_json(const Json& value);

// The exit code of a command that is done; if a result was lost, reports that first.
int with_results_printed(int exit_code_so_far);
bool stdout_is_terminal();

// The log of a command that a person started: silent unless MINIATURA_LOG_LEVEL asks for it; errors
// are reported.
Log quiet_log(const Environment& environment);

// "12.3 KB"
std::string human_bytes(std::uint64_t bytes);

}  // namespace miniatura
