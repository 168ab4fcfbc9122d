#include "handler/journal_schema.h"

#include <fmt/core.h>

#include <array>

namespace miniatura {
namespace {

// kSteps[n] leads from version n to n + 1. A step that was ever released never changes.
constexpr std::array<const char*, kJournalVersion> kSteps = {
    R"sql(
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
)sql",
    R"sql(
  ALTER TABLE events ADD COLUMN source_colour_space TEXT;
  ALTER TABLE events ADD COLUMN source_icc_profile TEXT;
  ALTER TABLE events ADD COLUMN source_camera_make TEXT;
  ALTER TABLE events ADD COLUMN source_camera_model TEXT;
  ALTER TABLE events ADD COLUMN source_capture_time TEXT;
)sql"};

}  // namespace

Result<std::int64_t> journal_version(Database& database, const std::string& path) {
  TRY(version, database.version());
  if (version <= kJournalVersion) return version;
  return fail(ErrorCode::journal_unavailable,
              fmt::format("{}: of a newer version ({}) than this program knows ({})", path, version,
                          kJournalVersion));
}

Result<void> migrate_journal(Database& database, const std::string& path) {
  // Asked under the write lock: another process may be at it.
  return in_transaction(database, [&]() -> Result<void> {
    TRY(version, journal_version(database, path));
    if (version == kJournalVersion) return {};
    for (auto step = static_cast<std::size_t>(version); step < kSteps.size(); ++step) {
      CHECKED(database.execute(kSteps[step]));
    }
    return database.execute(fmt::format("PRAGMA user_version = {}", kJournalVersion).c_str());
  });
}

}  // namespace miniatura
