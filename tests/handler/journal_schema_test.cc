#include "handler/journal_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "handler/journal.h"
#include "handler/journal_reader.h"
#include "tests/support/fixture.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string> kOldKeys = {"old/third.png", "old/second.png", "old/first.jpg"};

// What became of a process that did this; it exits with 0 if `body` says so.
int in_a_process(const std::function<bool()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

class JournalSchemaTest : public testing::Test {
 protected:
  JournalSchemaTest() {
    const std::string sql = read_fixture("journal/version-1.sql");
    EXPECT_TRUE(Database::open(path_)->execute(sql.c_str()));
  }

  std::int64_t version() const { return Database::open(path_, true)->version().value_or(-1); }

  std::vector<JournalRow> rows() const {
    auto rows = JournalReader(path_).list({});
    EXPECT_TRUE(rows) << (rows ? "" : rows.error().message);
    return rows ? *std::move(rows) : std::vector<JournalRow>();
  }
  std::vector<std::string> keys() const {
    std::vector<std::string> keys;
    for (const JournalRow& row : rows()) keys.push_back(row.event.object.key);
    return keys;
  }
  std::vector<std::string> columns() const {
    auto database = Database::open(path_, true);
    auto names = database->prepare("SELECT name FROM pragma_table_info('events')");
    std::vector<std::string> columns;
    while (names->step().value_or(false)) columns.push_back(names->text(0));
    return columns;
  }

  static EventOutcome new_event() {
    EventOutcome event;
    event.object = {"photos", "new.jpg", ""};
    event.outcome.what = Outcome::What::stored;
    event.outcome.source.emplace();
    event.outcome.source->capture.camera_model = "M11";
    return event;
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/journal.db";
};

TEST_F(JournalSchemaTest, an_older_file_is_read_as_it_is) {
  EXPECT_EQ(keys(), kOldKeys);
  const JournalRow first = rows().back();
  EXPECT_EQ(first.event.outcome.source->width, 4000);
  EXPECT_EQ(first.event.outcome.source->colour_space, "");
  EXPECT_EQ(first.event.outcome.source->capture.camera_model, "");
  EXPECT_EQ(first.event.outcome.timings.upload.wall_ms, 0.5);
  EXPECT_EQ(first.event.outcome.thumbnails.size(), 2U);
  EXPECT_EQ(JournalReader(path_).stats({})->source_bytes, 123'456);
  EXPECT_EQ(version(), 1) << "a reader changes nothing";
}

TEST_F(JournalSchemaTest, an_older_file_is_migrated_by_the_first_that_writes) {
  ASSERT_TRUE(make_journal(path_)->record(new_event(), {}));
  EXPECT_EQ(version(), kJournalVersion);
  EXPECT_THAT(keys(), ElementsAre("new.jpg", kOldKeys[0], kOldKeys[1], kOldKeys[2]));
  EXPECT_EQ(rows().front().event.outcome.source->capture.camera_model, "M11");
  const JournalRow oldest = rows().back();
  EXPECT_EQ(oldest.event.outcome.source->orientation, 6);
  EXPECT_EQ(oldest.event.outcome.source->capture.camera_model, "");
  EXPECT_EQ(oldest.event.outcome.thumbnails.size(), 2U);
}

TEST_F(JournalSchemaTest, pruning_migrates_as_well) {
  EXPECT_EQ(prune_journal(path_, "2026-10-02").value(), 1);
  EXPECT_EQ(version(), kJournalVersion);
  EXPECT_THAT(keys(), ElementsAre(kOldKeys[0], kOldKeys[1]));
}

TEST_F(JournalSchemaTest, a_new_file_and_a_migrated_one_are_the_same) {
  auto old = Database::open(path_);
  ASSERT_TRUE(migrate_journal(*old, path_));
  const std::vector<std::string> migrated = columns();
  path_ = directory_.path() + "/new.db";
  auto fresh = Database::open(path_);
  ASSERT_TRUE(migrate_journal(*fresh, path_));
  EXPECT_EQ(columns(), migrated);
  EXPECT_EQ(version(), kJournalVersion);
}

TEST_F(JournalSchemaTest, several_processes_may_migrate_at_the_same_time) {
  constexpr int kRounds = 10;
  constexpr int kProcesses = 4;
  for (int round = 0; round < kRounds; ++round) {
    path_ = directory_.path() + "/round-" + std::to_string(round);
    ASSERT_TRUE(Database::open(path_)->execute(read_fixture("journal/version-1.sql").c_str()));
    int start[2] = {};
    ASSERT_EQ(::pipe(start), 0);
    std::vector<pid_t> children;
    for (int i = 0; i < kProcesses; ++i) {
      children.push_back(::fork());
      if (children.back() != 0) continue;
      char none = 0;
      ::close(start[1]);
      (void)!::read(start[0], &none, 1);  // until the parent closes it: all at once
      ::_exit(make_journal(path_)->record(new_event(), {}) ? 0 : 1);
    }
    ::close(start[0]);
    ::close(start[1]);
    for (const pid_t child : children) {
      int status = -1;
      ASSERT_EQ(::waitpid(child, &status, 0), child);
      EXPECT_EQ(status, 0) << "round " << round;
    }
    EXPECT_EQ(rows().size(), kOldKeys.size() + kProcesses);
    EXPECT_EQ(version(), kJournalVersion);
  }
}

TEST_F(JournalSchemaTest, a_migration_that_fails_half_way_changes_nothing) {
  // The last of its columns is there already.
  ASSERT_TRUE(
      Database::open(path_)->execute("ALTER TABLE events ADD COLUMN source_capture_time TEXT"));
  const std::vector<std::string> before = columns();
  const auto recorded = make_journal(path_)->record(new_event(), {});
  ASSERT_FALSE(recorded);
  EXPECT_EQ(recorded.error().code, ErrorCode::journal_unavailable);
  EXPECT_EQ(columns(), before);
  EXPECT_EQ(version(), 1);
  EXPECT_EQ(keys(), kOldKeys);
}

// The kernel kills whoever writes a file beyond RLIMIT_FSIZE: one place after the other within what
// a migration writes.
TEST_F(JournalSchemaTest, a_migration_that_is_killed_leaves_the_old_version) {
  constexpr rlim_t kStepBytes = 100;
  constexpr rlim_t kBytesMax = 1 << 20;
  int kills = 0;
  for (rlim_t bytes = kStepBytes; bytes < kBytesMax; bytes += kStepBytes) {
    const int status = in_a_process([&] {
      auto database = Database::open(path_);
      if (!database || !database->version()) return false;  // its files are there and mapped now
      const rlimit no_core = {0, 0};
      const rlimit limit = {bytes, bytes};
      if (::setrlimit(RLIMIT_CORE, &no_core) != 0 || ::setrlimit(RLIMIT_FSIZE, &limit) != 0) {
        return false;
      }
      if (!migrate_journal(*database, path_)) return false;
      ::kill(::getpid(), SIGTERM);  // committed; what closing the file writes is another matter
      return false;
    });
    ASSERT_TRUE(WIFSIGNALED(status)) << bytes << ": " << status;
    if (WTERMSIG(status) == SIGTERM) break;
    ASSERT_EQ(WTERMSIG(status), SIGXFSZ);
    ++kills;
    ASSERT_EQ(version(), 1) << bytes;
    ASSERT_EQ(keys(), kOldKeys) << bytes;
    ASSERT_THAT(columns(), testing::Not(testing::Contains("source_colour_space"))) << bytes;
  }
  EXPECT_GT(kills, 10);
  EXPECT_EQ(version(), kJournalVersion);
  EXPECT_EQ(keys(), kOldKeys);
}

TEST_F(JournalSchemaTest, a_newer_file_is_neither_written_nor_read) {
  ASSERT_TRUE(Database::open(path_)->execute("PRAGMA user_version = 3"));
  const auto recorded = make_journal(path_)->record(new_event(), {});
  ASSERT_FALSE(recorded);
  const auto listed = JournalReader(path_).list({});
  ASSERT_FALSE(listed);
  const auto stats = JournalReader(path_).stats({});
  ASSERT_FALSE(stats);
  for (const Error& error : {recorded.error(), listed.error(), stats.error()}) {
    EXPECT_EQ(error.code, ErrorCode::journal_unavailable);
    EXPECT_THAT(error.message,
                HasSubstr(path_ + ": of a newer version (3) than this program knows"));
  }
  EXPECT_EQ(version(), 3);
}

}  // namespace
}  // namespace miniatura
