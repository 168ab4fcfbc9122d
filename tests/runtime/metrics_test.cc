#include "runtime/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace miniatura {
namespace {

using testing::HasSubstr;

constexpr MetricName kDone{"jobs_total", "Jobs that ended"};
constexpr MetricName kDepth{"queue_depth", "Jobs that wait"};
constexpr MetricName kTook{"job_seconds", "How long a job took"};

TEST(MetricsTest, says_all_that_was_counted_in_the_text_form) {
  Metrics metrics;
  metrics.count(kDone, {{"how", "well"}});
  metrics.count(kDone, {{"how", "well"}}, 2);
  metrics.count(kDone, {{"how", "badly"}});
  metrics.set(kDepth, 7);
  metrics.add(kDepth, -3);
  metrics.observe(kTook, {0.1, 1}, {}, 0.5);
  metrics.observe(kTook, {0.1, 1}, {}, 0.05);
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("# HELP jobs_total Jobs that ended\n# TYPE jobs_total counter\n"));
  EXPECT_THAT(text, HasSubstr("jobs_total{how=\"well\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("jobs_total{how=\"badly\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE queue_depth gauge\nqueue_depth 4\n"));
  EXPECT_THAT(text, HasSubstr("job_seconds_bucket{le=\"0.1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("job_seconds_bucket{le=\"1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("job_seconds_count 2\n"));
}

TEST(MetricsTest, counts_whole_from_several_threads) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1'000; ++j) metrics.count(kDone, {});
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(metrics.text(), HasSubstr("jobs_total 4000\n"));
}

}  // namespace
}  // namespace miniatura
