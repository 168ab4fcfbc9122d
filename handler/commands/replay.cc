// miniatura replay FILE…: handles event files as any front door would.
#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <memory>

#include "handler/commands/command.h"
#include "handler/deliveries.h"
#include "handler/handle.h"
#include "handler/reply.h"
#include "s3client/open_store.h"

namespace miniatura {
namespace {

constexpr const char* kStandardInput = "standard input";
constexpr std::uint64_t kFileBytesMax = std::uint64_t{256} << 20;

struct ReplayOptions {
  ConfigOptions config;
  std::vector<std::string> files;
  bool dry_run = false;
  bool json = false;
};

Result<Bytes> read_events(const std::string& file) {
  if (file != "-") return read_file(file, kFileBytesMax, ErrorCode::event_too_large);
  return read_stream(STDIN_FILENO, kStandardInput, kFileBytesMax, ErrorCode::event_too_large);
}

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
  Result<std::vector<JournalRow>> list(const JournalFilter& filter) override {
    return journal_->list(filter);
  }

 private:
  std::unique_ptr<Journal> journal_;
  std::atomic<bool> is_told_{false};
};

// Names the delivery in what goes wrong with the whole of it.
Error of_delivery(Error error, const FileDelivery& delivery) {
  error.message = fmt::format("{}: {}", delivery.id, error.message);
  return error;
}

int dry_run(const FileDelivery& delivery, const Config& config) {
  const auto planned = plan_delivery(delivery.payload, config.rules);
  if (!planned) return report(of_delivery(planned.error(), delivery), true);
  for (const Json& event : planned->events) print_json(event);
  return planned->error ? report(of_delivery(*planned->error, delivery), false) : kExitDone;
}

int replay(const FileDelivery& from, const HandleFn& handle) {
  Delivery delivery;
  delivery.payload = from.payload;
  delivery.door = "replay";
  delivery.id = from.id;
  const Handled done = handle(delivery);
  print_line(done.reply);
  const Item* failure = done.failure();
  return failure == nullptr ? kExitDone : report(of_delivery(*failure->why, from), false);
}

int run_replay(const ReplayOptions& options, const Environment& environment) {
  const auto config = load_config(environment, options.config);
  if (!config) return report(config.error(), options.json);
  SystemClock clock;
  HandleFn handle;
  ReportedJournal journal(make_journal(config->journal));
  const Log log = quiet_log(environment);
  const Application application{&*config, &journal, &log, &clock};
  if (!options.dry_run) {
    const auto stores = open_store(config->store, environment, clock);
    if (!stores) return report(stores.error(), options.json);
    handle = make_handle(application, (*stores)());
  }
  int code = kExitDone;
  for (const std::string& file : options.files) {
    const auto text = read_events(file);
    if (!text) {
      code = worse(code, report(text.error(), options.json));
      continue;
    }
    for (const FileDelivery& delivery :
         split_deliveries(*text, file == "-" ? kStandardInput : file)) {
      code = worse(code, options.dry_run ? dry_run(delivery, *config) : replay(delivery, handle));
    }
  }
  return code;
}

}  // namespace

void add_replay_command(CLI::App& app, const Environment& environment, Run& run) {
  auto* command = app.add_subcommand(
      "replay", "Handles event files (JSON, or one JSON a line) and prints a reply for each JSON");
  auto options = std::make_shared<ReplayOptions>();
  command->add_option("FILE", options->files, "Event files; - is standard input")->required();
  command->add_flag("--dry-run", options->dry_run, "Print what would be done, touching no store");
  command->add_flag("--json", options->json, "Errors of the command itself on stdout, too");
  add_config_option(*command, options->config);
  add_store_option(*command, options->config);
  add_journal_option(*command, options->config);
  command->callback(
      [&, options] { run = [&, options] { return run_replay(*options, environment); }; });
}

}  // namespace miniatura
