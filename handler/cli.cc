#include "handler/cli.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "handler/commands/command.h"
#include "handler/isolation.h"

namespace miniatura {
namespace {

constexpr std::array kCommands = {
    Command{"lambda", add_lambda_command},   Command{"serve", add_serve_command},
    Command{"work", add_work_command},       Command{"replay", add_replay_command},
    Command{"publish", add_publish_command}, Command{"dead", add_dead_command},
    Command{"thumb", add_thumb_command},     Command{"journal", add_journal_command},
    Command{"s3", add_s3_command},           Command{"config", add_config_command},
    Command{"health", add_health_command},
};

constexpr char kVersion[] = "--version";

bool is_command(std::string_view word) {
  return std::any_of(kCommands.begin(), kCommands.end(),
                     [&](const Command& command) { return command.name == word; });
}

// "lambda, replay, thumb, …"
std::string command_names() {
  std::string names;
  for (const Command& command : kCommands) {
    names.append(names.empty() ? "" : ", ").append(command.name);
  }
  return names;
}

int wrong_usage(const std::string& what) {
  Error error;
  error.code = ErrorCode::usage;
  error.message = what + " (miniatura --help)";
  return report(error, false);
}

// Started by Lambda: the file is called bootstrap (the platform may pass the handler's name), or
// there is a Runtime API and nothing else was asked for.
bool is_lambda(int argc, char** argv, const Environment& environment) {
  const std::string_view path = argc > 0 ? argv[0] : "";
  const bool asks = argc > 1 && (is_command(argv[1]) || argv[1][0] == '-');
  if (path.substr(path.rfind('/') + 1) == "bootstrap") return !asks;
  return argc == 1 && environment.get("AWS_LAMBDA_RUNTIME_API");
}

}  // namespace

int run_cli(int argc, char** argv, const Environment& environment) {
  if (is_lambda(argc, argv, environment)) return run_lambda_command(environment, {});

  if (argc == 5 && argv[1] == kRenderWorkerCommand) run_render_worker(argv[2], argv[3], argv[4]);
  if (argc < 2) return wrong_usage(fmt::format("a command is needed: {}", command_names()));
  if (argv[1][0] != '-' && !is_command(argv[1])) {
    return wrong_usage(fmt::format("no command \"{}\"; there are {}", argv[1], command_names()));
  }

  // Of the one command that was asked for: the options of all cost two thirds of a start.
  const std::string_view asked = argv[1];
  const auto is_needed = [&](const Command& command) {
    return asked == command.name || (asked.starts_with('-') && asked != kVersion);
  };

  CLI::App app{"Turns S3 upload events into thumbnails."};
  app.name("miniatura");
  app.set_version_flag(kVersion, "miniatura " MINIATURA_VERSION);
  app.require_subcommand(1);
  Run run;
  for (const Command& command : kCommands) {
    if (is_needed(command)) command.add(app, environment, run);
  }
  app.footer(  // of this page alone: a subcommand would have inherited it
      "Started as `bootstrap`, or without a command where AWS_LAMBDA_RUNTIME_API is set, it is "
      "`lambda`.\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 75 worth another attempt.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {  // --help, --version
    return app.exit(done);
  } catch (const CLI::ParseError& wrong) {
    return wrong_usage(wrong.what());
  }
  return with_results_printed(run());
}

}  // namespace miniatura
