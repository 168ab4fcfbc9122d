// miniatura replay FILE…: handles event files as any front door would.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <memory>

#include "handler/commands/command.h"
#include "handler/handle.h"
#include "handler/reply.h"
#include "s3client/open_store.h"

namespace miniatura {
namespace {

constexpr std::uint64_t kFileBytesMax = std::uint64_t{256} << 20;

struct ReplayOptions {
  ConfigOptions config;
  std::vector<std::string> files;
  bool dry_run = false;
  bool json = false;
};

struct Payload {
  Bytes bytes;
  std::string id;  // the file, and its line where it has several
};

// One JSON text is one delivery; a file of one JSON a line is as many. Which one it is: the text as
// a whole parses, or else its first line does.
std::vector<Payload> deliveries_of(Bytes text, const std::string& file) {
  std::vector<Payload> deliveries;
  const std::size_t first_end = text.find('\n');
  const bool has_lines =
      first_end != Bytes::npos && text.find_first_not_of(" \t\r\n", first_end) != Bytes::npos;
  if (!has_lines || parse_json(text, file) ||
      !parse_json(ByteView(text).substr(0, first_end), file)) {
    deliveries.push_back({std::move(text), file});
    return deliveries;
  }
  std::size_t line_number = 0;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const Bytes line = text.substr(start, end - start);
    ++line_number;
    if (line.find_first_not_of(" \t\r") != Bytes::npos) {
      deliveries.push_back({line, fmt::format("{}:{}", file, line_number)});
    }
    start = end + 1;
  }
  return deliveries;
}

Result<std::vector<Payload>> read_deliveries(const std::string& file) {
  const bool is_stdin = file == "-";
  auto text = read_file(is_stdin ? "/dev/stdin" : file, kFileBytesMax, ErrorCode::event_too_large);
  if (!text) return fail(std::move(text).error());
  return deliveries_of(*std::move(text), is_stdin ? "standard input" : file);
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
Error of_delivery(Error error, const Payload& delivery) {
  error.message = fmt::format("{}: {}", delivery.id, error.message);
  return error;
}

int dry_run(const Payload& delivery, const Config& config) {
  const auto plans = plan_delivery(delivery.bytes, config.rules);
  if (!plans) return report(of_delivery(plans.error(), delivery), true);
  int code = kExitDone;
  for (const Json& plan : *plans) {
    print_json(plan);
    if (plan["outcome"] == "failed") code = kExitFailed;
  }
  return code;
}

int replay(const Payload& payload, const HandleFn& handle) {
  Delivery delivery;
  delivery.payload = payload.bytes;
  delivery.door = "replay";
  delivery.id = payload.id;
  const Handled done = handle(delivery);
  print_line(done.reply);
  const Item* failure = done.failure();
  return failure == nullptr ? kExitDone : report(of_delivery(*failure->why, payload), false);
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
    const auto deliveries = read_deliveries(file);
    if (!deliveries) {
      code = worse(code, report(deliveries.error(), options.json));
      continue;
    }
    for (const Payload& delivery : *deliveries) {
      code = worse(code, options.dry_run ? dry_run(delivery, *config) : replay(delivery, handle));
    }
  }
  return code;
}

}  // namespace

void add_replay_command(CLI::App& app, const Environment& environment, Run& run) {
  auto* command = app.add_subcommand(
      "replay", "Handles event files: JSON, or one JSON a line; prints a reply each");
  auto options = std::make_shared<ReplayOptions>();
  command->add_option("FILE", options->files, "Event files; - is standard input")->required();
  command->add_flag("--dry-run", options->dry_run, "Print what would be done, touching no store");
  command->add_flag("--json", options->json, "Errors of the command itself on stdout, too");
  add_store_option(*command, options->config);
  add_journal_option(*command, options->config);
  command->callback(
      [&, options] { run = [&, options] { return run_replay(*options, environment); }; });
}

}  // namespace miniatura
