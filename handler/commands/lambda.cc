// miniatura lambda: the custom runtime of AWS Lambda.
#include <CLI/CLI.hpp>
#include <memory>

#include "handler/commands/command.h"
#include "handler/handle.h"
#include "handler/isolation.h"
#include "runtime/curl_http.h"
#include "runtime/emf.h"
#include "runtime/lambda_log.h"
#include "runtime/lambda_loop.h"
#include "s3client/open_store.h"

namespace miniatura {

int run_lambda_command(const Environment& environment, const ConfigOptions& options) {
  SystemClock clock;
  const LogLevel level = log_level(
      environment.get_or("AWS_LAMBDA_LOG_LEVEL", environment.get_or("MINIATURA_LOG_LEVEL", "")));
  const Log log = Log(level).with(function_fields(environment));
  auto loop = lambda_loop_from(environment);
  if (!loop) return report(loop.error(), false);
  loop->log = &log;
  loop->clock = &clock;
  loop->make_transport = [&clock] {
    return make_curl_transport({"miniatura/" MINIATURA_VERSION, false}, clock);
  };
  // What is wrong at start is told to the platform, so that the function's owner reads it where the
  // function is seen.
  const auto settings = read_settings(environment, *loop);
  if (!settings) return run_lambda_loop(*loop, nullptr, settings.error());
  const auto metrics = metrics_namespace(environment);
  if (!metrics) return run_lambda_loop(*loop, nullptr, metrics.error());
  const auto config = load_config(environment, options);
  if (!config) return run_lambda_loop(*loop, nullptr, config.error());
  const auto stores = open_store(config->store, environment, clock);
  if (!stores) return run_lambda_loop(*loop, nullptr, stores.error());
  const auto rendering = rendering_setting(environment, options, Isolation::none);
  if (!rendering) return run_lambda_loop(*loop, nullptr, rendering.error());
  auto renderers = open_renderers(*rendering, config->limits, environment, clock);
  if (!renderers) return run_lambda_loop(*loop, nullptr, renderers.error());
  const auto journal = make_journal(config->journal);
  Breaker breaker(clock);
  const Application application{&*config, journal.get(), &log, &clock, &breaker, nullptr, *metrics};
  return run_lambda_loop(*loop,
                         [&] { return make_handle(application, (*stores)(), (*renderers)()); });
}

void add_lambda_command(CLI::App& app, const Environment& environment, Run& run) {
  auto* command = app.add_subcommand(
      "lambda", "Serves events as an AWS Lambda custom runtime (at AWS_LAMBDA_RUNTIME_API)");
  auto options = std::make_shared<ConfigOptions>();
  add_config_option(*command, *options);
  add_store_option(*command, *options);
  add_journal_option(*command, *options);
  add_rendering_options(*command, *options, "none");
  command->callback(
      [&, options] { run = [&, options] { return run_lambda_command(environment, *options); }; });
}

}  // namespace miniatura
