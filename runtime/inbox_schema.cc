#include "runtime/inbox_schema.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <ctime>
#include <filesystem>
#include <system_error>

namespace miniatura {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::int64_t kApplication = 0x6d696e62;  // "minb"

// `number` is the rising number of a delivery's last change of hands: a claim's ticket, the place
// among the done, the place among the dead. A payload has a row of its own, so that a claim does
// not write it once more. `came` and `due` count from the machine's start (`boot`).
constexpr const char* kTables = R"sql(
  CREATE TABLE deliveries (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    door TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    state INTEGER NOT NULL,
    size INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    came INTEGER NOT NULL,
    due INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    owner INTEGER NOT NULL DEFAULT 0,
    number INTEGER NOT NULL DEFAULT 0,
    code TEXT,
    message TEXT,
    is_workers INTEGER NOT NULL DEFAULT 0,
    reply TEXT NOT NULL DEFAULT '');
  CREATE INDEX what_waits ON deliveries(due) WHERE state = 0;
  CREATE INDEX what_is_claimed ON deliveries(owner) WHERE state = 1;
  CREATE INDEX what_is_open ON deliveries(came) WHERE state < 2;
  CREATE INDEX what_ended ON deliveries(state, number) WHERE state > 1;
  CREATE TABLE payloads (row INTEGER PRIMARY KEY, bytes BLOB NOT NULL);

  CREATE TABLE owners (row INTEGER PRIMARY KEY, heartbeat INTEGER NOT NULL);
  CREATE TABLE file (boot TEXT NOT NULL, number INTEGER NOT NULL);
  INSERT INTO file VALUES ('', 0);

  CREATE TABLE tally (state INTEGER PRIMARY KEY, rows INTEGER NOT NULL, bytes INTEGER NOT NULL);
  INSERT INTO tally VALUES (0, 0, 0), (1, 0, 0), (2, 0, 0), (3, 0, 0);
  CREATE TRIGGER one_came AFTER INSERT ON deliveries BEGIN
    UPDATE tally SET rows = rows + 1, bytes = bytes + new.size WHERE state = new.state;
  END;
  CREATE TRIGGER one_moved AFTER UPDATE OF state ON deliveries BEGIN
    UPDATE tally SET rows = rows - 1, bytes = bytes - old.size WHERE state = old.state;
    UPDATE tally SET rows = rows + 1, bytes = bytes + new.size WHERE state = new.state;
  END;
  CREATE TRIGGER one_is_done AFTER UPDATE OF state ON deliveries WHEN new.state = 2 BEGIN
    DELETE FROM payloads WHERE row = new.row;
  END;
  CREATE TRIGGER one_went AFTER DELETE ON deliveries BEGIN
    UPDATE tally SET rows = rows - 1, bytes = bytes - old.size WHERE state = old.state;
    DELETE FROM payloads WHERE row = old.row;
  END;
)sql";

tl::unexpected<Error> unavailable(const std::string& path, const std::string& why) {
  return fail(ErrorCode::inbox_unavailable, fmt::format("{}: {}", path, why));
}

Result<std::int64_t> number_of(Database& database, std::string_view sql) {
  TRY(statement, database.prepare(sql));
  CHECKED(statement.step());
  return statement.integer(0);
}

// Reads the whole file once.
Result<void> look_through(Database& database, const std::string& path) {
  TRY(check, database.prepare("PRAGMA quick_check(1)"));
  CHECKED(check.step());
  if (check.text(0) == "ok") return {};
  Error error;
  error.code = ErrorCode::inbox_unavailable;
  error.message = fmt::format("{}: {}", path, check.text(0));
  error.service_code = kDamagedFile;
  return fail(std::move(error));
}

// Is it an inbox, which this program knows?
Result<bool> is_inbox(Database& database, const std::string& path) {
  TRY(application, number_of(database, "PRAGMA application_id"));
  TRY(version, database.version());
  if (application == kApplication && version == kVersion) return true;
  TRY(tables, number_of(database, "SELECT count(*) FROM sqlite_schema"));
  if (application != kApplication && (tables != 0 || version != 0)) {
    return unavailable(path, "is a database, but no inbox");
  }
  if (version > kVersion) {
    return unavailable(path, fmt::format("of a newer version ({}) than this program knows ({})",
                                         version, kVersion));
  }
  return false;
}

Result<void> create_tables(Database& database, const std::string& path) {
  return in_transaction(database, [&]() -> Result<void> {
    TRY(is_there, is_inbox(database, path));
    if (is_there) return {};
    CHECKED(database.execute(kTables));
    return database.execute(
        fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplication, kVersion)
            .c_str());
  });
}

// A file that others have open was looked through by the first of them.
Result<Database> open_sound(const std::string& path, bool is_alone) {
  TRY(database, Database::open(path, false, ErrorCode::inbox_unavailable));
  if (is_alone) CHECKED(look_through(database, path));
  CHECKED(create_tables(database, path));
  // What a burst made of the log is given back.
  CHECKED(database.execute("PRAGMA journal_size_limit = 67108864"));
  return std::move(database);
}

// The log first: whatever ends this in the middle, no new file meets an old one's log.
Result<std::string> move_aside(const std::string& path, InboxMoment now) {
  const auto seconds = static_cast<std::time_t>(now.wall_ms / 1'000);
  const std::string wanted =
      fmt::format("{}.corrupt-{:%Y%m%dT%H%M%SZ}", path, fmt::gmtime(seconds));
  std::string aside = wanted;
  const auto is_taken = [](const std::string& name) {
    std::error_code ignored;
    return std::filesystem::exists(name, ignored) ||
           std::filesystem::exists(name + "-wal", ignored);
  };
  for (int i = 2; is_taken(aside); ++i) aside = fmt::format("{}-{}", wanted, i);
  for (const char* part : {"-wal", "-shm", ""}) {
    std::error_code error;
    if (*part != '\0' && !std::filesystem::exists(path + part, error)) continue;
    std::filesystem::rename(path + part, aside + part, error);
    if (error) return unavailable(path + part, error.message());
  }
  return aside;
}

}  // namespace

InboxMoment inbox_moment(const Clock& clock) {
  const auto wall = clock.now().time_since_epoch();
  return {boot_time().count(), std::chrono::duration_cast<std::chrono::milliseconds>(wall).count()};
}

Result<Database> open_inbox_database(const std::string& path, const InboxOwners& owners,
                                     const std::optional<Error>& damage, InboxMoment now,
                                     const Log& log) {
  TRY(is_alone, owners.is_alone());
  Result<Database> opened = tl::unexpected<Error>(damage.value_or(Error()));
  if (!damage) opened = open_sound(path, is_alone);
  if (opened || !is_damage(opened.error())) return opened;
  const Error wrong = opened.error();
  if (!is_alone) return unavailable(path, "is damaged, and in use by another process");
  TRY(aside, move_aside(path, now));
  log.write(LogLevel::error, "inbox damaged: moved aside, and a new one begun",
            {{"path", path}, {"moved_to", aside}, {"error", wrong.message}});
  return open_sound(path, is_alone);
}

Result<Database> find_inbox_database(const std::string& path) {
  TRY(database, Database::open(path, false, ErrorCode::inbox_unavailable));
  TRY(is_there, is_inbox(database, path));
  if (!is_there) return unavailable(path, "is no inbox");
  CHECKED(database.execute("PRAGMA synchronous=FULL"));
  return std::move(database);
}

}  // namespace miniatura
