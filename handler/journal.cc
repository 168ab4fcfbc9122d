#include "handler/journal.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <mutex>

#include "runtime/database.h"

namespace miniatura {
namespace {

constexpr std::int64_t kSchemaVersion = 1;
constexpr const char* kSchema = R"sql(
  CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    time TEXT NOT NULL,
    door TEXT NOT NULL,
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    version TEXT NOT NULL,
    etag TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    error_code TEXT,
    error_message TEXT,
    attempt INTEGER NOT NULL,
    duration_ms REAL NOT NULL,
    download_ms REAL NOT NULL,
    decode_ms REAL NOT NULL,
    render_ms REAL NOT NULL,
    upload_ms REAL NOT NULL,
    source_format TEXT,
    source_width INTEGER,
    source_height INTEGER,
    source_bytes INTEGER,
    source_orientation INTEGER);
  CREATE TABLE thumbnails (
    event_id INTEGER NOT NULL REFERENCES events(id) ON DELETE CASCADE,
    preset TEXT NOT NULL,
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    format TEXT NOT NULL,
    etag TEXT NOT NULL);
  CREATE INDEX thumbnails_of_event ON thumbnails(event_id);
  PRAGMA user_version = 1;
)sql";

constexpr const char* kInsertEvent = R"sql(
  INSERT INTO events (time, door, bucket, key, version, etag, outcome, reason, error_code, error_message, attempt,
    duration_ms, download_ms, decode_ms, render_ms, upload_ms,
    source_format, source_width, source_height, source_bytes, source_orientation)
  VALUES (strftime('%Y-%m-%dT%H:%M:%fZ','now'), ?,?,?,?,?,?,?,?,?,?, ?,?,?,?,?, ?,?,?,?,?))sql";
constexpr const char* kInsertThumbnail = "INSERT INTO thumbnails VALUES (?,?,?,?,?,?,?,?,?)";
constexpr const char* kSelectEvents = R"sql(
  SELECT id, time, bucket, key, version, etag, outcome, reason, error_code, error_message, attempt, duration_ms,
    source_format, source_width, source_height, source_bytes, source_orientation
  FROM events
  WHERE (?1 = 0 OR outcome IN ('failed', 'deferred')) AND (?2 = '' OR bucket = ?2) AND time >= ?3
  ORDER BY id DESC LIMIT ?4)sql";
constexpr const char* kSelectThumbnails =
    "SELECT preset, bucket, key, width, height, bytes, format, etag FROM thumbnails WHERE event_id "
    "= ? ORDER BY rowid";

// Brings a new or older file to today's schema. Another process may be doing the same: under the
// write lock.
Result<void> migrate(Database& database, const std::string& path) {
  return in_transaction(database, [&]() -> Result<void> {
    TRY(version, database.version());
    if (version > kSchemaVersion) {
      return fail(ErrorCode::journal_unavailable,
                  fmt::format("{}: of a newer version ({}) than this program knows ({})", path,
                              version, kSchemaVersion));
    }
    return version == 0 ? database.execute(kSchema) : Result<void>();
  });
}

void bind_optional(Statement& statement, int index, std::string_view value) {
  if (value.empty()) {
    statement.bind_null(index);
  } else {
    statement.bind(index, value);
  }
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

class SqliteJournal : public Journal {
 public:
  explicit SqliteJournal(std::string path) : path_(std::move(path)) {}

  Result<void> record(const EventOutcome& event, const Delivery& delivery) override {
    const std::lock_guard lock(mutex_);
    CHECKED(open_for_writing());
    return in_transaction(*database_, [&]() -> Result<void> {
      CHECKED(insert_event(event, delivery));
      return insert_thumbnails(event.outcome.thumbnails);
    });
  }

  Result<std::vector<JournalRow>> list(const JournalFilter& filter) override {
    const std::lock_guard lock(mutex_);
    std::vector<JournalRow> rows;
    if (!database_) {
      // Nothing was recorded yet.
      if (path_ == ":memory:" || ::access(path_.c_str(), F_OK) != 0) return rows;
      TRY(opened, Database::open(path_, true));
      database_.emplace(std::move(opened));
      read_only_ = true;
    }
    TRY(version, database_->version());
    if (version == 0) return rows;  // no schema yet: its first writer is at it, or was cut off
    TRY(events, database_->prepare(kSelectEvents));
    TRY(thumbnails, database_->prepare(kSelectThumbnails));
    events.bind(1, std::int64_t{filter.failed_only}).bind(2, filter.bucket).bind(3, filter.since);
    events.bind(4, std::int64_t{filter.limit});
    for (;;) {
      TRY(more, events.step());
      if (!more) return rows;
      rows.push_back(row_of(events));
      CHECKED(read_thumbnails(thumbnails, rows.back()));
    }
  }

 private:
  Result<void> open_for_writing() {
    if (database_ && !read_only_) return {};
    database_.reset();
    TRY(opened, Database::open(path_));
    CHECKED(migrate(opened, path_));
    TRY(event, opened.prepare(kInsertEvent));
    TRY(thumbnail, opened.prepare(kInsertThumbnail));
    database_.emplace(std::move(opened));
    insert_event_.emplace(std::move(event));
    insert_thumbnail_.emplace(std::move(thumbnail));
    read_only_ = false;
    return {};
  }

  Result<void> insert_event(const EventOutcome& event, const Delivery& delivery) {
    const Outcome& outcome = event.outcome;
    Statement& row = *insert_event_;
    row.reset();
    row.bind(1, delivery.door)
        .bind(2, event.object.bucket)
        .bind(3, event.object.key)
        .bind(4, event.object.version);
    row.bind(5, outcome.etag.empty() ? event.event_etag : outcome.etag)
        .bind(6, outcome_name(outcome.what));
    bind_optional(row, 7, outcome.reason ? skip_reason_name(*outcome.reason) : "");
    bind_optional(row, 8, outcome.error ? code_name(outcome.error->code) : "");
    bind_optional(row, 9, outcome.error ? outcome.error->message : "");
    row.bind(10, std::int64_t{delivery.attempt});
    const Timings& times = outcome.timings;
    row.bind(11, times.total.wall_ms)
        .bind(12, times.download.wall_ms)
        .bind(13, times.decode.wall_ms);
    row.bind(14, times.render.wall_ms).bind(15, times.upload.wall_ms);
    if (outcome.source) {
      const SourceFacts& source = *outcome.source;
      row.bind(16, format_name(source.format)).bind(17, std::int64_t{source.width});
      row.bind(18, std::int64_t{source.height}).bind(19, static_cast<std::int64_t>(source.bytes));
      row.bind(20, std::int64_t{source.orientation});
    } else {
      for (int i = 16; i <= 20; ++i) row.bind_null(i);
    }
    CHECKED(row.step());
    row.reset();
    return {};
  }

  Result<void> insert_thumbnails(const std::vector<StoredThumbnail>& thumbnails) {
    const std::int64_t event_id = database_->last_row_id();
    Statement& row = *insert_thumbnail_;
    for (const StoredThumbnail& thumbnail : thumbnails) {
      row.reset();  // an insert that failed would refuse these bindings and keep its own
      row.bind(1, event_id)
          .bind(2, thumbnail.preset)
          .bind(3, thumbnail.bucket)
          .bind(4, thumbnail.key);
      row.bind(5, std::int64_t{thumbnail.width}).bind(6, std::int64_t{thumbnail.height});
      row.bind(7, static_cast<std::int64_t>(thumbnail.bytes))
          .bind(8, format_name(thumbnail.format));
      row.bind(9, thumbnail.etag);
      CHECKED(row.step());
    }
    row.reset();
    return {};
  }

  static JournalRow row_of(const Statement& from) {
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
    if (!from.is_null(12)) {
      outcome.source = SourceFacts{format_named(from.text(12)), static_cast<int>(from.integer(13)),
                                   static_cast<int>(from.integer(14)),
                                   static_cast<std::uint64_t>(from.integer(15)),
                                   static_cast<int>(from.integer(16))};
    }
    return row;
  }

  static Result<void> read_thumbnails(Statement& from, JournalRow& row) {
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

  const std::string path_;
  std::mutex mutex_;
  // Statements go before their database.
  std::optional<Database> database_;
  std::optional<Statement> insert_event_;
  std::optional<Statement> insert_thumbnail_;
  bool read_only_ = false;
};

class NoJournal : public Journal {
 public:
  Result<void> record(const EventOutcome&, const Delivery&) override { return {}; }
  Result<std::vector<JournalRow>> list(const JournalFilter&) override {
    return std::vector<JournalRow>();
  }
};

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

std::unique_ptr<Journal> make_journal(std::string setting) {
  if (setting == "none") return std::make_unique<NoJournal>();
  return std::make_unique<SqliteJournal>(std::move(setting));
}

}  // namespace miniatura
