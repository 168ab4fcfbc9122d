// miniatura work URL: takes events from a queue.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>

#include "handler/capability.h"
#include "handler/commands/command.h"
#include "handler/commands/job_pool.h"
#include "handler/commands/queue.h"
#include "handler/handle.h"
#include "handler/isolation.h"
#include "handler/metrics.h"
#include "handler/readiness.h"
#include "runtime/http_server.h"
#include "runtime/queue_amqp.h"
#include "runtime/watch.h"
#include "s3client/open_store.h"

namespace miniatura {
namespace {

constexpr int kPrefetchMax = 1'000;
constexpr int kAttemptsMax = 1'000;
constexpr std::uint64_t kMessageBytesMax = std::uint64_t{16} << 20;
constexpr std::string_view kRoute = "route";

struct WorkOptions {
  ConfigOptions config;
  std::string url;
  int jobs = 0;      // 0: as many as there are cores
  int prefetch = 0;  // 0: twice the jobs
  int attempts = 8;
  std::uint64_t message_bytes = std::uint64_t{1} << 20;
  std::vector<std::string> only;
  std::string listen;
};

std::string known_parts() {
  std::string names(kRoute);
  for (const std::string_view capability : kCapabilities) names.append(", ").append(capability);
  return names;
}

// What `--listen` shows of a worker.
class Pages {
 public:
  Pages(const Rules& rules, const std::shared_ptr<ObjectStore>& store, const Breaker& breaker,
        Metrics& metrics, const Clock& clock)
      : breaker_(breaker), metrics_(metrics), readiness_([this, &rules, store, &breaker, &clock] {
          auto reasons = store_reasons(rules, *store, breaker, clock);
          const std::lock_guard lock(mutex_);
          if (no_broker_) reasons.push_back("no broker: " + *no_broker_);
          return reasons;
        }) {
    announce_metrics(metrics, "amqp");
    metrics.set(kBrokerConnected, 0);
  }

  void note_connection(const std::optional<Error>& why) {
    metrics_.set(kBrokerConnected, why ? 0 : 1);
    if (why) count_error(metrics_, why->code);
    const std::lock_guard lock(mutex_);
    no_broker_ = why ? std::optional(why->message) : std::nullopt;
  }

  void serve(const ServedRequest& request, const RespondFn& respond) {
    serve_watch({[this](auto tell) { readiness_.ask(std::move(tell)); },
                 [this](const auto& then) {
                   metrics_.set(kBreakerOpen, breaker_.is_closed() ? 0 : 1);
                   then();
                 }},
                metrics_, request, respond);
  }

 private:
  const Breaker& breaker_;
  Metrics& metrics_;
  std::mutex mutex_;
  std::optional<std::string> no_broker_ = "not asked yet";
  Readiness readiness_;  // the last: its thread begins at once
};

// Which queues' messages are taken, by --only.
Result<void> choose_queues(const std::vector<std::string>& only, AmqpDoor& door) {
  for (const std::string& part : only) {
    if (part == kRoute) continue;
    if (std::find(kCapabilities.begin(), kCapabilities.end(), part) == kCapabilities.end()) {
      return fail(ErrorCode::usage,
                  fmt::format("--only: no \"{}\"; there are {}", part, known_parts()));
    }
  }
  const auto takes = [&](std::string_view part) {
    return only.empty() || std::find(only.begin(), only.end(), part) != only.end();
  };
  door.routes = takes(kRoute);
  for (const std::string_view capability : kCapabilities) {
    if (takes(capability)) door.queues.push_back(amqp_work_queue(capability));
  }
  return {};
}

Result<AmqpDoor> door_of(const WorkOptions& options, const Environment& environment) {
  AmqpDoor door;
  CHECKED(choose_queues(options.only, door));
  TRY(broker, queue_setting(options.url, environment, "work"));
  door.broker = broker;
  door.broker.body_bytes_max = options.message_bytes;
  door.topology = queue_topology();
  door.prefetch =
      options.prefetch > 0 ? options.prefetch : std::min(2 * options.jobs, kPrefetchMax);
  door.session.completions = kCompletions;
  door.session.attempts_max = options.attempts;
  return door;
}

// Nothing where nobody asked for it.
Result<std::unique_ptr<HttpServer>> listen_at(const std::string& address, Pages& pages,
                                              const Log& log) {
  if (address.empty()) return nullptr;
  HttpServerSetting setting;
  setting.listen = address;
  TRY(server, start_http_server(
                  setting,
                  [&pages](const ServedRequest& request, const RespondFn& respond) {
                    pages.serve(request, respond);
                  },
                  log));
  log.write(LogLevel::info, "to be watched at", {{"listen", address}, {"port", server->port()}});
  return std::move(server);
}

int run_work(WorkOptions& options, const Environment& environment) {
  if (options.jobs == 0) options.jobs = default_jobs();
  auto door = door_of(options, environment);
  if (!door) return report(door.error(), false);
  const auto config = load_config(environment, options.config);
  if (!config) return report(config.error(), false);
  SystemClock clock;
  const Log log(log_level(environment.get_or("MINIATURA_LOG_LEVEL", "")));
  const auto stores = open_store(config->store, environment, clock);
  if (!stores) return report(stores.error(), false);
  const auto rendering = rendering_setting(environment, options.config, Isolation::process);
  if (!rendering) return report(rendering.error(), false);
  auto renderers = open_renderers(*rendering, config->limits, environment, clock);
  if (!renderers) return report(renderers.error(), false);
  const auto journal = make_journal(config->journal);
  Breaker breaker(clock);
  Metrics metrics;
  const Application application{&*config, journal.get(), &log, &clock, &breaker, &metrics};
  Pages pages(config->rules, (*stores)(), breaker, metrics, clock);
  const auto server = listen_at(options.listen, pages, log);
  if (!server) return report(server.error(), false);
  door->on_connection = [&](const std::optional<Error>& why) { pages.note_connection(why); };
  door->session.log = &log;
  door->session.clock = &clock;
  door->session.route = [&](ByteView payload) { return capability_of(payload, config->rules); };
  door->pause = [&, buckets = destination_buckets(config->rules)] {
    return breaker.pause(buckets);
  };
  const auto stop = StopSignal::take();
  if (!stop) return report(stop.error(), false);
  const auto threads = JobThreads::start(
      options.jobs, [&] { return make_handle(application, (*stores)(), (*renderers)()); });
  if (!threads) return report(threads.error(), false);
  const auto end = run_amqp_door(*door, **threads, *stop);
  if (!end) return report(end.error(), false);
  // Safe at any point, as a kill is: nothing partial is ever visible.
  if (*end == AmqpEnd::given_up) std::_Exit(kExitDeferred);
  return kExitDone;
}

}  // namespace

void add_work_command(CLI::App& app, const Environment& environment, Run& run) {
  auto* command = app.add_subcommand("work", "Takes events from a RabbitMQ queue and handles them");
  auto options = std::make_shared<WorkOptions>();
  command->add_option("URL", options->url,
                      "The broker: amqp://user:password@host:port/vhost, or amqps:// "
                      "[MINIATURA_QUEUE]");
  command
      ->add_option("--jobs", options->jobs, "How many events to work on at a time (default: cores)")
      ->check(CLI::Range(1, kJobsMax));
  command
      ->add_option("--prefetch", options->prefetch,
                   "How many messages to have in hand (twice the jobs)")
      ->check(CLI::Range(1, kPrefetchMax));
  command
      ->add_option("--only", options->only,
                   fmt::format("What to do of {} (all of it)", known_parts()))
      ->delimiter(',');
  command
      ->add_option("--attempts", options->attempts,
                   "How often to try a message before it goes to the dead letters (8)")
      ->check(CLI::Range(1, kAttemptsMax));
  command
      ->add_option("--message-bytes", options->message_bytes,
                   "A longer message goes to the dead letters (1048576)")
      ->check(CLI::Range(std::uint64_t{1}, kMessageBytesMax));
  command->add_option("--listen", options->listen,
                      "HOST:PORT for /healthz, /readyz and /metrics (none)");
  add_config_option(*command, options->config);
  add_store_option(*command, options->config);
  add_journal_option(*command, options->config);
  add_rendering_options(*command, options->config, "process");
  command->callback(
      [&, options] { run = [&, options] { return run_work(*options, environment); }; });
}

}  // namespace miniatura
