// miniatura serve: events by HTTP, through an inbox on the disk.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>

#include "handler/commands/command.h"
#include "handler/commands/job_pool.h"
#include "handler/envelope.h"
#include "handler/handle.h"
#include "handler/isolation.h"
#include "handler/metrics.h"
#include "handler/readiness.h"
#include "runtime/http_server.h"
#include "runtime/inbox.h"
#include "runtime/inbox_workers.h"
#include "runtime/stop_signal.h"
#include "runtime/webhook.h"
#include "s3client/open_store.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

constexpr auto kDrain = 25s;       // below the 30 s that orchestrators give
constexpr auto kLastAnswers = 5s;  // for requests under way
constexpr const char* kDoor = "webhook";

struct ServeOptions {
  ConfigOptions config;
  HttpServerSetting server;
  InboxSetting inbox;
  int jobs = 0;  // 0: as many as there are cores
};

// What a body must be to be taken. A list of records is taken whatever is in it: its sender would
// repeat it for ever, and a dead letter is seen.
Result<void> check_body(ByteView body) {
  const auto parsed = parse_delivery(body);
  if (parsed) return {};
  const auto json = parse_json(body, "body");
  if (json && member(*json, "Records") != nullptr) return {};
  return fail(parsed.error());
}

// Everything that the server is made of, in the order in which it ends.
class Server {
 public:
  Server(const Config& config, const Log& log, Clock& clock, Journal& journal)
      : config_(config), log_(log), clock_(clock), breaker_(clock) {
    application_ = {&config, &journal, &log, &clock, &breaker_, &metrics_};
    announce_metrics(metrics_, kDoor);
  }

  int run(const ServeOptions& options, const Environment& environment, const StopSignal& stop) {
    const auto started = start(options, environment);
    if (!started) return report(started.error(), false);
    log_.write(LogLevel::info, "serving",
               {{"listen", options.server.listen},
                {"port", server_->port()},
                {"inbox", options.inbox.path},
                {"jobs", options.jobs},
                {"tls", !options.server.certificate_file.empty()},
                {"token", !token_.empty()}});
    if (token_.empty()) {
      log_.write(LogLevel::warn, "no MINIATURA_WEBHOOK_TOKEN: whoever can connect can post");
    }
    stop.wait();
    return drain();
  }

 private:
  Result<void> start(const ServeOptions& options, const Environment& environment) {
    TRY(stores, open_store(config_.store, environment, clock_));
    TRY(rendering, rendering_setting(environment, options.config, Isolation::process));
    TRY(renderers, open_renderers(rendering, config_.limits, environment, clock_));
    InboxSetting inbox_setting = options.inbox;
    inbox_setting.on_lost = [this](const LostClaim& lost) {
      Delivery delivery;
      delivery.payload = lost.payload;
      delivery.door = lost.door;
      delivery.id = lost.id;
      delivery.attempt = lost.attempt;
      record_lost(application_, delivery, lost.why, lost.is_dead);
    };
    TRY(inbox, open_inbox(inbox_setting, clock_, log_));
    inbox_ = std::move(inbox);
    store_ = stores();
    readiness_ = std::make_unique<Readiness>([this] { return reasons_not_to_be_ready(); });
    token_ = environment.get_or("MINIATURA_WEBHOOK_TOKEN", "");
    webhook_ = std::make_unique<Webhook>(
        WebhookSetting{token_, check_body,
                       WatchSetting{[this](auto tell) { readiness_->ask(std::move(tell)); },
                                    [this](auto then) { refresh_metrics(std::move(then)); }},
                       kRequestsTotal},
        *inbox_, metrics_, log_);
    // Whatever can fail at the start has, before anything is taken out of the inbox.
    TRY(server, start_http_server(
                    options.server,
                    [this](ServedRequest request, RespondFn respond) {
                      webhook_->serve(std::move(request), std::move(respond));
                    },
                    log_));
    server_ = std::move(server);
    InboxWorkers::Setting workers;
    workers.jobs = options.jobs;
    workers.pause = [this, buckets = destination_buckets(config_.rules)] {
      return breaker_.pause(buckets);
    };
    workers_ = std::make_unique<InboxWorkers>(
        workers, *inbox_, [&] { return make_handle(application_, stores(), renderers()); }, clock_,
        log_);
    return {};
  }

  // No request is taken any more, then what is in hand is ended, then the inbox is closed: what is
  // left in it is there for the next start.
  int drain() {
    log_.write(LogLevel::info, "stopping: what is in hand is ended first");
    readiness_->stop();
    server_->stop(kLastAnswers);
    if (!workers_->stop(kDrain)) {
      log_.write(LogLevel::warn, "stopped in the middle; the next start does it again");
      std::_Exit(kExitDone);  // safe at any point, as a kill is
    }
    log_.write(LogLevel::info, "stopped");
    return kExitDone;
  }

  std::vector<std::string> reasons_not_to_be_ready() {
    auto reasons = store_reasons(config_.rules, *store_, breaker_, clock_);
    const auto counts = inbox_->counts();
    if (!counts) reasons.push_back(counts.error().message);
    if (counts && !counts->is_below_mark) {
      reasons.push_back(fmt::format("the inbox is nearly full: {} deliveries, {}", counts->depth,
                                    human_bytes(static_cast<std::uint64_t>(counts->bytes))));
    }
    return reasons;
  }

  void refresh_metrics(std::function<void()> then) {
    metrics_.set(kBreakerOpen, breaker_.is_closed() ? 0 : 1);
    inbox_->count([this, then = std::move(then)](const Result<InboxCounts>& counts) {
      if (counts) {
        metrics_.set(kInboxDepth, static_cast<double>(counts->depth));
        metrics_.set(kInboxBytes, static_cast<double>(counts->bytes));
        metrics_.set(kDeadLetters, static_cast<double>(counts->dead));
        metrics_.set(kOldestAge, static_cast<double>(counts->oldest_age.count()) / 1e3);
      }
      then();
    });
  }

  const Config& config_;
  const Log& log_;
  Clock& clock_;
  Breaker breaker_;
  Metrics metrics_;
  Application application_;
  std::string token_;
  std::shared_ptr<ObjectStore> store_;  // of readiness_
  std::unique_ptr<Inbox> inbox_;
  std::unique_ptr<Readiness> readiness_;
  std::unique_ptr<Webhook> webhook_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<InboxWorkers> workers_;
};

int run_serve(ServeOptions& options, const Environment& environment) {
  const auto stop = StopSignal::take();
  if (!stop) return report(stop.error(), false);
  SystemClock clock;
  const Log log(log_level(environment.get_or("MINIATURA_LOG_LEVEL", "")));
  const auto config = load_config(environment, options.config);
  if (!config) return report(config.error(), false);
  auto inbox = inbox_setting(environment, options.inbox.path);
  if (!inbox) return report(inbox.error(), false);
  options.inbox.path = *std::move(inbox);
  if (options.jobs == 0) options.jobs = default_jobs();
  const auto journal = make_journal(config->journal);
  return Server(*config, log, clock, *journal).run(options, environment, *stop);
}

}  // namespace

void add_serve_command(CLI::App& app, const Environment& environment, Run& run) {
  auto* command = app.add_subcommand(
      "serve",
      "Takes events by HTTP (MinIO's webhook, EventBridge, SNS) into an inbox on the disk");
  auto options = std::make_shared<ServeOptions>();
  command->add_option("--listen", options->server.listen, "HOST:PORT to listen on")
      ->capture_default_str();
  command->add_option("--inbox", options->inbox.path,
                      "The inbox's file (default: miniatura/inbox.db in the state directory)");
  command->add_option("--inbox-rows", options->inbox.rows_max, "How many deliveries may wait")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}))
      ->capture_default_str();
  command->add_option("--inbox-bytes", options->inbox.bytes_max, "How many bytes of them")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 50))
      ->capture_default_str();
  command->add_option("--jobs", options->jobs, "How many to work on at a time (default: cores)")
      ->check(CLI::Range(1, kJobsMax));
  command->add_option("--attempts", options->inbox.attempts_max, "Then it is a dead letter")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  command->add_option("--body-bytes", options->server.limits.body_bytes, "Of one request, at most")
      ->check(CLI::Range(std::size_t{1}, std::size_t{16} << 20))
      ->capture_default_str();
  command->add_option("--tls-certificate", options->server.certificate_file,
                      "Serve HTTPS: a PEM file with the certificate and its chain");
  command->add_option("--tls-key", options->server.key_file, "Its private key, a PEM file");
  command->get_option("--tls-certificate")->needs("--tls-key");
  command->get_option("--tls-key")->needs("--tls-certificate");
  add_config_option(*command, options->config);
  add_store_option(*command, options->config);
  add_journal_option(*command, options->config);
  add_rendering_options(*command, options->config, "process");
  command->callback(
      [&, options] { run = [&, options] { return run_serve(*options, environment); }; });
}

}  // namespace miniatura
