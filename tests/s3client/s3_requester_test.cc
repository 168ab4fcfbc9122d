// How calls are tried again. That the whole table is walked over real sockets:
// s3_requester_table_test.cc.
#include "s3client/s3_requester.h"

#include <gtest/gtest.h>

#include "tests/support/scripted_s3.h"

namespace miniatura {
namespace {

using std::chrono::milliseconds;
using Waits = std::vector<milliseconds>;

Bytes error_xml(const std::string& code, const std::string& more = {}) {
  return "<Error><Code>" + code + "</Code>" + more + "</Error>";
}

// A second set of credentials, once the first was refused.
class Renewable : public CredentialsProvider {
 public:
  Result<Credentials> credentials() override { return current_; }
  void refused(const Credentials& refused) override {
    refused_ = refused.access_key;
    if (renews_) current_ = {"AKIA2", "secret2", "token2"};
  }
  Credentials current_{"AKIA1", "secret", "token"};
  std::string refused_;
  bool renews_ = true;
};

class Requests : public testing::Test {
 protected:
  S3Requester& requester() {
    if (!requester_) requester_.emplace(s3_.access());
    return *requester_;
  }
  Result<HttpReply> get() { return requester().send(call_, context_); }
  std::size_t sent() const { return s3_.transport.seen().size(); }
  bool signed_with(std::size_t index, std::string_view part) const {
    return s3_.header(index, "Authorization").find(part) != std::string::npos;
  }

  ScriptedS3 s3_;
  S3Call call_{"GET", {"photos", "a", ""}};
  Context context_;

 private:
  std::optional<S3Requester> requester_;
};

TEST_F(Requests, what_passes_by_itself_is_tried_again_after_growing_waits) {
  s3_.transport.push(500);
  s3_.transport.push(ErrorCode::network_unreachable);
  s3_.transport.push(400, error_xml("RequestTimeout"));
  s3_.transport.push(200, "at last");
  EXPECT_EQ(get().value().body, "at last");
  EXPECT_EQ(s3_.clock.slept(), (Waits{milliseconds(50), milliseconds(100), milliseconds(200)}));
}

TEST_F(Requests, a_busy_store_is_given_more_time) {
  s3_.transport.push(503, error_xml("SlowDown"));
  s3_.transport.push(429);
  s3_.transport.push(200);
  EXPECT_TRUE(get());
  EXPECT_EQ(s3_.clock.slept(), (Waits{milliseconds(1'000), milliseconds(2'000)}));
}

TEST_F(Requests, the_last_word_says_how_often_it_was_tried) {
  for (int i = 0; i < 4; ++i) {
    s3_.transport.push(503, error_xml("SlowDown"), {{"x-amz-request-id", "REQ9"}});
  }
  const auto reply = get();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().attempts, 4);
  EXPECT_EQ(reply.error().message,
            "GET photos/a: HTTP 503 SlowDown (request REQ9), after 4 attempts");
}

TEST_F(Requests, each_attempt_is_signed_by_its_own_time) {
  s3_.transport.push(503);
  s3_.transport.push(200);
  EXPECT_TRUE(get());
  EXPECT_EQ(s3_.header(0, "x-amz-date"), "20231114T221320Z");
  EXPECT_EQ(s3_.header(1, "x-amz-date"), "20231114T221321Z");
}

TEST_F(Requests, retry_after_is_the_least_wait_in_both_forms) {
  s3_.transport.push(503, "", {{"Retry-After", "3"}});
  s3_.transport.push(500, "", {{"Retry-After", "Tue, 14 Nov 2023 22:13:30 GMT"}});
  s3_.transport.push(200);
  EXPECT_TRUE(get());
  EXPECT_EQ(s3_.clock.slept(), (Waits{milliseconds(3'000), milliseconds(7'000)}));
}

TEST_F(Requests, a_retry_after_over_the_cap_is_for_whoever_asks_later) {
  s3_.transport.push(503, "", {{"Retry-After", "86400"}});
  const auto reply = get();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().retry_after, std::chrono::hours(24));
  EXPECT_EQ(sent(), 1U);
}

TEST_F(Requests, a_wait_that_would_pass_the_deadline_is_not_begun) {
  context_.deadline = Deadline::after(s3_.clock, milliseconds(120));
  s3_.transport.push(500);
  s3_.transport.push(500);
  EXPECT_FALSE(get());
  EXPECT_EQ(s3_.clock.slept(), Waits{milliseconds(50)});
}

TEST_F(Requests, an_error_inside_a_200_is_an_error) {
  s3_.transport.push(200, "<?xml version=\"1.0\"?>" + error_xml("InternalError"));
  s3_.transport.push(200, std::string(2'000, ' ') + "\n" + error_xml("AccessDenied"));
  const auto reply = get();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::store_denied);
  EXPECT_EQ(sent(), 2U);
}

TEST_F(Requests, a_body_that_is_pulled_is_data_whatever_it_reads) {
  s3_.transport.push(200, error_xml("InternalError"));
  const auto response = requester().open(call_, context_);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body->peek(7).value(), "<Error>");
}

TEST_F(Requests, a_skewed_clock_is_mended_once_and_kept) {
  const HttpHeaders date{{"Date", "Tue, 14 Nov 2023 23:13:20 GMT"}};
  s3_.transport.push(403, error_xml("RequestTimeTooSkewed"), date);
  s3_.transport.push(200, "", date);
  s3_.transport.push(200, "", date);
  EXPECT_TRUE(get());
  EXPECT_TRUE(get());
  EXPECT_EQ(s3_.header(1, "x-amz-date"), "20231114T231320Z");
  EXPECT_EQ(s3_.header(2, "x-amz-date"), "20231114T231320Z");
  EXPECT_TRUE(s3_.clock.slept().empty());
}

TEST_F(Requests, an_aligned_answer_heals_a_stale_skew) {
  s3_.transport.push(200, "", {{"Date", "Tue, 14 Nov 2023 23:13:20 GMT"}});
  s3_.transport.push(200, "", {{"Date", "Tue, 14 Nov 2023 22:13:20 GMT"}});
  s3_.transport.push(200);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(get());
  EXPECT_EQ(s3_.header(1, "x-amz-date"), "20231114T231320Z");
  EXPECT_EQ(s3_.header(2, "x-amz-date"), "20231114T221320Z");
}

TEST_F(Requests, without_a_date_the_time_in_the_body_is_taken) {
  s3_.transport.push(
      403, error_xml("RequestTimeTooSkewed", "<ServerTime>2023-11-15T00:00:00Z</ServerTime>"));
  s3_.transport.push(200);
  EXPECT_TRUE(get());
  EXPECT_EQ(s3_.header(1, "x-amz-date"), "20231115T000000Z");
}

TEST_F(Requests, a_head_that_is_refused_by_a_clock_far_off_is_tried_with_its_time) {
  const HttpHeaders date{{"Date", "Tue, 14 Nov 2023 23:13:20 GMT"}};
  call_.method = "HEAD";
  s3_.transport.push(403, "", date);
  s3_.transport.push(403, "", date);
  EXPECT_EQ(get().error().code, ErrorCode::store_denied);
  EXPECT_EQ(sent(), 2U);
  s3_.transport.push(403, "", date);  // the time is right by now: this no is meant
  EXPECT_FALSE(get());
  EXPECT_EQ(sent(), 3U);
}

TEST_F(Requests, a_known_skew_that_trembles_is_no_reason_to_ask_again) {
  call_.method = "HEAD";
  s3_.transport.push(200, "", {{"Date", "Tue, 14 Nov 2023 23:13:20 GMT"}});
  EXPECT_TRUE(get());
  s3_.transport.push(403, "", {{"Date", "Tue, 14 Nov 2023 23:13:21 GMT"}});
  EXPECT_EQ(get().error().code, ErrorCode::store_denied);
  EXPECT_EQ(sent(), 2U);
}

TEST_F(Requests, a_bucket_of_another_region_is_asked_there_and_remembered) {
  s3_.endpoint = endpoint_from(Environment()).value();
  s3_.transport.push(301, error_xml("PermanentRedirect"),
                     {{"x-amz-bucket-region", "eu-central-1"}});
  for (int i = 0; i < 3; ++i) s3_.transport.push(200);
  EXPECT_TRUE(get());
  EXPECT_TRUE(get());
  EXPECT_EQ(s3_.sent(0).url, "https://photos.s3.us-east-1.amazonaws.com/a");
  EXPECT_EQ(s3_.sent(1).url, "https://photos.s3.eu-central-1.amazonaws.com/a");
  EXPECT_TRUE(signed_with(1, "/eu-central-1/s3/aws4_request"));
  EXPECT_EQ(s3_.sent(2).url, "https://photos.s3.eu-central-1.amazonaws.com/a");
  call_.id.bucket = "elsewhere";
  EXPECT_TRUE(get());
  EXPECT_EQ(s3_.sent(3).url, "https://elsewhere.s3.us-east-1.amazonaws.com/a");
  EXPECT_TRUE(s3_.clock.slept().empty());
}

TEST_F(Requests, an_endpoint_of_ones_own_is_only_signed_for_the_region_it_names) {
  s3_.transport.push(400, error_xml("AuthorizationHeaderMalformed", "<Region>eu-1</Region>"));
  s3_.transport.push(200);
  EXPECT_TRUE(get());
  EXPECT_EQ(s3_.sent(1).url, "http://h:9000/photos/a");
  EXPECT_TRUE(signed_with(1, "/eu-1/s3/aws4_request"));
}

TEST_F(Requests, a_region_that_is_the_same_or_no_name_mends_nothing) {
  for (const char* region : {"us-east-1", "", "evil.example/", "a.b"}) {
    s3_.transport.push(301, error_xml("PermanentRedirect"), {{"x-amz-bucket-region", region}});
    EXPECT_FALSE(get()) << region;
  }
  EXPECT_EQ(sent(), 4U);
}

TEST_F(Requests, regions_that_point_at_each_other_come_to_an_end) {
  for (const char* region : {"eu-1", "eu-2"}) {
    s3_.transport.push(301, error_xml("PermanentRedirect"), {{"x-amz-bucket-region", region}});
  }
  EXPECT_FALSE(get());
  EXPECT_EQ(sent(), 2U);
}

TEST_F(Requests, expired_credentials_are_renewed_once) {
  auto renewable = std::make_unique<Renewable>();
  Renewable& provider = *renewable;
  s3_.credentials = std::move(renewable);
  s3_.transport.push(400, error_xml("ExpiredToken"));
  s3_.transport.push(400, error_xml("ExpiredToken"));
  EXPECT_EQ(get().error().code, ErrorCode::credentials_expired);
  EXPECT_EQ(provider.refused_, "AKIA1");
  EXPECT_TRUE(signed_with(1, "AKIA2/"));
  EXPECT_EQ(s3_.header(1, "x-amz-security-token"), "token2");
  EXPECT_EQ(sent(), 2U);
}

// S3 says no more to a HEAD than 400, and an event is not to be lost for it.
TEST_F(Requests, a_heads_bare_400_is_asked_about_by_a_get_and_an_ended_token_renewed) {
  s3_.credentials = std::make_unique<Renewable>();
  call_.method = "HEAD";
  s3_.transport.push(400);
  s3_.transport.push(400, error_xml("ExpiredToken"));
  s3_.transport.push(200);
  EXPECT_TRUE(get());
  ASSERT_EQ(sent(), 3U);
  EXPECT_EQ(s3_.sent(1).method, "GET");
  EXPECT_EQ(s3_.sent(1).url, s3_.sent(0).url);
  EXPECT_EQ(s3_.header(1, "Range"), "bytes=0-0");
  EXPECT_EQ(s3_.sent(2).method, "HEAD");
  EXPECT_TRUE(signed_with(2, "AKIA2/"));
}

TEST_F(Requests, a_heads_bare_400_is_final_where_a_get_says_so_and_not_where_none_gets_through) {
  call_.method = "HEAD";
  s3_.transport.push(400);
  s3_.transport.push(400, error_xml("InvalidRequest"));
  auto refused = get();
  EXPECT_EQ(refused.error().code, ErrorCode::store_rejected);
  EXPECT_EQ(refused.error().service_code, "InvalidRequest");
  EXPECT_EQ(sent(), 2U);
  s3_.transport.push(400);
  s3_.transport.push(200, "b");
  EXPECT_EQ(get().error().code, ErrorCode::store_rejected);
  EXPECT_EQ(sent(), 4U);
  s3_.transport.push(400);
  s3_.transport.push(ErrorCode::network_unreachable);
  s3_.transport.push(200);
  EXPECT_TRUE(get());
}

TEST_F(Requests, what_is_refused_is_what_was_signed_with_though_others_renewed_it_meanwhile) {
  class RenewedByOthers : public CredentialsProvider {
   public:
    Result<Credentials> credentials() override {
      const char* key = asked_++ == 0 ? "AKIA1" : "AKIA2";
      return Credentials{key, "secret", "token"};
    }
    void refused(const Credentials& refused) override { refused_.push_back(refused.access_key); }
    int asked_ = 0;
    std::vector<std::string> refused_;
  };
  auto renewed = std::make_unique<RenewedByOthers>();
  RenewedByOthers& provider = *renewed;
  s3_.credentials = std::move(renewed);
  for (int i = 0; i < 2; ++i) s3_.transport.push(400, error_xml("ExpiredToken"));
  for (int i = 0; i < 2; ++i) s3_.transport.push(200);
  const std::vector<S3Call> calls = {call_, call_};
  for (const auto& reply : requester().send_all(calls, context_)) EXPECT_TRUE(reply);
  EXPECT_EQ(provider.refused_, (std::vector<std::string>{"AKIA1", "AKIA1"}));
  EXPECT_TRUE(signed_with(2, "AKIA2/"));
}

TEST_F(Requests, credentials_that_cannot_be_renewed_are_not_tried_again) {
  auto renewable = std::make_unique<Renewable>();
  renewable->renews_ = false;
  s3_.credentials = std::move(renewable);
  s3_.transport.push(400, error_xml("ExpiredToken"));
  EXPECT_FALSE(get());
  EXPECT_EQ(sent(), 1U);
}

TEST_F(Requests, anonymous_requests_are_not_signed) {
  s3_.credentials = fixed_credentials({});
  s3_.transport.push(200);
  EXPECT_TRUE(get());
  for (const char* name : {"Authorization", "x-amz-date", "x-amz-content-sha256"}) {
    EXPECT_FALSE(s3_.sent(0).headers.get(name)) << name;
  }
}

TEST_F(Requests, of_several_only_the_failed_are_sent_again) {
  std::vector<S3Call> calls(4, S3Call{"PUT", {"photos", "", ""}});
  const std::vector<Bytes> bodies = {"0", "1", "2", "3"};
  for (std::size_t i = 0; i < calls.size(); ++i) {
    calls[i].id.key = bodies[i];
    calls[i].body = bodies[i];
  }
  s3_.transport.push(200, "ok0");
  s3_.transport.push(500);
  s3_.transport.push(403);
  s3_.transport.push(301, error_xml("PermanentRedirect"), {{"x-amz-bucket-region", "eu-1"}});
  s3_.transport.push(200, "ok1");
  s3_.transport.push(200, "ok3");
  const auto results = requester().send_all(calls, context_);
  ASSERT_EQ(results.size(), 4U);
  EXPECT_EQ(results[0].value().body, "ok0");
  EXPECT_EQ(results[1].value().body, "ok1");
  EXPECT_EQ(results[2].error().code, ErrorCode::store_denied);
  EXPECT_EQ(results[3].value().body, "ok3");
  ASSERT_EQ(sent(), 6U);
  EXPECT_EQ(s3_.transport.seen()[4].body, "1");
  EXPECT_TRUE(signed_with(5, "/eu-1/s3/"));
}

TEST_F(Requests, of_none_there_is_nothing_to_send) {
  EXPECT_TRUE(requester().send_all({}, context_).empty());
  EXPECT_EQ(sent(), 0U);
}

TEST_F(Requests, the_names_in_a_query_are_encoded_once) {
  call_.query = {{"prefix", "a b+c/%"}, {"delimiter", "/"}};
  call_.id.version = "v/1";
  s3_.transport.push(200);
  EXPECT_TRUE(get());
  EXPECT_EQ(s3_.sent(0).url,
            "http://h:9000/photos/a?versionId=v%2F1&prefix=a%20b%2Bc%2F%25&delimiter=%2F");
}

}  // namespace
}  // namespace miniatura
