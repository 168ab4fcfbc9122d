// miniatura journal list|show|stats|export|prune: what was done.
#include "handler/journal.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "handler/commands/command.h"
#include "handler/journal_reader.h"
#include "handler/reply.h"
#include "runtime/text.h"
#include "s3client/uri.h"

namespace miniatura {
namespace {

struct JournalOptions {
  ConfigOptions config;
  JournalFilter filter;
  std::string since;
  std::string until;
  std::string before;
  std::string format = "ndjson";
  bool json = false;
};

Json json_of(const SourceFacts& source) {
  Json json = source_json(source);
  const std::pair<const char*, const std::string*> texts[] = {
      {"colour_space", &source.colour_space},
      {"icc_profile", &source.icc_profile},
      {"camera_make", &source.capture.camera_make},
      {"camera_model", &source.capture.camera_model},
      {"capture_time", &source.capture.time}};
  for (const auto& [name, text] : texts) {
    if (!text->empty()) json[name] = *text;
  }
  return json;
}

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
  if (outcome.error) json["error"] = error_json(row.error_code, outcome.error->message);
  json["attempt"] = row.attempt;
  json["duration_ms"] = outcome.timings.total.wall_ms;
  json["source"] = Json::object();
  if (outcome.source) json["source"] = json_of(*outcome.source);
  json["thumbnails"] = event_json(row.event)["thumbnails"];
  return json;
}

// With what a list leaves out.
Json whole_json_of(const JournalRow& row) {
  Json json = json_of(row);
  const Timings& times = row.event.outcome.timings;
  json["door"] = row.door;
  json["steps_ms"] = {{"download", times.download.wall_ms},
                      {"decode", times.decode.wall_ms},
                      {"render", times.render.wall_ms},
                      {"upload", times.upload.wall_ms}};
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

Result<std::string> time_of(const std::string& option, const std::string& text) {
  if (text.empty()) return std::string();
  auto time = since_time(text);
  if (time) return time;
  Error error = std::move(time).error();
  error.message = option + ": " + error.message;
  return fail(std::move(error));
}

Result<JournalFilter> filter_of(const JournalOptions& options) {
  JournalFilter filter = options.filter;
  TRY(since, time_of("--since", options.since));
  TRY(until, time_of("--until", options.until));
  filter.since = std::move(since);
  filter.until = std::move(until);
  return filter;
}

Result<JournalReader> reader_of(const JournalOptions& options, const Environment& environment) {
  TRY(journal, journal_setting(environment, options.config));
  return JournalReader(std::move(journal));
}

int run_list(const JournalOptions& options, const Environment& environment) {
  const auto filter = filter_of(options);
  if (!filter) return report(filter.error(), options.json);
  const auto reader = reader_of(options, environment);
  if (!reader) return report(reader.error(), options.json);
  const auto rows = reader->list(*filter);
  if (!rows) return report(rows.error(), options.json);
  if (!options.json && stdout_is_terminal()) {
    print_table(*rows);
    return kExitDone;
  }
  for (const JournalRow& row : *rows) print_json(json_of(row));
  return kExitDone;
}

int run_show(const JournalOptions& options, const Environment& environment) {
  const auto reader = reader_of(options, environment);
  if (!reader) return report(reader.error(), options.json);
  const auto rows = reader->list(options.filter);
  if (!rows) return report(rows.error(), options.json);
  if (rows->empty()) {
    Error error;
    error.code = ErrorCode::store_not_found;
    error.message = fmt::format("the journal has no event {}", options.filter.id);
    return report(error, options.json);
  }
  const Json json = whole_json_of(rows->front());
  if (options.json || !stdout_is_terminal()) {
    print_json(json);
  } else {
    print_line(json.dump(2, ' ', true));  // ASCII: nothing that a terminal obeys
  }
  return kExitDone;
}

Json json_of(const JournalStats& stats) {
  Json json = {{"events", stats.events},     {"first", stats.first},
               {"last", stats.last},         {"outcomes", stats.outcomes},
               {"reasons", stats.reasons},   {"errors", stats.errors},
               {"failures", stats.failures}, {"source_bytes", stats.source_bytes}};
  for (const auto& [step, times] : stats.times) {
    json["ms"][step] = {
        {"p50", times.p50}, {"p90", times.p90}, {"p99", times.p99}, {"max", times.max}};
  }
  return json;
}

void print_stats(const JournalStats& stats) {
  print_line(fmt::format("{} events, {} to {}; {} of sources", stats.events, stats.first,
                         stats.last, human_bytes(static_cast<std::uint64_t>(stats.source_bytes))));
  const std::pair<const char*, const std::map<std::string, std::int64_t>*> counts[] = {
      {"outcome", &stats.outcomes},
      {"skipped because", &stats.reasons},
      {"error", &stats.errors},
      {"whose failure", &stats.failures}};
  for (const auto& [title, names] : counts) {
    for (const auto& [name, count] : *names) {
      print_line(fmt::format("{:16}  {:28}  {:>9}", title, name, count));
    }
  }
  print_line(fmt::format("{:16}  {:>9}  {:>9}  {:>9}  {:>9}", "stored, in ms", "p50", "p90", "p99",
                         "max"));
  for (const auto& [step, times] : stats.times) {
    print_line(fmt::format("{:16}  {:>9.1f}  {:>9.1f}  {:>9.1f}  {:>9.1f}", step, times.p50,
                           times.p90, times.p99, times.max));
  }
}

int run_stats(const JournalOptions& options, const Environment& environment) {
  const auto filter = filter_of(options);
  if (!filter) return report(filter.error(), options.json);
  const auto reader = reader_of(options, environment);
  if (!reader) return report(reader.error(), options.json);
  const auto stats = reader->stats(*filter);
  if (!stats) return report(stats.error(), options.json);
  if (options.json || !stdout_is_terminal()) {
    print_json(json_of(*stats));
  } else {
    print_stats(*stats);
  }
  return kExitDone;
}

// RFC 4180: in quotes where it holds one, a comma or a line break.
std::string csv_field(std::string_view text) {
  if (text.find_first_of("\",\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

constexpr const char* kCsvHeader =
    "id,time,door,bucket,key,version,etag,outcome,reason,error_code,error_message,attempt,"
    "duration_ms,download_ms,decode_ms,render_ms,upload_ms,source_format,source_width,"
    "source_height,source_bytes,source_orientation,source_colour_space,source_icc_profile,"
    "source_camera_make,source_camera_model,source_capture_time,thumbnails,thumbnail_bytes";

std::string csv_line(const JournalRow& row) {
  const Outcome& outcome = row.event.outcome;
  const Timings& times = outcome.timings;
  std::string line = fmt::format("{},{},{}", row.id, row.time, csv_field(row.door));
  for (const std::string& text :
       {row.event.object.bucket, row.event.object.key, row.event.object.version, outcome.etag,
        std::string(outcome_name(outcome.what)), row.reason, row.error_code,
        outcome.error ? outcome.error->message : std::string()}) {
    line += ',' + csv_field(text);
  }
  line +=
      fmt::format(",{},{},{},{},{},{}", row.attempt, times.total.wall_ms, times.download.wall_ms,
                  times.decode.wall_ms, times.render.wall_ms, times.upload.wall_ms);
  if (outcome.source) {
    const SourceFacts& source = *outcome.source;
    line += fmt::format(",{},{},{},{},{}", format_name(source.format), source.width, source.height,
                        source.bytes, source.orientation);
    for (const std::string* text :
         {&source.colour_space, &source.icc_profile, &source.capture.camera_make,
          &source.capture.camera_model, &source.capture.time}) {
      line += ',' + csv_field(*text);
    }
  } else {
    line += std::string(10, ',');
  }
  std::uint64_t bytes = 0;
  for (const StoredThumbnail& thumbnail : outcome.thumbnails) bytes += thumbnail.bytes;
  return line + fmt::format(",{},{}", outcome.thumbnails.size(), bytes);
}

int run_export(const JournalOptions& options, const Environment& environment) {
  const auto filter = filter_of(options);
  if (!filter) return report(filter.error(), false);
  const auto reader = reader_of(options, environment);
  if (!reader) return report(reader.error(), false);
  const bool csv = options.format == "csv";
  if (csv) print_line(kCsvHeader);
  const auto exported = reader->each(*filter, [&](const JournalRow& row) {
    if (csv) {
      print_line(csv_line(row));
    } else {
      print_json(whole_json_of(row));
    }
  });
  return exported ? kExitDone : report(exported.error(), false);
}

int run_prune(const JournalOptions& options, const Environment& environment) {
  const auto before = time_of("--before", options.before);
  if (!before) return report(before.error(), options.json);
  const auto journal = journal_setting(environment, options.config);
  if (!journal) return report(journal.error(), options.json);
  const auto count = prune_journal(*journal, *before);
  if (!count) return report(count.error(), options.json);
  if (options.json) {
    print_json(Json{{"removed", *count}});
  } else {
    print_line(fmt::format("{} events before {} removed", *count, *before));
  }
  return kExitDone;
}

void add_filter(CLI::App& command, JournalOptions& options) {
  command.add_flag("--failed", options.filter.failed_only, "Failed and deferred ones only");
  command.add_option("--bucket", options.filter.bucket, "Of this source bucket");
  command.add_option("--prefix", options.filter.prefix, "Of source keys that begin so");
  command.add_option("--code", options.filter.code, "With this error, such as image.corrupt");
  command.add_option("--since", options.since,
                     "From this time on, in UTC: 2026-11-22, or 2026-11-22T10:00:00Z");
  command.add_option("--until", options.until, "Before this time");
}

using RunJournal = int (*)(const JournalOptions&, const Environment&);

CLI::App& add(CLI::App& journal, const char* name, const char* what, RunJournal run_it,
              const std::shared_ptr<JournalOptions>& options, const Environment& environment,
              Run& run) {
  CLI::App* command = journal.add_subcommand(name, what);
  add_config_option(*command, options->config);
  add_journal_option(*command, options->config);
  command->callback([&environment, &run, options, run_it] {
    run = [&environment, options, run_it] { return run_it(*options, environment); };
  });
  return *command;
}

}  // namespace

void add_journal_command(CLI::App& app, const Environment& environment, Run& run) {
  auto* journal = app.add_subcommand("journal", "Tells what was done");
  journal->require_subcommand(1);
  const auto options = std::make_shared<JournalOptions>();
  constexpr const char* kJson = "One JSON object a line on a terminal, too";

  CLI::App& list =
      add(*journal, "list",
          "Lists events, the newest first: a table on a terminal, else one JSON a line", run_list,
          options, environment, run);
  add_filter(list, *options);
  list.add_option("--limit", options->filter.limit, "At most so many (50)")
      ->check(CLI::Range(1, 1'000'000));
  list.add_flag("--json", options->json, kJson);

  CLI::App& show = add(*journal, "show", "Tells all that is remembered of one event", run_show,
                       options, environment, run);
  show.add_option("ID", options->filter.id, "As list has it")
      ->required()
      ->check(CLI::PositiveNumber);
  show.add_flag("--json", options->json, kJson);

  CLI::App& stats = add(*journal, "stats", "Counts outcomes and errors, and tells how long it took",
                        run_stats, options, environment, run);
  add_filter(stats, *options);
  stats.add_flag("--json", options->json, kJson);

  CLI::App& export_all = add(*journal, "export", "Prints every event, the oldest first", run_export,
                             options, environment, run);
  add_filter(export_all, *options);
  export_all.add_option("--format", options->format, "ndjson (default) or csv")
      ->check(CLI::IsMember({"ndjson", "csv"}));

  CLI::App& prune = add(*journal, "prune", "Forgets the events before a time", run_prune, options,
                        environment, run);
  prune.add_option("--before", options->before, "In UTC: 2026-11-22, or 2026-11-22T10:00:00Z")
      ->required();
  prune.add_flag("--json", options->json, "The count as JSON");
}

}  // namespace miniatura
