#include "handler/journal.h"

#include <unistd.h>

#include <mutex>
#include <optional>
#include <string_view>

#include "handler/journal_schema.h"
#include "runtime/database.h"

namespace miniatura {
namespace {

constexpr const char* kInsertEvent = R"sql(
  INSERT INTO events (time, door, bucket, key, version, etag, outcome, reason, error_code, error_message, attempt,
    duration_ms, download_ms, decode_ms, render_ms, upload_ms,
    source_format, source_width, source_height, source_bytes, source_orientation,
    source_colour_space, source_icc_profile, source_camera_make, source_camera_model, source_capture_time)
  VALUES (strftime('%Y-%m-%dT%H:%M:%fZ','now'), ?,?,?,?,?,?,?,?,?,?, ?,?,?,?,?, ?,?,?,?,?, ?,?,?,?,?))sql";
constexpr const char* kInsertThumbnail = "INSERT INTO thumbnails VALUES (?,?,?,?,?,?,?,?,?)";

void bind_optional(Statement& statement, int index, std::string_view value) {
  if (value.empty()) {
    statement.bind_null(index);
  } else {
    statement.bind(index, value);
  }
}

// From parameter 16 on.
void bind_source(Statement& row, const std::optional<SourceFacts>& source) {
  if (!source) {
    for (int i = 16; i <= 25; ++i) row.bind_null(i);
    return;
  }
  row.bind(16, format_name(source->format)).bind(17, std::int64_t{source->width});
  row.bind(18, std::int64_t{source->height}).bind(19, static_cast<std::int64_t>(source->bytes));
  row.bind(20, std::int64_t{source->orientation});
  bind_optional(row, 21, source->colour_space);
  bind_optional(row, 22, source->icc_profile);
  bind_optional(row, 23, source->capture.camera_make);
  bind_optional(row, 24, source->capture.camera_model);
  bind_optional(row, 25, source->capture.time);
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
    CHECKED(migrate_journal(opened, path_));
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
    bind_source(row, outcome.source);
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
  CHECKED(migrate_journal(database, path));
  std::int64_t count = 0;
  CHECKED(in_transaction(database, [&] { return remove_before(database, time, count); }));
  CHECKED(database.execute("VACUUM"));
  return count;
}

}  // namespace miniatura
