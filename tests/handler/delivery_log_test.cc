// What a function's lines look like from outside: tests/e2e/lambda_log_test.py.
#include "handler/delivery_log.h"

#include <gtest/gtest.h>

#include <sstream>

#include "runtime/emf.h"
#include "runtime/json.h"
#include "tests/support/log_file.h"
#include "tests/support/manual_clock.h"

namespace miniatura {
namespace {

EventOutcome outcome_of(const std::string& key, Outcome::What what, double total_ms = 0) {
  EventOutcome event;
  event.object = {"photos", key, ""};
  event.outcome.what = what;
  event.outcome.timings.total.wall_ms = total_ms;
  return event;
}

class DeliveryLogTest : public testing::Test {
 protected:
  DeliveryLogTest() {
    delivery_.door = "test";
    delivery_.id = "d1";
  }
  std::vector<std::string> texts(const EndedDelivery& ended, const Log& log,
                                 const LogFile& file) const {
    log_delivery(log, metrics_namespace_, clock_, ended);
    std::istringstream all(file.text());
    std::vector<std::string> lines;
    for (std::string line; std::getline(all, line);) lines.push_back(line);
    return lines;
  }
  std::vector<Json> lines(const EndedDelivery& ended) const {
    const LogFile file;
    std::vector<Json> found;
    for (const std::string& text : texts(ended, file.log(), file)) {
      found.push_back(*parse_json(text, "the line"));
    }
    return found;
  }

  Delivery delivery_;
  std::optional<std::string> metrics_namespace_;
  ManualClock clock_;
};

TEST_F(DeliveryLogTest, a_line_says_what_became_of_each_event_and_which_delivery_it_was) {
  std::vector<EventOutcome> events = {outcome_of("a.png", Outcome::What::stored),
                                      outcome_of("b.png", Outcome::What::skipped)};
  events[1].item_id = "m2";
  const auto found = lines({delivery_, events, nullptr, "look", "c-1"});
  ASSERT_EQ(found.size(), 1U);
  const Json& line = found[0];
  EXPECT_EQ(string_at(line, "level"), "INFO");
  EXPECT_EQ(line["stored"], 1);
  EXPECT_EQ(line["events"][1]["item"], "m2");
  EXPECT_TRUE(line["events"][0].contains("timings"));
  EXPECT_EQ(string_at(line, "note"), "look");
  EXPECT_EQ(string_at(line, "correlation_id"), "c-1");
  EXPECT_EQ(string_at(line, "delivery"), "d1");
  EXPECT_FALSE(line.contains("_aws"));
  EXPECT_FALSE(line.contains("duration_ms"));
}

TEST_F(DeliveryLogTest, what_could_not_be_read_counts_as_one_that_failed_or_is_deferred) {
  metrics_namespace_ = "ns";
  for (const ErrorCode code : {ErrorCode::event_malformed, ErrorCode::memory_exhausted}) {
    const Error error{code, "no", 0, {}, {}, {}};
    const bool is_later = code == ErrorCode::memory_exhausted;
    const auto found = lines({delivery_, {}, &error, {}, {}});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(string_at(found[0], "level"), "ERROR");
    EXPECT_EQ(found[0]["failed"], is_later ? 0 : 1);
    EXPECT_EQ(found[0]["deferred"], is_later ? 1 : 0);
    EXPECT_EQ(string_at(found[0]["error"], "message"), "no");
  }
}

TEST_F(DeliveryLogTest, no_line_has_more_events_than_a_metric_may_have_values) {
  metrics_namespace_ = "ns";
  std::vector<EventOutcome> events;
  for (int i = 0; i < 201; ++i) {
    events.push_back(outcome_of(std::to_string(i),
                                i < 100 ? Outcome::What::skipped : Outcome::What::failed, 1.5));
  }
  delivery_.log_fields = {{"cold_start", true}};
  const auto found = lines({delivery_, events, nullptr, {}, {}});
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0]["skipped"], 100);
  EXPECT_EQ(string_at(found[0], "level"), "INFO");
  EXPECT_EQ(found[1]["failed"], 100);
  EXPECT_EQ(string_at(found[1], "level"), "ERROR");
  EXPECT_EQ(found[1]["duration_ms"].size(), 100U);
  EXPECT_EQ(found[2]["duration_ms"], 1.5);
  EXPECT_TRUE(found[0].contains("ColdStart"));
  EXPECT_FALSE(found[1].contains("ColdStart"));
}

TEST_F(DeliveryLogTest, no_line_is_longer_than_lambda_takes) {
  std::vector<EventOutcome> events;
  for (int i = 0; i < 100; ++i) {
    events.push_back(outcome_of(std::string(1'000, 'k'), Outcome::What::stored));
    for (int k = 0; k < 5; ++k) {
      StoredThumbnail thumbnail;
      thumbnail.preset = "a-preset-with-a-name";
      thumbnail.bucket = std::string(63, 'b');
      thumbnail.key = std::string(1'024, 'k');
      thumbnail.etag = std::string(34, 'e');
      events.back().outcome.thumbnails.push_back(thumbnail);
    }
  }
  const LogFile file;
  const auto found = texts({delivery_, events, nullptr, {}, {}}, file.log(), file);
  EXPECT_GE(found.size(), 3U);
  std::size_t told = 0;
  for (const std::string& text : found) {
    EXPECT_LT(text.size(), kEmfLineBytesMax);
    told += (*parse_json(text, "the line"))["events"].size();
  }
  EXPECT_EQ(told, 100U);
}

TEST_F(DeliveryLogTest, an_event_that_is_longer_than_a_line_has_one_of_its_own) {
  const std::vector<EventOutcome> events(
      2, outcome_of(std::string(250'000, 'k'), Outcome::What::skipped));
  EXPECT_EQ(lines({delivery_, events, nullptr, {}, {}}).size(), 2U);
}

TEST_F(DeliveryLogTest, below_the_level_there_is_nothing_but_metrics) {
  const std::vector<EventOutcome> events = {outcome_of("a.png", Outcome::What::stored)};
  const LogFile file;
  EXPECT_TRUE(texts({delivery_, events, nullptr, {}, {}}, file.at(LogLevel::error), file).empty());
  metrics_namespace_ = "ns";
  const auto found = texts({delivery_, events, nullptr, {}, {}}, file.at(LogLevel::error), file);
  ASSERT_EQ(found.size(), 1U);
  const auto line = parse_json(found[0], "the line");
  EXPECT_TRUE(line->contains("_aws"));
  EXPECT_FALSE(line->contains("events"));
}

}  // namespace
}  // namespace miniatura
