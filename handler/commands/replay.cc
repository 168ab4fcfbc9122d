// miniatura replay FILE…: handles event files as any front door would.
#include <errno.h>
#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "handler/commands/command.h"
#include "handler/commands/job_pool.h"
#include "handler/deliveries.h"
#include "handler/handle.h"
#include "handler/isolation.h"
#include "handler/reply.h"
#include "s3client/open_store.h"

namespace miniatura {
namespace {

constexpr const char* kStandardInput = "standard input";
constexpr std::uint64_t kFileBytesMax = std::uint64_t{256} << 20;
constexpr int kGlanceMs = 100;

struct ReplayOptions {
  ConfigOptions config;
  std::vector<std::string> files;
  bool dry_run = false;
  bool json = false;
  int jobs = 1;
};

// A person is told at once, and once, that nothing is remembered: every event is served all the
// same.
class ReportedJournal : public Journal {
 public:
  explicit ReportedJournal(std::unique_ptr<Journal> journal) : journal_(std::move(journal)) {}

  Result<void> record(const EventOutcome& event, const Delivery& delivery) override {
    auto recorded = journal_->record(event, delivery);
    if (!recorded && !is_told_.exchange(true)) report(recorded.error(), false);
    return recorded;
  }

 private:
  std::unique_ptr<Journal> journal_;
  std::atomic<bool> is_told_{false};
};

// Names the delivery in what goes wrong with it.
Error of_delivery(Error error, const std::string& id) {
  error.message = fmt::format("{}: {}", id, error.message);
  return error;
}

Replied dry_run(const Job& job, const Config& config) {
  Replied replied;
  const auto planned = plan_delivery(job.payload, config.rules);
  if (!planned) {
    const Error error = of_delivery(planned.error(), job.id);
    replied.results.push_back(to_text({{"error", error_json(error)}}));
    replied.errors.push_back(error);
    return replied;
  }
  for (const Json& event : planned->events) replied.results.push_back(to_text(event));
  if (planned->error) replied.errors.push_back(of_delivery(*planned->error, job.id));
  return replied;
}

Replied replay(Job job, const HandleFn& handle) {
  Delivery delivery;
  delivery.payload = std::move(job.payload);
  delivery.door = "replay";
  delivery.id = job.id;
  const Handled done = handle(delivery);
  Replied replied{{done.reply}, {}};
  for (const Item& item : done.items) {
    if (item.what == Item::What::ack || !item.why) continue;
    replied.errors.push_back(
        of_delivery(*item.why, item.id.empty() ? job.id : fmt::format("{}: {}", job.id, item.id)));
  }
  return replied;
}

std::string counted(std::size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

// Hands the deliveries of files and of standard input to the pool, until there are no more or a
// signal comes.
class Reader {
 public:
  Reader(JobPool& pool, bool json) : pool_(pool), json_(json) {}

  void read(const std::string& file) {
    if (Interruption::has_come()) {
      ++files_left_;
    } else if (file == "-") {
      read_standard_input();
    } else {
      read_whole(file);
    }
  }
  // What a signal left undone, for a person; "" for nothing.
  std::string left(std::size_t not_begun) const {
    if (not_begun + deliveries_left_ + files_left_ == 0 && !is_input_left_) return "";
    return fmt::format("interrupted: {} not begun, {} not read{}",
                       counted(not_begun + deliveries_left_, "delivery", "deliveries"),
                       counted(files_left_, "file", "files"),
                       is_input_left_ ? ", nor the rest of standard input" : "");
  }

 private:
  void fail_with(const Error& error) {
    Replied replied;
    if (json_) replied.results.push_back(to_text({{"error", error_json(error)}}));
    replied.errors.push_back(error);
    pool_.add_done(std::move(replied));
  }

  void read_whole(const std::string& file) {
    const auto text = read_file(file, kFileBytesMax, ErrorCode::event_too_large);
    if (!text) return fail_with(text.error());
    for (const FileDelivery& delivery : split_deliveries(*text, file)) {
      if (!pool_.add({Bytes(delivery.payload), delivery.id})) ++deliveries_left_;
    }
  }

  void hand_on(std::vector<StreamDelivery> deliveries) {
    for (StreamDelivery& delivery : deliveries) {
      if (!delivery.payload) {
        fail_with(of_delivery(delivery.payload.error(), delivery.id));
      } else if (!pool_.add({*std::move(delivery.payload), delivery.id})) {
        ++deliveries_left_;
      }
    }
  }

  // A signal interrupts the poll on this thread alone: hence its end after a while.
  void read_standard_input() {
    DeliveryStream stream(kStandardInput);
    std::array<char, 65536> buffer{};
    for (;;) {
      if (Interruption::has_come()) {
        is_input_left_ = true;
        return;
      }
      pollfd input{STDIN_FILENO, POLLIN, 0};
      if (::poll(&input, 1, kGlanceMs) <= 0) {
        pool_.draw_progress();
        continue;
      }
      const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got < 0) return fail_with(unreadable_input());
      if (got == 0) break;
      hand_on(stream.push({buffer.data(), static_cast<std::size_t>(got)}));
    }
    hand_on(stream.finish());
  }

  static Error unreadable_input() {
    return {ErrorCode::file_unreadable,
            fmt::format("{}: {}", kStandardInput, std::strerror(errno)),
            0,
            {},
            {},
            {}};
  }

  JobPool& pool_;
  bool json_;
  std::size_t deliveries_left_ = 0;
  std::size_t files_left_ = 0;
  bool is_input_left_ = false;
};

int replay_files(const ReplayOptions& options, std::vector<JobPool::Work> workers) {
  const Interruption interruption;
  JobPool pool(std::move(workers));
  Reader reader(pool, options.json);
  for (const std::string& file : options.files) reader.read(file);
  const std::size_t not_begun = pool.finish();
  int code = pool.exit_code();
  if (const std::string left = reader.left(not_begun); !left.empty()) {
    Error error;
    error.code = ErrorCode::deadline_exceeded;
    error.message = left;
    code = worse(code, report(error, options.json));
  }
  // Safe at any point, as a kill is: nothing partial is ever visible.
  if (pool.has_given_up()) std::_Exit(with_results_printed(code));
  return code;
}

int run_replay(const ReplayOptions& options, const Environment& environment) {
  const auto config = load_config(environment, options.config);
  if (!config) return report(config.error(), options.json);
  SystemClock clock;
  ReportedJournal journal(make_journal(config->journal));
  const Log log = quiet_log(environment);
  Breaker breaker(clock);
  const Application application{&*config, &journal, &log, &clock, &breaker};
  std::vector<JobPool::Work> workers;
  if (options.dry_run) {
    workers.emplace_back([&](const Job& job) { return dry_run(job, *config); });
    return replay_files(options, std::move(workers));
  }
  const auto stores = open_store(config->store, environment, clock);
  if (!stores) return report(stores.error(), options.json);
  const auto rendering = rendering_setting(environment, options.config, Isolation::process);
  if (!rendering) return report(rendering.error(), options.json);
  auto renderers = open_renderers(*rendering, config->limits, environment, clock);
  if (!renderers) return report(renderers.error(), options.json);
  for (int i = 0; i < options.jobs; ++i) {
    auto handle = make_handle(application, (*stores)(), (*renderers)());
    workers.emplace_back(
        [handle = std::move(handle)](Job job) { return replay(std::move(job), handle); });
  }
  return replay_files(options, std::move(workers));
}

}  // namespace

void add_replay_command(CLI::App& app, const Environment& environment, Run& run) {
  auto* command = app.add_subcommand(
      "replay", "Handles event files (JSON, or one JSON a line) and prints a reply for each JSON");
  auto options = std::make_shared<ReplayOptions>();
  command->add_option("FILE", options->files, "Event files; - is standard input")->required();
  command->add_flag("--dry-run", options->dry_run, "Print what would be done, touching no store");
  command->add_option("--jobs", options->jobs, "How many deliveries to work on at a time")
      ->check(CLI::Range(1, kJobsMax));
  command->add_flag("--json", options->json, "Errors of the command itself on stdout, too");
  add_config_option(*command, options->config);
  add_store_option(*command, options->config);
  add_journal_option(*command, options->config);
  add_rendering_options(*command, options->config, "process");
  command->callback(
      [&, options] { run = [&, options] { return run_replay(*options, environment); }; });
}

}  // namespace miniatura
