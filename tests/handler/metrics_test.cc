#include "handler/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "handler/handle.h"
#include "handler/journal_reader.h"
#include "tests/handler/pipeline_test.h"

namespace miniatura {
namespace {

using testing::HasSubstr;
using testing::Not;

class MetricsOfEventsTest : public PipelineTest {
 protected:
  MetricsOfEventsTest() : journal_(make_journal("none")) {
    config_.rules = rules_;
    application_ = {&config_, journal_.get(), &log_, &clock_, &breaker_, &metrics_};
  }
  Handled handle(const std::string& payload) {
    auto store = std::shared_ptr<ObjectStore>(&store_, [](ObjectStore*) {});
    Delivery delivery;
    delivery.payload = Bytes(payload.begin(), payload.end());
    delivery.door = "webhook";
    delivery.waited = std::chrono::milliseconds(20);
    return make_handle(application_, store)(delivery);
  }
  static std::string event_text(const std::string& key) {
    return R"({"Records":[{"eventVersion":"2.1","eventSource":"aws:s3",)"
           R"("eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"photos"},"object":{"key":")" +
           key + "\"}}}]}";
  }

  Config config_;
  std::unique_ptr<Journal> journal_;
  Log log_{LogLevel::off};
  Breaker breaker_{clock_};
  Metrics metrics_;
  Application application_;
};

TEST_F(MetricsOfEventsTest, each_event_is_counted_by_door_and_outcome_with_its_times) {
  upload("a.png", red());
  handle(event_text("a.png"));
  handle(event_text("a.png"));
  const std::string text = metrics_.text();
  EXPECT_THAT(text, HasSubstr("events_total{outcome=\"stored\",source=\"webhook\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("events_total{outcome=\"skipped\",source=\"webhook\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("step_duration_seconds_count{step=\"upload\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("step_duration_seconds_sum{step=\"queue\"} 0.04\n"));
  EXPECT_THAT(text, HasSubstr("miniatura_in_progress 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("a.png")));
}

TEST_F(MetricsOfEventsTest, a_failure_is_counted_by_code_and_by_whose_it_is) {
  store_.add("photos", "b.png", Bytes(100, std::uint8_t{7}));
  handle(event_text("b.png"));
  handle("{}");
  const std::string text = metrics_.text();
  EXPECT_THAT(text, HasSubstr("{code=\"image.unsupported\",failure_type=\"job\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("{code=\"event.unsupported\",failure_type=\"job\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("events_total{outcome=\"failed\",source=\"webhook\"} 2\n"));
}

TEST_F(MetricsOfEventsTest, a_worker_that_was_lost_is_its_own_failure_and_in_the_journal) {
  const std::string path = testing::TempDir() + "lost-worker.db";
  journal_ = make_journal(path);
  application_.journal = journal_.get();
  Delivery delivery;
  delivery.payload = event_text("a.png");
  delivery.door = "webhook";
  delivery.attempt = 2;
  Error why;
  why.code = ErrorCode::worker_lost;
  why.message = "the process died";
  record_lost(application_, delivery, why, false);
  EXPECT_THAT(metrics_.text(), HasSubstr("{code=\"worker.lost\",failure_type=\"worker\"} 1\n"));
  const auto stats = JournalReader(path).stats({});
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->failures.at("worker"), 1);
  EXPECT_EQ(stats->outcomes.at("deferred"), 1);
  std::filesystem::remove(path);
}

class EmfMetricsTest : public testing::Test {
 protected:
  static EventOutcome stored(double total_ms, std::uint64_t bytes) {
    EventOutcome event;
    event.outcome.what = Outcome::What::stored;
    event.outcome.source.emplace().bytes = bytes;
    event.outcome.thumbnails.resize(2);
    event.outcome.thumbnails[1].bytes = 10;
    event.outcome.timings.total.wall_ms = total_ms;
    event.outcome.timings.upload.wall_ms = total_ms / 2;
    return event;
  }
  static std::string told(std::span<const EventOutcome> events, const Error* error, bool is_cold) {
    std::string text;
    for (const EmfDirective& directive : emf_metrics("ns", events, error, is_cold)) {
      text += directive.metrics_namespace;
      for (const std::string& dimension : directive.dimensions) text += "," + dimension;
      text += ":";
      for (const EmfMetric& metric : directive.metrics) {
        if (metric.values.empty()) continue;
        text += " " + metric.name + "=" + to_text(metric.values);
      }
      text += ";";
    }
    return text;
  }
};

TEST_F(EmfMetricsTest, events_are_counted_and_each_has_its_times_and_sizes) {
  std::vector<EventOutcome> events = {stored(8, 100), stored(4, 50), {}};
  events[2].outcome.what = Outcome::What::deferred;
  EXPECT_EQ(told(events, nullptr, false),
            "ns,service: stored=[2.0] skipped=[0.0] failed=[0.0] deferred=[1.0] thumbnails=[4.0] "
            "source_bytes=[100.0,50.0] thumbnail_bytes=[10.0,10.0] duration_ms=[8.0,4.0] "
            "upload_ms=[4.0,2.0];");
}

TEST_F(EmfMetricsTest, a_delivery_without_events_counts_by_its_error_and_a_cold_start_apart) {
  const Error error{ErrorCode::event_malformed, "no", 0, {}, {}, {}};
  EXPECT_EQ(told({}, &error, true),
            "ns,service: stored=[0.0] skipped=[0.0] failed=[1.0] deferred=[0.0] thumbnails=[0.0];"
            "ns,function_name,service: ColdStart=[1.0];");
}

TEST(AnnounceMetricsTest, what_has_not_happened_yet_is_there_as_nought) {
  Metrics metrics;
  announce_metrics(metrics, "webhook");
  EXPECT_THAT(metrics.text(),
              HasSubstr("miniatura_events_total{outcome=\"deferred\",source=\"webhook\"} 0\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("miniatura_in_progress 0\n"));
}

}  // namespace
}  // namespace miniatura
