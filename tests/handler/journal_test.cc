#include "handler/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "handler/journal_reader.h"
#include "runtime/bytes.h"
#include "runtime/database.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {
namespace {

EventOutcome event(const std::string& key, Outcome::What what) {
  EventOutcome event;
  event.object = {"photos", key, "v1"};
  event.event_etag = "e1";
  event.outcome.what = what;
  return event;
}

EventOutcome stored_event(const std::string& key) {
  EventOutcome stored = event(key, Outcome::What::stored);
  stored.outcome.etag = "e2";
  stored.outcome.source = SourceFacts{ImageFormat::png,
                                      640,
                                      480,
                                      12345,
                                      6,
                                      "rgb",
                                      "Display P3",
                                      {"Leica", "M11", "2026-07-04T12:30:59+02:00"}};
  stored.outcome.timings.total.wall_ms = 12.5;
  stored.outcome.thumbnails = {
      {"small", "thumbs", key + "/small.webp", 256, 192, 999, ImageFormat::webp, "t1"},
      {"card", "thumbs", key + "/card.jpg", 600, 400, 5000, ImageFormat::jpeg, "t2"}};
  return stored;
}

EventOutcome failed_event(const std::string& key, ErrorCode code) {
  Error error;
  error.code = code;
  error.message = "what went wrong with " + key;
  EventOutcome failed =
      event(key, error.retryable() ? Outcome::What::deferred : Outcome::What::failed);
  failed.outcome.error = error;
  return failed;
}

Delivery delivery() {
  Delivery delivery;
  delivery.door = "replay";
  delivery.attempt = 3;
  return delivery;
}

// A journal's file, and what it holds.
class JournalTest : public testing::Test {
 protected:
  Result<std::vector<JournalRow>> list(const JournalFilter& filter = {}) const {
    return JournalReader(path_).list(filter);
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/journal.db";
};

std::vector<std::string> keys(const Result<std::vector<JournalRow>>& rows) {
  std::vector<std::string> keys;
  EXPECT_TRUE(rows) << (rows ? "" : rows.error().message);
  if (rows) {
    for (const JournalRow& row : *rows) keys.push_back(row.event.object.key);
  }
  return keys;
}

TEST_F(JournalTest, a_stored_event_comes_back_whole) {
  const auto journal = make_journal(path_);
  ASSERT_TRUE(journal->record(stored_event("a.png"), delivery()));
  const auto rows = list();
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 1U);
  const JournalRow& row = rows->front();
  EXPECT_EQ(row.event.object.text(), "photos/a.png");
  EXPECT_EQ(row.event.object.version, "v1");
  EXPECT_EQ(row.attempt, 3);
  EXPECT_THAT(row.time, testing::MatchesRegex("20..-..-..T..:..:......Z"));
  const Outcome& outcome = row.event.outcome;
  EXPECT_EQ(outcome.what, Outcome::What::stored);
  EXPECT_EQ(outcome.etag, "e2");
  EXPECT_EQ(outcome.timings.total.wall_ms, 12.5);
  ASSERT_TRUE(outcome.source);
  EXPECT_EQ(outcome.source->format, ImageFormat::png);
  EXPECT_EQ(outcome.source->width, 640);
  EXPECT_EQ(outcome.source->orientation, 6);
  EXPECT_EQ(outcome.source->colour_space, "rgb");
  EXPECT_EQ(outcome.source->icc_profile, "Display P3");
  EXPECT_EQ(outcome.source->capture.camera_make, "Leica");
  EXPECT_EQ(outcome.source->capture.camera_model, "M11");
  EXPECT_EQ(outcome.source->capture.time, "2026-07-04T12:30:59+02:00");
  ASSERT_EQ(outcome.thumbnails.size(), 2U);
  EXPECT_EQ(outcome.thumbnails[0].key, "a.png/small.webp");
  EXPECT_EQ(outcome.thumbnails[1].bytes, 5000U);
  EXPECT_EQ(outcome.thumbnails[1].etag, "t2");
}

TEST_F(JournalTest, filters_and_order) {
  const auto journal = make_journal(path_);
  ASSERT_TRUE(journal->record(stored_event("1"), delivery()));
  ASSERT_TRUE(journal->record(failed_event("2", ErrorCode::image_corrupt), delivery()));
  ASSERT_TRUE(journal->record(failed_event("3", ErrorCode::source_denied), delivery()));
  EventOutcome other = event("4", Outcome::What::skipped);
  other.object.bucket = "other";
  other.outcome.reason = SkipReason::gone;
  ASSERT_TRUE(journal->record(other, delivery()));

  EXPECT_THAT(keys(list()), testing::ElementsAre("4", "3", "2", "1"));
  EXPECT_THAT(keys(list({true, "", "", 50})), testing::ElementsAre("3", "2"));
  EXPECT_THAT(keys(list({false, "other", "", 50})), testing::ElementsAre("4"));
  EXPECT_THAT(keys(list({false, "", "", 2})), testing::ElementsAre("4", "3"));
  EXPECT_THAT(keys(list({false, "", "2999", 50})), testing::IsEmpty());
  EXPECT_THAT(keys(list({false, "", "2020-01-01", 50})), testing::SizeIs(4));

  const auto rows = list();
  EXPECT_EQ((*rows)[0].reason, "gone");
  EXPECT_EQ((*rows)[1].error_code, "source.denied");
  EXPECT_EQ((*rows)[1].event.outcome.what, Outcome::What::deferred);
  EXPECT_EQ((*rows)[2].event.outcome.error->message, "what went wrong with 2");
}

TEST_F(JournalTest, a_file_outlives_the_process_and_listing_never_creates_one) {
  path_ = directory_.path() + "/state/journal.db";
  EXPECT_THAT(keys(list()), testing::IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(path_));
  ASSERT_TRUE(make_journal(path_)->record(stored_event("a"), delivery()));
  const auto journal = make_journal(path_);
  EXPECT_THAT(keys(list()), testing::ElementsAre("a"));
  ASSERT_TRUE(
      journal->record(stored_event("b"), delivery()));  // after a list, which opened it read-only
  EXPECT_THAT(keys(list()), testing::ElementsAre("b", "a"));
}

TEST_F(JournalTest, several_writers_of_one_file_lose_nothing) {
  constexpr int kWriters = 4;
  constexpr int kRows = 25;
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&] {
      const auto journal = make_journal(path_);  // a connection of its own, as another process has
      for (int i = 0; i < kRows; ++i) {
        const auto recorded = journal->record(stored_event("k"), delivery());
        EXPECT_TRUE(recorded) << recorded.error().message;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  const auto rows = list({false, "", "", 1000});
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->size(), static_cast<std::size_t>(kWriters * kRows));
  for (const JournalRow& row : *rows) EXPECT_EQ(row.event.outcome.thumbnails.size(), 2U);
}

TEST_F(JournalTest, a_journal_of_a_newer_version_is_left_alone) {
  ASSERT_TRUE(Database::open(path_)->execute("PRAGMA user_version = 99"));
  const auto recorded = make_journal(path_)->record(stored_event("a"), delivery());
  ASSERT_FALSE(recorded);
  EXPECT_THAT(recorded.error().message, testing::HasSubstr("99"));
  EXPECT_EQ(prune_journal(path_, "2999").error().code, ErrorCode::journal_unavailable);
  EXPECT_EQ(Database::open(path_)->version().value(), 99);
}

TEST_F(JournalTest, one_without_a_schema_yet_lists_nothing) {
  ASSERT_TRUE(write_file(path_, ""));
  EXPECT_THAT(keys(list()), testing::IsEmpty());
  const auto journal = make_journal(path_);
  EXPECT_THAT(keys(list()), testing::IsEmpty());
  ASSERT_TRUE(make_journal(path_)->record(stored_event("a"), delivery()));  // by another process
  EXPECT_THAT(keys(list()), testing::ElementsAre("a"));
}

TEST_F(JournalTest, one_that_is_no_journal_is_an_error_that_stays) {
  ASSERT_TRUE(write_file(path_, std::string(4096, 'x')));
  const auto rows = list();
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, ErrorCode::journal_unavailable);
  EXPECT_FALSE(rows.error().retryable());
}

TEST_F(JournalTest, a_time_in_utc_or_a_beginning_of_one_is_since_when) {
  for (const char* time : {"2026", "2026-11", "2026-11-22", "2026-11-22T10", "2026-11-22T10:00",
                           "2026-11-22T10:00:45", "2026-11-22T10:00:45.25"}) {
    EXPECT_EQ(since_time(time).value_or("?"), time);
  }
  EXPECT_EQ(since_time("2026-11-22T10:00:45Z").value_or("?"), "2026-11-22T10:00:45");
  EXPECT_EQ(since_time("2026-11-22T10:00:45.250Z").value_or("?"), "2026-11-22T10:00:45.250");
  for (const char* time :
       {"", "foo", "Z", "20261122", "2026-", "2026-13", "2026-00-01", "2026-11-32", "2026-11-22 10",
        "2026-11-22T24", "2026-11-22T10:60", "2026-11-22T10:00:61", "2026-11-22Z",
        "2026-11-22T10:00:45.Z", "2026-11-22T10:00:45.", "2026-11-22T10:00:45+02:00",
        "2026-11-22T10:00:45ZZ", "+026-11-22"}) {
    const auto since = since_time(time);
    ASSERT_FALSE(since) << time;
    EXPECT_EQ(since.error().code, ErrorCode::usage) << time;
  }
}

TEST_F(JournalTest, since_a_second_includes_it) {
  const auto journal = make_journal(path_);
  ASSERT_TRUE(journal->record(stored_event("a"), delivery()));
  const std::string time = list()->at(0).time;
  const std::string second = time.substr(0, 19) + "Z";
  EXPECT_THAT(keys(list({false, "", *since_time(second), 50})), testing::SizeIs(1));
  EXPECT_THAT(keys(list({false, "", *since_time(time), 50})), testing::SizeIs(1));
}

TEST_F(JournalTest, none_remembers_nothing_and_an_unwritable_one_says_which) {
  EXPECT_TRUE(make_journal("none")->record(stored_event("a"), delivery()));
  const auto recorded =
      make_journal("/proc/nowhere/journal.db")->record(stored_event("a"), delivery());
  ASSERT_FALSE(recorded);
  EXPECT_EQ(recorded.error().code, ErrorCode::journal_unavailable);
  EXPECT_THAT(recorded.error().message, testing::HasSubstr("/proc/nowhere/journal.db"));
}

TEST_F(JournalTest, a_row_that_could_not_be_written_leaves_the_next_event_whole) {
  const auto journal = make_journal(path_);
  ASSERT_TRUE(journal->record(stored_event("first.png"), delivery()));
  auto database = Database::open(path_);
  ASSERT_TRUE(database);
  ASSERT_TRUE(database->execute(
      "CREATE TRIGGER full BEFORE INSERT ON thumbnails WHEN NEW.key LIKE 'unlucky%'"
      " BEGIN SELECT RAISE(ABORT, 'as if the disk were full'); END"));
  EXPECT_FALSE(journal->record(stored_event("unlucky.png"), delivery()));
  ASSERT_TRUE(journal->record(stored_event("second.png"), delivery()));
  const auto rows = list();
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 2U);
  const auto& thumbnails = rows->front().event.outcome.thumbnails;
  ASSERT_EQ(thumbnails.size(), 2U);
  EXPECT_EQ(thumbnails.front().key, "second.png/small.webp");
}

TEST_F(JournalTest, pruning_forgets_what_is_older_with_its_thumbnails) {
  EXPECT_EQ(prune_journal(path_, "2999").value(), 0);
  EXPECT_FALSE(std::filesystem::exists(path_));
  const auto journal = make_journal(path_);
  ASSERT_TRUE(journal->record(stored_event("a"), delivery()));
  ASSERT_TRUE(journal->record(stored_event("b"), delivery()));
  auto database = Database::open(path_);
  ASSERT_TRUE(
      database->execute("UPDATE events SET time = '2020-01-02T00:00:00.000Z' WHERE id = 1"));
  EXPECT_EQ(prune_journal(path_, "2020-01-02").value(), 0);
  EXPECT_EQ(prune_journal(path_, "2020-01-03").value(), 1);
  EXPECT_THAT(keys(list()), testing::ElementsAre("b"));
  ASSERT_TRUE(journal->record(stored_event("c"), delivery()));
  EXPECT_THAT(keys(list()), testing::ElementsAre("c", "b"));
  auto count = database->prepare("SELECT count(*) FROM thumbnails");
  ASSERT_TRUE(count->step());
  EXPECT_EQ(count->integer(0), 4);
}

}  // namespace
}  // namespace miniatura
