#include "handler/journal_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "handler/journal.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {
namespace {

class JournalReaderTest : public testing::Test {
 protected:
  void record(const std::string& key, double ms) {
    EventOutcome event;
    event.object = {"photos", key, ""};
    event.outcome.what = Outcome::What::stored;
    event.outcome.timings.total.wall_ms = ms;
    event.outcome.timings.decode.wall_ms = ms / 2;
    event.outcome.source = SourceFacts{ImageFormat::jpeg, 4, 3, 1000, 1};
    event.outcome.thumbnails = {{"s", "t", key, 2, 2, 9, ImageFormat::png, "e"}};
    write(event);
  }
  void record_failure(const std::string& key, ErrorCode code) {
    EventOutcome event;
    event.object = {"other", key, ""};
    event.outcome.what = Outcome::What::failed;
    event.outcome.error.emplace();
    event.outcome.error->code = code;
    write(event);
  }
  std::vector<std::string> keys(const JournalFilter& filter) {
    std::vector<std::string> keys;
    const auto rows = reader_.list(filter);
    EXPECT_TRUE(rows);
    for (const JournalRow& row : *rows) keys.push_back(row.event.object.key);
    return keys;
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/journal.db";
  JournalReader reader_{path_};

 private:
  void write(const EventOutcome& event) {
    Delivery delivery;
    delivery.door = "replay";
    ASSERT_TRUE(journal_->record(event, delivery));
  }
  std::unique_ptr<Journal> journal_ = make_journal(path_);
};

TEST_F(JournalReaderTest, each_filter_narrows) {
  record("up/a%_.jpg", 1);
  record("up/b.jpg", 2);
  record_failure("c.png", ErrorCode::image_corrupt);
  record_failure("d.png", ErrorCode::image_too_large);
  JournalFilter filter;
  filter.prefix = "up/a%";
  EXPECT_THAT(keys(filter), testing::ElementsAre("up/a%_.jpg"));
  filter = {};
  filter.code = "image.corrupt";
  EXPECT_THAT(keys(filter), testing::ElementsAre("c.png"));
  filter = {};
  filter.id = 2;
  EXPECT_THAT(keys(filter), testing::ElementsAre("up/b.jpg"));
  filter = {};
  filter.until = "2020";
  EXPECT_THAT(keys(filter), testing::IsEmpty());
  filter.until = "2999";
  filter.bucket = "other";
  EXPECT_THAT(keys(filter), testing::ElementsAre("d.png", "c.png"));
}

TEST_F(JournalReaderTest, an_export_gives_every_row_the_oldest_first) {
  for (int i = 0; i < 60; ++i) record(std::to_string(i), i);
  std::vector<std::string> seen;
  ASSERT_TRUE(reader_.each({}, [&](const JournalRow& row) {
    seen.push_back(row.event.object.key);
    EXPECT_EQ(row.door, "replay");
    EXPECT_EQ(row.event.outcome.thumbnails.size(), 1U);
  }));
  ASSERT_EQ(seen.size(), 60U);
  EXPECT_EQ(seen.front(), "0");
  EXPECT_EQ(seen.back(), "59");
}

TEST_F(JournalReaderTest, sums_count_by_name_and_time_what_was_stored) {
  for (int ms = 1; ms <= 100; ++ms) record("k", ms);
  record_failure("c", ErrorCode::image_corrupt);
  record_failure("d", ErrorCode::image_corrupt);
  const auto stats = reader_.stats({});
  ASSERT_TRUE(stats) << stats.error().message;
  EXPECT_EQ(stats->events, 102);
  EXPECT_EQ(stats->outcomes.at("stored"), 100);
  EXPECT_EQ(stats->outcomes.at("failed"), 2);
  EXPECT_EQ(stats->errors.at("image.corrupt"), 2);
  EXPECT_EQ(stats->failures.at("job"), 2);
  EXPECT_EQ(stats->source_bytes, 100'000);
  EXPECT_LE(stats->first, stats->last);
  EXPECT_EQ(stats->times.at(0).first, "total");
  const Percentiles& total = stats->times.at(0).second;
  EXPECT_EQ(total.p50, 51);
  EXPECT_EQ(total.p90, 90);
  EXPECT_EQ(total.p99, 99);
  EXPECT_EQ(total.max, 100);
  EXPECT_EQ(stats->times.at(2).first, "decode");
  EXPECT_EQ(stats->times.at(2).second.max, 50);
  JournalFilter filter;
  filter.failed_only = true;
  EXPECT_EQ(reader_.stats(filter)->events, 2);
}

TEST(JournalReaderEmpty, what_is_not_there_holds_nothing) {
  for (const char* path : {"/nowhere/journal.db", "none", ":memory:"}) {
    const JournalReader reader(path);
    EXPECT_TRUE(reader.list({})->empty());
    EXPECT_EQ(reader.stats({})->events, 0);
    EXPECT_EQ(reader.stats({})->times.at(0).second.max, 0);
  }
}

}  // namespace
}  // namespace miniatura
