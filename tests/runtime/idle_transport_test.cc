#include "runtime/idle_transport.h"

#include <gtest/gtest.h>

#include "runtime/curl_http.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_server.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

class IdleTransportTest : public testing::Test {
 protected:
  HttpRequest request(const std::string& target) const {
    HttpRequest made;
    made.url = server_.url(target);
    made.stall_timeout = 2s;
    return made;
  }
  Result<HttpReply> get(const std::string& target = "/") {
    return send(*transport_, request(target));
  }
  void pass(std::chrono::milliseconds time) { clock_.sleep_for(time); }

  ManualClock clock_;
  SystemClock real_;
  int made_ = 0;
  ScriptedServer server_{[this](const ScriptedRequest& request) {
    ScriptedReply reply;
    reply.body = request.target;
    if (request.target == "/large") reply.body = Bytes(2 << 20, 'x');
    if (request.connection == silent_) reply.delay = std::chrono::hours(1);
    return reply;
  }};
  std::atomic<int> silent_{0};  // the connection on which nobody answers any more
  std::unique_ptr<HttpTransport> transport_ = make_idle_transport(
      [this] {
        ++made_;
        return make_curl_transport({.user_agent = "t/1", .use_proxy = false}, real_);
      },
      clock_);
};

TEST_F(IdleTransportTest, nothing_is_made_before_the_first_request) { EXPECT_EQ(made_, 0); }

TEST_F(IdleTransportTest, a_connection_is_kept_while_it_is_used) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(get());
    pass(kConnectionIdleMax);
  }
  EXPECT_EQ(server_.connections(), 1);
}

// Its other side is gone without a word: whoever believed in it would wait for a stall.
TEST_F(IdleTransportTest,
       after_a_long_idleness_by_the_wall_clock_a_silent_connection_costs_nothing) {
  EXPECT_TRUE(get());
  silent_ = 1;
  pass(kConnectionIdleMax + 1ms);
  EXPECT_TRUE(get());
  EXPECT_EQ(server_.connections(), 2);
  EXPECT_EQ(made_, 2);
}

TEST_F(IdleTransportTest, several_at_once_are_looked_after_in_the_same_way) {
  const std::vector<HttpRequest> requests = {request("/1"), request("/2"), request("/3")};
  transport_->send_all(requests);
  pass(1h);
  const auto responses = transport_->send_all(requests);
  for (const auto& response : responses) EXPECT_TRUE(response);
  EXPECT_EQ(made_, 2);
  pass(1s);
  transport_->send_all(requests);
  EXPECT_EQ(made_, 2);
}

TEST_F(IdleTransportTest, a_body_that_is_still_read_outlives_the_change) {
  auto open = transport_->open(request("/large"));
  ASSERT_TRUE(open);
  EXPECT_EQ(open->body->size_bytes(), 2U << 20);
  pass(1h);
  EXPECT_EQ(get("/other")->body, "/other");
  EXPECT_EQ(made_, 2);
  const auto body = read_all(*open->body, 4 << 20, ErrorCode::network_invalid, "it");
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(body->size(), 2U << 20);
}

TEST_F(IdleTransportTest, reading_a_body_is_no_idleness) {
  auto open = transport_->open(request("/large"));
  ASSERT_TRUE(open);
  std::string buffer(1 << 20, '\0');
  for (std::size_t got = 1; got > 0; got = open->body->read(buffer).value()) pass(1s);
  pass(20s);
  EXPECT_TRUE(get());
  EXPECT_EQ(made_, 1);
}

TEST_F(IdleTransportTest, a_clock_that_is_set_back_is_no_reason_to_forget) {
  EXPECT_TRUE(get());
  pass(-1h);
  EXPECT_TRUE(get());
  EXPECT_EQ(made_, 1);
}

}  // namespace
}  // namespace miniatura
