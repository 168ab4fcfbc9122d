#include "handler/journal_reader.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include "handler/journal_schema.h"
#include "runtime/database.h"

namespace miniatura {
namespace {

// The same parameters in each of the statements: see bind_filter.
constexpr const char* kWhere = R"sql(
  FROM events
  WHERE (?1 = 0 OR outcome IN ('failed', 'deferred')) AND (?2 = '' OR bucket = ?2) AND time >= ?3
    AND (?4 = '' OR time < ?4) AND (?5 = '' OR substr(key, 1, length(?5)) = ?5)
    AND (?6 = '' OR error_code = ?6) AND id BETWEEN ?7 AND ?8)sql";
constexpr const char* kRowColumns = R"sql(
  SELECT id, time, bucket, key, version, etag, outcome, reason, error_code, error_message, attempt, duration_ms,
    source_format, source_width, source_height, source_bytes, source_orientation,
    door, download_ms, decode_ms, render_ms, upload_ms)sql";
// Of a file that its writers have not brought to version 2 yet, and that is not ours to change.
constexpr const char* kColumnsOfVersion1 = ", NULL, NULL, NULL, NULL, NULL";
constexpr const char* kColumnsOfVersion2 =
    ", source_colour_space, source_icc_profile, source_camera_make, source_camera_model, "
    "source_capture_time";
constexpr const char* kStatsColumns =
    "SELECT outcome, reason, error_code, duration_ms, download_ms, decode_ms, render_ms, "
    "upload_ms, source_bytes, time";
constexpr const char* kSelectThumbnails =
    "SELECT preset, bucket, key, width, height, bytes, format, etag FROM thumbnails WHERE event_id "
    "= ? ORDER BY rowid";

void bind_filter(Statement& statement, const JournalFilter& filter) {
  const std::int64_t last = filter.id != 0 ? filter.id : std::numeric_limits<std::int64_t>::max();
  statement.bind(1, std::int64_t{filter.failed_only}).bind(2, filter.bucket).bind(3, filter.since);
  statement.bind(4, filter.until).bind(5, filter.prefix).bind(6, filter.code);
  statement.bind(7, filter.id).bind(8, last);
}

ImageFormat format_named(const std::string& name) {
  for (const ImageFormat format :
       {ImageFormat::png, ImageFormat::webp, ImageFormat::gif, ImageFormat::tiff, ImageFormat::bmp,
        ImageFormat::heic, ImageFormat::avif}) {
    if (format_name(format) == name) return format;
  }
  return ImageFormat::jpeg;
}

Outcome::What outcome_named(const std::string& name) {
  for (const auto what : {Outcome::What::stored, Outcome::What::skipped, Outcome::What::deferred}) {
    if (outcome_name(what) == name) return what;
  }
  return Outcome::What::failed;
}

struct OpenJournal {
  Database database;
  std::int64_t version = 0;
};

// Nothing: there is nothing to read.
Result<std::optional<OpenJournal>> open_to_read(const std::string& path) {
  if (path == "none" || path == ":memory:" || ::access(path.c_str(), F_OK) != 0) {
    return std::nullopt;
  }
  TRY(database, Database::open(path, true));
  TRY(version, journal_version(database, path));
  if (version == 0) return std::nullopt;  // its first writer is at it, or was cut off
  return OpenJournal{std::move(database), version};
}

JournalRow row_of(const Statement& from) {
  JournalRow row;
  row.id = from.integer(0);
  row.time = from.text(1);
  row.event.object = {from.text(2), from.text(3), from.text(4)};
  Outcome& outcome = row.event.outcome;
  outcome.etag = from.text(5);
  outcome.what = outcome_named(from.text(6));
  row.reason = from.text(7);
  row.error_code = from.text(8);
  if (!row.error_code.empty()) {
    outcome.error.emplace();
    outcome.error->message = from.text(9);
  }
  row.attempt = static_cast<int>(from.integer(10));
  outcome.timings.total.wall_ms = from.real(11);
  row.door = from.text(17);
  outcome.timings.download.wall_ms = from.real(18);
  outcome.timings.decode.wall_ms = from.real(19);
  outcome.timings.render.wall_ms = from.real(20);
  outcome.timings.upload.wall_ms = from.real(21);
  if (!from.is_null(12)) {
    outcome.source = SourceFacts{format_named(from.text(12)),
                                 static_cast<int>(from.integer(13)),
                                 static_cast<int>(from.integer(14)),
                                 static_cast<std::uint64_t>(from.integer(15)),
                                 static_cast<int>(from.integer(16)),
                                 from.text(22),
                                 from.text(23),
                                 {from.text(24), from.text(25), from.text(26)}};
  }
  return row;
}

Result<void> read_thumbnails(Statement& from, JournalRow& row) {
  from.reset();
  from.bind(1, row.id);
  for (;;) {
    TRY(more, from.step());
    if (!more) return {};
    row.event.outcome.thumbnails.push_back(
        {from.text(0), from.text(1), from.text(2), static_cast<int>(from.integer(3)),
         static_cast<int>(from.integer(4)), static_cast<std::uint64_t>(from.integer(5)),
         format_named(from.text(6)), from.text(7)});
  }
}

Result<void> each_row(const std::string& path, const JournalFilter& filter,
                      const std::string& order, const std::function<void(JournalRow&&)>& take) {
  TRY(journal, open_to_read(path));
  if (!journal) return {};
  const char* more_columns = journal->version < 2 ? kColumnsOfVersion1 : kColumnsOfVersion2;
  TRY(events, journal->database.prepare(std::string(kRowColumns) + more_columns + kWhere + order));
  TRY(thumbnails, journal->database.prepare(kSelectThumbnails));
  bind_filter(events, filter);
  for (;;) {
    TRY(more, events.step());
    if (!more) return {};
    JournalRow row = row_of(events);
    CHECKED(read_thumbnails(thumbnails, row));
    take(std::move(row));
  }
}

// The nearest rank; `values` is reordered.
Percentiles percentiles_of(std::vector<double>& values) {
  const auto at = [&](double part) {
    if (values.empty()) return 0.0;
    const auto rank =
        static_cast<std::ptrdiff_t>(std::lround(part * static_cast<double>(values.size() - 1)));
    std::nth_element(values.begin(), values.begin() + rank, values.end());
    return values[static_cast<std::size_t>(rank)];
  };
  return {at(0.5), at(0.9), at(0.99), at(1.0)};
}

// A field of RFC 3339, after what stands before it.
struct TimeField {
  std::string_view before;
  std::size_t digits;
  int low, high;
};
constexpr TimeField kTimeFields[] = {{"", 4, 0, 9999}, {"-", 2, 1, 12}, {"-", 2, 1, 31},
                                     {"T", 2, 0, 23},  {":", 2, 0, 59}, {":", 2, 0, 60}};

std::size_t digits_at_front(std::string_view text) {
  return std::min(text.find_first_not_of("0123456789"), text.size());
}

// Takes the field off the front of `text`; false: it is not there.
bool take_field(std::string_view& text, const TimeField& field) {
  if (text.substr(0, field.before.size()) != field.before) return false;
  const std::string_view number = text.substr(field.before.size(), field.digits);
  if (number.size() != field.digits || digits_at_front(number) != field.digits) return false;
  int value = 0;
  std::from_chars(number.data(), number.data() + number.size(), value);
  if (value < field.low || value > field.high) return false;
  text.remove_prefix(field.before.size() + field.digits);
  return true;
}

void count_failure(const std::string& code, JournalStats& stats) {
  ++stats.errors[code];
  const auto known = code_named(code);
  if (!known) return;  // a newer version wrote it
  ++stats.failures[std::string(failure_type_name(failure_type(*known)))];
}

}  // namespace

// Rows hold 2026-11-22T10:00:00.123Z: of such a time, every beginning without the Z is less.
Result<std::string> since_time(std::string_view text) {
  std::string_view rest = text;
  std::size_t fields = 0;
  while (fields < std::size(kTimeFields) && take_field(rest, kTimeFields[fields])) ++fields;
  const bool has_seconds = fields == std::size(kTimeFields);
  if (has_seconds && rest.substr(0, 1) == ".") {
    const std::size_t digits = digits_at_front(rest.substr(1));
    if (digits > 0) rest.remove_prefix(1 + digits);
  }
  const std::string_view unzoned = text.substr(0, text.size() - rest.size());
  if (fields > 0 && (rest.empty() || (has_seconds && rest == "Z"))) return std::string(unzoned);
  return fail(
      ErrorCode::usage,
      fmt::format("\"{}\" is no time in UTC such as 2026-11-22 or 2026-11-22T10:00:00Z", text));
}

Result<std::vector<JournalRow>> JournalReader::list(const JournalFilter& filter) const {
  std::vector<JournalRow> rows;
  const std::string order = fmt::format(" ORDER BY id DESC LIMIT {}", filter.limit);
  CHECKED(
      each_row(path_, filter, order, [&](JournalRow&& row) { rows.push_back(std::move(row)); }));
  return rows;
}

Result<void> JournalReader::each(const JournalFilter& filter,
                                 const std::function<void(const JournalRow&)>& take) const {
  return each_row(path_, filter, " ORDER BY id", [&](JournalRow&& row) { take(row); });
}

Result<JournalStats> JournalReader::stats(const JournalFilter& filter) const {
  JournalStats stats;
  constexpr std::array<const char*, 5> kTimes = {"total", "download", "decode", "render", "upload"};
  std::array<std::vector<double>, kTimes.size()> times;
  TRY(journal, open_to_read(path_));
  if (journal) {
    TRY(events, journal->database.prepare(std::string(kStatsColumns) + kWhere));
    bind_filter(events, filter);
    for (;;) {
      TRY(more, events.step());
      if (!more) break;
      const std::string time = events.text(9);
      if (stats.events == 0 || time < stats.first) stats.first = time;
      stats.last = std::max(stats.last, time);
      ++stats.events;
      const std::string outcome = events.text(0);
      ++stats.outcomes[outcome];
      if (!events.is_null(1)) ++stats.reasons[events.text(1)];
      if (!events.is_null(2)) count_failure(events.text(2), stats);
      if (outcome != outcome_name(Outcome::What::stored)) continue;
      for (std::size_t i = 0; i < times.size(); ++i) {
        times[i].push_back(events.real(3 + static_cast<int>(i)));
      }
      stats.source_bytes += events.integer(8);
    }
  }
  for (std::size_t i = 0; i < times.size(); ++i) {
    stats.times.emplace_back(kTimes[i], percentiles_of(times[i]));
  }
  return stats;
}

}  // namespace miniatura
