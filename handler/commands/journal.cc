// miniatura journal list: what was done.
#include "handler/journal.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "handler/commands/command.h"
#include "handler/reply.h"
#include "runtime/text.h"
#include "s3client/uri.h"

namespace miniatura {
namespace {

struct ListOptions {
  ConfigOptions config;
  JournalFilter filter;
  std::string since;
  bool json = false;
};

Json json_of(const JournalRow& row) {
  const Outcome& outcome = row.event.outcome;
  Json json = {{"id", row.id},
               {"time", row.time},
               {"bucket", row.event.object.bucket},
               {"key", row.event.object.key},
               {"version", row.event.object.version},
               {"etag", outcome.etag},
               {"outcome", outcome_name(outcome.what)}};
  if (!row.reason.empty()) json["reason"] = row.reason;
  if (outcome.error)
    json["error"] = {{"code", row.error_code}, {"message", outcome.error->message}};
  json["attempt"] = row.attempt;
  json["duration_ms"] = outcome.timings.total.wall_ms;
  json["source"] = Json::object();
  if (outcome.source) json["source"] = source_json(*outcome.source);
  json["thumbnails"] = event_json(row.event)["thumbnails"];
  return json;
}

void print_table(const std::vector<JournalRow>& rows) {
  print_line(fmt::format("{:>5}  {:24}  {:8}  {:>9}  {}", "id", "time", "outcome", "ms", "object"));
  for (const JournalRow& row : rows) {
    const Outcome& outcome = row.event.outcome;
    const std::string why = !row.reason.empty() ? "  (" + row.reason + ")"
                            : outcome.error
                                ? "  " + row.error_code + ": " + outcome.error->message
                                : fmt::format("  {} thumbnails", outcome.thumbnails.size());
    // Keys and messages are as whoever uploaded wanted them, and this is a terminal.
    print_line(
        one_line(fmt::format("{:>5}  {:24}  {:8}  {:>9.1f}  {}{}", row.id, row.time,
                             outcome_name(outcome.what), outcome.timings.total.wall_ms,
                             object_name(row.event.object.bucket, row.event.object.key), why)));
  }
}

int run_list(const ListOptions& options, const Environment& environment) {
  JournalFilter filter = options.filter;
  if (!options.since.empty()) {
    auto since = since_time(options.since);
    if (!since) {
      Error error = std::move(since).error();
      error.message = "--since: " + error.message;
      return report(error, options.json);
    }
    filter.since = *std::move(since);
  }
  const auto journal = journal_setting(environment, options.config);
  if (!journal) return report(journal.error(), options.json);
  const auto rows = make_journal(*journal)->list(filter);
  if (!rows) return report(rows.error(), options.json);
  if (!options.json && stdout_is_terminal()) {
    print_table(*rows);
    return kExitDone;
  }
  for (const JournalRow& row : *rows) print_json(json_of(row));
  return kExitDone;
}

}  // namespace

void add_journal_command(CLI::App& app, const Environment& environment, Run& run) {
  auto* journal = app.add_subcommand("journal", "Tells what was done");
  journal->require_subcommand(1);
  auto* list = journal->add_subcommand(
      "list", "Lists events, the newest first: a table on a terminal, else one JSON a line");
  auto options = std::make_shared<ListOptions>();
  list->add_flag("--failed", options->filter.failed_only, "Failed and deferred ones only");
  list->add_option("--bucket", options->filter.bucket, "Of this source bucket");
  list->add_option("--since", options->since,
                   "From this time on, in UTC: 2026-11-22, or 2026-11-22T10:00:00Z");
  list->add_option("--limit", options->filter.limit, "At most so many (50)")
      ->check(CLI::Range(1, 1'000'000));
  list->add_flag("--json", options->json, "One JSON object a line on a terminal, too");
  add_config_option(*list, options->config);
  add_journal_option(*list, options->config);
  list->callback([&, options] { run = [&, options] { return run_list(*options, environment); }; });
}

}  // namespace miniatura
