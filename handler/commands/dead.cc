// miniatura dead list|show|redrive|drop WHERE: the dead-letter office, by hand.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <set>

#include "handler/commands/command.h"
#include "handler/commands/job_pool.h"
#include "handler/commands/office.h"
#include "handler/journal_reader.h"
#include "runtime/text.h"

namespace miniatura {
namespace {

using Verdict = DeadLetterOffice::Verdict;

struct DeadOptions {
  std::string where;
  std::string inbox;
  std::vector<std::string> ids;
  std::vector<std::string> codes;
  std::string since;
  std::string until;
  std::size_t limit = 1'000'000;
  double rate = 0;  // a second; 0: as fast as it goes
  bool all = false;
  bool dry_run = false;
  bool json = false;
};

// "2026-11" is the first second of that November.
Result<std::optional<Clock::Time>> time_of(const char* option, const std::string& text) {
  if (text.empty()) return std::nullopt;
  TRY(begun, since_time(text));
  constexpr std::string_view kFirst = "0000-01-01T00:00:00";
  const std::string whole = begun.size() < kFirst.size()
                                ? begun + std::string(kFirst.substr(begun.size()))
                                : begun.substr(0, kFirst.size());
  const auto time = parse_iso_time(whole + "Z");
  if (!time) return fail(ErrorCode::usage, fmt::format("{}: \"{}\" is no time", option, text));
  return *time;
}

Result<DeadLetterFilter> filter_of(const DeadOptions& options) {
  DeadLetterFilter filter;
  filter.ids.insert(options.ids.begin(), options.ids.end());
  for (const std::string& code : options.codes) {
    if (!code_named(code)) {
      return fail(ErrorCode::usage, fmt::format("--code: there is no error \"{}\"", code));
    }
    filter.codes.insert(code);
  }
  TRY(since, time_of("--since", options.since));
  TRY(until, time_of("--until", options.until));
  filter.since = since;
  filter.until = until;
  return filter;
}

Json json_of(const DeadLetter& letter) {
  Json json = {{"id", letter.id}, {"door", letter.door}};
  if (letter.received != Clock::Time()) json["received"] = iso_time(letter.received);
  json["died"] = iso_time(letter.died);
  json["failure_type"] = failure_type_name(letter.failure_type);
  json["error"] = error_json(letter.code, letter.message);
  json["attempts"] = letter.attempts;
  json["bytes"] = letter.payload.size();
  return json;
}

// As it came; as JSON where it is some, so that it can be cut out and replayed.
Json whole_json_of(const DeadLetter& letter) {
  Json json = json_of(letter);
  if (auto payload = parse_json(letter.payload, "payload")) {
    json["payload"] = *std::move(payload);
  } else {
    json["text"] = letter.payload;
  }
  return json;
}

void print_header() {
  print_line(
      fmt::format("{:32}  {:20}  {:6}  {:>8}  {}", "id", "died", "whose", "attempts", "why"));
}

void print_row(const DeadLetter& letter) {
  // Messages hold what strangers wrote, and this is a terminal.
  print_line(one_line(fmt::format("{:32}  {:20}  {:6}  {:>8}  {}: {}", letter.id,
                                  iso_time(letter.died), failure_type_name(letter.failure_type),
                                  letter.attempts, letter.code, letter.message)));
}

// An id that was named and is not there is told, once all that are there have had their turn.
int report_missing(const DeadOptions& options, const std::set<std::string>& seen) {
  int code = kExitDone;
  for (const std::string& id : options.ids) {
    if (seen.count(id) > 0) continue;
    Error error;
    error.code = ErrorCode::store_not_found;
    error.message = fmt::format("no dead letter {} in {}", id, options.where);
    code = report(error, options.json);
  }
  return code;
}

struct Walk {
  DeadLetterFilter filter;
  std::unique_ptr<DeadLetterOffice> office;
};

Result<Walk> walk_of(const DeadOptions& options, const Environment& environment,
                     const Clock& clock) {
  TRY(filter, filter_of(options));
  TRY(office, open_office(options.where, options.inbox, environment, clock));
  return Walk{std::move(filter), std::move(office)};
}

int run_list(const DeadOptions& options, const Environment& environment) {
  const SystemClock clock;
  const auto walk = walk_of(options, environment, clock);
  if (!walk) return report(walk.error(), options.json);
  const bool table = !options.json && stdout_is_terminal();
  if (table) print_header();
  std::size_t count = 0;
  const auto walked = walk->office->walk(walk->filter, [&](const DeadLetter& letter) {
    if (++count > options.limit) return Verdict::keep;
    if (table) {
      print_row(letter);
    } else {
      print_json(json_of(letter));
    }
    return Verdict::keep;
  });
  if (!walked) return report(walked.error(), options.json);
  return kExitDone;
}

int run_show(const DeadOptions& options, const Environment& environment) {
  const SystemClock clock;
  const auto walk = walk_of(options, environment, clock);
  if (!walk) return report(walk.error(), options.json);
  std::set<std::string> seen;
  const auto walked = walk->office->walk(walk->filter, [&](const DeadLetter& letter) {
    seen.insert(letter.id);
    const Json json = whole_json_of(letter);
    print_line(options.json || !stdout_is_terminal() ? to_text(json) : json.dump(2));
    return Verdict::keep;
  });
  if (!walked) return report(walked.error(), options.json);
  return report_missing(options, seen);
}

// So many a second from now on; the first one at once.
class Pace {
 public:
  explicit Pace(double rate) : rate_(rate), begun_(std::chrono::steady_clock::now()) {}
  void wait_for_next() {
    if (rate_ <= 0) return;
    std::this_thread::sleep_until(begun_ + std::chrono::duration_cast<std::chrono::nanoseconds>(
                                               std::chrono::duration<double>(count_++ / rate_)));
  }

 private:
  double rate_;
  double count_ = 0;
  std::chrono::steady_clock::time_point begun_;
};

int run_verdict(const DeadOptions& options, const Environment& environment, Verdict verdict) {
  const bool drops = verdict == Verdict::drop;
  if (drops && !options.all && options.ids.empty() && options.codes.empty() &&
      options.since.empty() && options.until.empty()) {
    Error error;
    error.code = ErrorCode::usage;
    error.message = "what is dropped is gone: say which (ID, --code, --since, --until), or --all";
    return report(error, options.json);
  }
  const SystemClock clock;
  const auto walk = walk_of(options, environment, clock);
  if (!walk) return report(walk.error(), options.json);
  const Interruption interruption;
  Pace pace(options.rate);
  std::set<std::string> seen;
  std::size_t count = 0;
  const auto walked = walk->office->walk(walk->filter, [&](const DeadLetter& letter) {
    seen.insert(letter.id);
    if (count >= options.limit || Interruption::has_come()) return Verdict::keep;
    if (!options.dry_run) pace.wait_for_next();
    ++count;
    if (options.dry_run) print_json(json_of(letter));
    return options.dry_run ? Verdict::keep : verdict;
  });
  const char* done = drops ? "dropped" : "redriven";
  if (options.json) {
    Json json = {{done, options.dry_run ? 0 : count}};
    if (options.dry_run) json["would_be"] = count;
    print_json(json);
  } else {
    print_line(
        fmt::format("{} dead letters {}{}", count, options.dry_run ? "would be " : "", done));
  }
  if (!walked) return report(walked.error(), options.json);
  if (Interruption::has_come()) return kExitDeferred;
  return report_missing(options, seen);
}

int run_redrive(const DeadOptions& options, const Environment& environment) {
  return run_verdict(options, environment, Verdict::redrive);
}

int run_drop(const DeadOptions& options, const Environment& environment) {
  return run_verdict(options, environment, Verdict::drop);
}

using RunDead = int (*)(const DeadOptions&, const Environment&);

CLI::App& add(CLI::App& dead, const char* name, const char* what, RunDead run_it,
              const std::shared_ptr<DeadOptions>& options, const Environment& environment,
              Run& run) {
  CLI::App* command = dead.add_subcommand(name, what);
  command->add_option("WHERE", options->where, "inbox, or a broker's URL: amqp://…")->required();
  command->add_option("--inbox", options->inbox, "The inbox's file, as of serve");
  command->add_flag("--json", options->json, "One JSON object a line on a terminal, too");
  command->callback([&environment, &run, options, run_it] {
    run = [&environment, options, run_it] { return run_it(*options, environment); };
  });
  return *command;
}

void add_filter(CLI::App& command, DeadOptions& options) {
  command.add_option("--code", options.codes, "With this error, such as image.corrupt; several");
  command.add_option("--since", options.since,
                     "That died from this time on, in UTC: 2026-11-22, or 2026-11-22T10:00:00Z");
  command.add_option("--until", options.until, "Before this time");
  command.add_option("--limit", options.limit, "At most so many, the oldest first")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000'000}));
}

void add_verdict(CLI::App& command, DeadOptions& options) {
  command.add_option("ID", options.ids, "As list has them; none: all that the filters take");
  add_filter(command, options);
  command.add_option("--rate", options.rate, "At most so many a second")
      ->check(CLI::Range(0.001, 1e6));
  command.add_flag("--dry-run", options.dry_run, "Print which it would be, and do nothing");
}

}  // namespace

void add_dead_command(CLI::App& app, const Environment& environment, Run& run) {
  auto* dead = app.add_subcommand("dead", "The dead letters of an inbox or a broker");
  dead->require_subcommand(1);
  const auto options = std::make_shared<DeadOptions>();

  CLI::App& list = add(*dead, "list",
                       "Lists them, the oldest first: a table on a terminal, else one JSON a line",
                       run_list, options, environment, run);
  add_filter(list, *options);

  CLI::App& show = add(*dead, "show", "Tells all of one, with what was delivered", run_show,
                       options, environment, run);
  show.add_option("ID", options->ids, "As list has it")->required();

  CLI::App& redrive = add(*dead, "redrive", "Sends them back to work, as if they had just come",
                          run_redrive, options, environment, run);
  add_verdict(redrive, *options);

  CLI::App& drop = add(*dead, "drop", "Forgets them for good", run_drop, options, environment, run);
  add_verdict(drop, *options);
  drop.add_flag("--all", options->all, "Whatever is there");
}

}  // namespace miniatura
