// miniatura config schema: what a configuration file may hold. miniatura config check: is the
// configuration right, and are its buckets within reach?
#include "handler/config.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "handler/commands/command.h"
#include "handler/config_schema.h"
#include "handler/reach.h"
#include "handler/reply.h"
#include "s3client/open_store.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

struct CheckOptions {
  ConfigOptions config;
  bool reach = true;
  bool json = false;
};

Json json_of(const Config& config) {
  Json rules = Json::array();
  for (const Rule& rule : config.rules.rules) {
    Json presets = Json::array();
    for (const Preset& preset : rule.presets) presets.push_back(preset.name);
    rules.push_back({{"rule", rule.name},
                     {"destination_bucket", rule.destination_bucket},
                     {"presets", presets}});
  }
  return {{"store", config.store}, {"journal", config.journal}, {"rules", std::move(rules)}};
}

// A line a problem, so that a file is put right in one go.
int report_all(Error error, const std::vector<std::string>& problems, bool json) {
  if (problems.empty()) return report(error, json);
  int code = kExitDone;
  for (const std::string& problem : problems) {
    error.message = problem;
    code = report(error, json);
  }
  return code;
}

int run_schema() {
  std::string_view schema = config_schema();
  if (schema.ends_with('\n')) schema.remove_suffix(1);
  print_line(schema);
  return kExitDone;
}

int run_check(const CheckOptions& options, const Environment& environment) {
  std::vector<std::string> problems;
  const auto config = load_config(environment, options.config, &problems);
  if (!config) return report_all(config.error(), problems, options.json);
  if (options.reach) {  // else no credentials are needed
    SystemClock clock;
    const auto stores = open_store(config->store, environment, clock);
    if (!stores) return report(stores.error(), options.json);
    const auto reached =
        reach_buckets(config->rules, *(*stores)(), {Deadline::after(clock, 30s), ""},
                      [&](const std::string& bucket) {
                        if (!options.json)
                          print_line(fmt::format("bucket {}: within reach", bucket));
                      });
    if (!reached) return report(reached.error(), options.json);
  }
  if (options.json) {
    print_json(json_of(*config));
  } else {
    print_line(fmt::format("store {}, journal {}", config->store, config->journal));
    for (const Rule& rule : config->rules.rules) {
      print_line(fmt::format("{}: {} presets, destination bucket {}", rule.name,
                             rule.presets.size(), rule.destination_bucket));
    }
    print_line("the configuration is right");
  }
  return kExitDone;
}

}  // namespace

void add_config_command(CLI::App& app, const Environment& environment, Run& run) {
  auto* config = app.add_subcommand("config", "Looks at the configuration");
  config->require_subcommand(1);
  auto* check = config->add_subcommand(
      "check", "Is the configuration right, and are its buckets within reach?");
  auto options = std::make_shared<CheckOptions>();
  check->add_flag("--reach,!--no-reach", options->reach,
                  "Ask the store for the rules' buckets (the default), or do not");
  check->add_flag("--json", options->json, "The result as JSON");
  add_config_option(*check, options->config);
  add_store_option(*check, options->config);
  add_journal_option(*check, options->config);
  config->add_subcommand("schema", "Prints the JSON Schema of the configuration file, for editors")
      ->callback([&run] { run = run_schema; });
  check->callback(
      [&, options] { run = [&, options] { return run_check(*options, environment); }; });
}

}  // namespace miniatura
