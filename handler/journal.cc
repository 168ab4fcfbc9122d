#include "handler/journal.h"

#include <fmt/core.h>
#include <unistd.h>

#include <mutex>
#include <optional>
#include <string_view>

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

 private:
  Result<void> open_for_writing() {
    if (database_) return {};
    TRY(opened, Database::open(path_));
    CHECKED(migrate(opened, path_));
    TRY(event, opened.prepare(kInsertEvent));
    TRY(thumbnail, opened.prepare(kInsertThumbnail));
    database_.emplace(std::move(opened));
    insert_event_.emplace(std::move(event));
    insert_thumbnail_.emplace(std::move(thumbnail));
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

  const std::string path_;
  std::mutex mutex_;
  // Statements go before their database.
  std::optional<Database> database_;
  std::optional<Statement> insert_event_;
  std::optional<Statement> insert_thumbnail_;
};

class NoJournal : public Journal {
 public:
  Result<void> record(const EventOutcome&, const Delivery&) override { return {}; }
};

Result<void> remove_before(Database& database, const std::string& time, std::int64_t& count) {
  TRY(thumbnails,
      database.prepare(
          "DELETE FROM thumbnails WHERE event_id IN (SELECT id FROM events WHERE time < ?)"));
  CHECKED(thumbnails.bind(1, time).step());
  TRY(events, database.prepare("DELETE FROM events WHERE time < ?"));
  CHECKED(events.bind(1, time).step());
  TRY(changes, database.prepare("SELECT changes()"));
  CHECKED(changes.step());
  count = changes.integer(0);
  return {};
}

}  // namespace

std::unique_ptr<Journal> make_journal(std::string setting) {
  if (setting == "none") return std::make_unique<NoJournal>();
  return std::make_unique<SqliteJournal>(std::move(setting));
}

Result<std::int64_t> prune_journal(const std::string& path, const std::string& time) {
  if (::access(path.c_str(), F_OK) != 0) return 0;
  TRY(database, Database::open(path));
  CHECKED(migrate(database, path));
  std::int64_t count = 0;
  CHECKED(in_transaction(database, [&] { return remove_before(database, time, count); }));
  CHECKED(database.execute("VACUUM"));
  return count;
}

}  // namespace miniatura
