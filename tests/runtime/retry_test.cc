#include "runtime/retry.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/support/manual_clock.h"
#include "tests/support/scripted_transport.h"

namespace miniatura {
namespace {

using std::chrono::milliseconds;
using Waits = std::vector<milliseconds>;

TEST(BackoffTest, the_ceiling_doubles_up_to_the_cap) {
  const BackoffPolicy policy;
  const milliseconds ever = milliseconds::max();
  const std::vector<std::pair<int, int>> table = {
      {1, 50}, {2, 100}, {3, 200}, {8, 6'400}, {9, 10'000}, {10, 10'000}, {1'000'000, 10'000}};
  for (const auto& [attempt, half_ceiling_ms] : table) {
    EXPECT_EQ(backoff_delay(policy, attempt, 0.5, ever), milliseconds(half_ceiling_ms)) << attempt;
    EXPECT_EQ(backoff_delay(policy, attempt, 0.0, ever), milliseconds(0)) << attempt;
  }
}

TEST(BackoffTest, never_longer_than_what_remains) {
  EXPECT_EQ(backoff_delay({}, 9, 0.99, milliseconds(7)), milliseconds(7));
  EXPECT_EQ(backoff_delay({}, 9, 0.99, milliseconds(0)), milliseconds(0));
}

class RetryTest : public testing::Test {
 protected:
  Result<HttpReply> get() { return send(*transport_, request_); }

  ManualClock clock_;
  ScriptedTransport inner_;
  HttpRequest request_;
  std::unique_ptr<HttpTransport> transport_ =
      make_retrying_transport(inner_, clock_, [] { return 0.5; });
};

TEST_F(RetryTest, what_passes_by_itself_is_tried_again) {
  for (const int status : {408, 500, 502, 504}) inner_.push(status);
  for (const int status : {408, 500, 502}) inner_.push(status);
  inner_.push(200, "at last");
  EXPECT_EQ(get()->status, 504);
  EXPECT_EQ(get()->body, "at last");
  EXPECT_EQ(clock_.slept(), (Waits{milliseconds(50), milliseconds(100), milliseconds(200),
                                   milliseconds(50), milliseconds(100), milliseconds(200)}));
}

TEST_F(RetryTest, throttling_is_given_more_time) {
  inner_.push(429);
  inner_.push(503);
  inner_.push(200);
  EXPECT_EQ(get()->status, 200);
  EXPECT_EQ(clock_.slept(), (Waits{milliseconds(1'000), milliseconds(2'000)}));
}

TEST_F(RetryTest, a_final_answer_is_not_questioned) {
  for (const int status : {200, 204, 304, 400, 403, 404, 409, 412, 416, 501}) {
    inner_.push(status, "body");
    EXPECT_EQ(get()->status, status);
  }
  EXPECT_TRUE(clock_.slept().empty());
}

TEST_F(RetryTest, the_networks_faults_are_told_from_ours) {
  const std::vector<std::pair<ErrorCode, std::size_t>> table = {
      {ErrorCode::network_unreachable, 4}, {ErrorCode::network_timeout, 4},
      {ErrorCode::network_untrusted, 1},   {ErrorCode::network_invalid, 1},
      {ErrorCode::deadline_exceeded, 1},   {ErrorCode::internal, 1}};
  for (const auto& [code, attempts] : table) {
    ScriptedTransport inner;
    for (int i = 0; i < 4; ++i) inner.push(code);
    const auto transport = make_retrying_transport(inner, clock_, [] { return 0.5; });
    EXPECT_EQ(transport->open(request_).error().code, code);
    EXPECT_EQ(inner.seen().size(), attempts) << code_name(code);
  }
}

TEST_F(RetryTest, retry_after_is_the_least_wait) {
  inner_.push(503, "", {{"retry-after", "3"}});
  inner_.push(500, "", {{"Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"}});
  inner_.push(200);
  EXPECT_EQ(get()->status, 200);
  EXPECT_EQ(clock_.slept(), (Waits{milliseconds(3'000), milliseconds(100)}));
}

TEST_F(RetryTest, a_retry_after_over_the_cap_gives_up) {
  inner_.push(503, "come tomorrow", {{"Retry-After", "86400"}});
  EXPECT_EQ(get()->body, "come tomorrow");
  EXPECT_TRUE(clock_.slept().empty());
}

TEST_F(RetryTest, a_wait_that_would_pass_the_deadline_is_not_begun) {
  request_.deadline = Deadline::after(clock_, milliseconds(120));
  inner_.push(500);
  inner_.push(500, "last");
  EXPECT_EQ(get()->body, "last");
  EXPECT_EQ(clock_.slept(), Waits{milliseconds(50)});
}

TEST_F(RetryTest, of_several_only_the_failed_are_sent_again) {
  std::vector<HttpRequest> requests(3);
  for (std::size_t i = 0; i < 3; ++i) requests[i].url = "http://h/" + std::to_string(i);
  requests[1].body = "kept";
  inner_.push(200, "0");
  inner_.push(500);
  inner_.push(ErrorCode::network_unreachable);
  inner_.push(ErrorCode::network_timeout);
  inner_.push(404);
  inner_.push(200, "1");
  auto results = transport_->send_all(requests);
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0]->status, 200);
  EXPECT_EQ(results[1]->body->peek(9).value(), "1");
  EXPECT_EQ(results[2]->status, 404);
  ASSERT_EQ(inner_.seen().size(), 6U);
  EXPECT_EQ(inner_.seen()[5].request.url, "http://h/1");
  EXPECT_EQ(inner_.seen()[5].body, "kept");
}

TEST(SystemRandomTest, numbers_are_in_the_unit_interval) {
  const auto random = system_random();
  for (int i = 0; i < 1000; ++i) {
    const double number = random();
    ASSERT_GE(number, 0.0);
    ASSERT_LT(number, 1.0);
  }
}

}  // namespace
}  // namespace miniatura
