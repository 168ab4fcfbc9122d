#include "runtime/webhook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/memory_inbox.h"

namespace miniatura {
namespace {

using testing::HasSubstr;

TEST(PermissionTest, a_token_is_shown_in_any_of_the_ways_that_senders_know) {
  const auto with = [](const std::string& value, const std::string& token) {
    return permission({{"authorization", value}}, token);
  };
  EXPECT_EQ(permission({}, ""), Permission::granted);
  EXPECT_EQ(with("whatever", ""), Permission::granted);
  EXPECT_EQ(permission({}, "s3cr3t"), Permission::missing);
  EXPECT_EQ(with("Bearer s3cr3t", "s3cr3t"), Permission::granted);
  EXPECT_EQ(with("bearer  s3cr3t", "s3cr3t"), Permission::granted);
  EXPECT_EQ(with("s3cr3t", "s3cr3t"), Permission::granted);
  EXPECT_EQ(with("Token abc", "Token abc"), Permission::granted);        // two words, as they are
  EXPECT_EQ(with("Basic bWU6czNjcjN0", "s3cr3t"), Permission::granted);  // me:s3cr3t
  for (const char* wrong : {"Bearer", "Bearer ", "Bearer s3cr3", "Bearer s3cr3t ", "Basic s3cr3t",
                            "Basic bWU6", "Basic !", "Digest s3cr3t", "S3cr3t"}) {
    EXPECT_EQ(with(wrong, "s3cr3t"), Permission::wrong) << wrong;
  }
}

class WebhookTest : public testing::Test {
 protected:
  WebhookTest() {
    setting_.token = "s3cr3t";
    setting_.check = [](ByteView body) -> Result<void> {
      if (body == "junk") return fail(ErrorCode::event_malformed, "not JSON at byte 0");
      return {};
    };
    setting_.watch.readiness = [this](const auto& tell) { tell(reasons_); };
    setting_.watch.refresh_metrics = [](const auto& then) { then(); };
    setting_.requests_counter = {"requests_total", "Requests"};
  }

  ServedReply ask(const std::string& method, const std::string& path, const std::string& body = "",
                  const std::string& authorization = "Bearer s3cr3t") {
    const Webhook webhook(setting_, inbox_, metrics_, log_);
    ServedRequest request;
    request.method = method;
    request.path = path;
    request.body = body;
    if (!authorization.empty()) request.headers.add("authorization", authorization);
    std::optional<ServedReply> answer;
    webhook.serve(std::move(request), [&](ServedReply reply) { answer = std::move(reply); });
    EXPECT_TRUE(answer) << "no answer";
    return answer.value_or(ServedReply{});
  }

  WebhookSetting setting_;
  MemoryInbox inbox_;
  Metrics metrics_;
  Log log_{LogLevel::off};
  std::vector<std::string> reasons_;
};

TEST_F(WebhookTest, an_event_is_in_the_inbox_when_it_is_answered) {
  const ServedReply reply = ask("POST", "/events", "an event");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "{\"id\":\"id-1\"}\n");
  ASSERT_EQ(inbox_.waiting.size(), 1u);
  EXPECT_EQ(inbox_.waiting.front().payload, "an event");
  EXPECT_EQ(inbox_.waiting.front().door, "webhook");
}

TEST_F(WebhookTest, junk_and_wrong_tokens_are_refused_and_reach_nothing) {
  ServedReply reply = ask("POST", "/events", "junk");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body,
            "{\"error\":{\"code\":\"event.malformed\",\"message\":\"not JSON at byte 0\"}}\n");
  reply = ask("POST", "/events", "an event", "");
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.headers.get("www-authenticate"), "Bearer");
  EXPECT_EQ(ask("POST", "/events", "an event", "Bearer other").status, 403);
  EXPECT_EQ(ask("GET", "/events/id-1", "", "").status, 401);
  EXPECT_TRUE(inbox_.waiting.empty());
}

TEST_F(WebhookTest, what_the_inbox_cannot_take_is_for_the_sender_to_repeat) {
  Error error;
  error.code = ErrorCode::inbox_full;
  error.message = "inbox.db: 10 of 10 rows";
  inbox_.refusal = error;
  const ServedReply reply = ask("POST", "/events", "an event");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.headers.get("retry-after"), "5");
  EXPECT_THAT(reply.body, HasSubstr("inbox.full"));
}

TEST_F(WebhookTest, an_event_tells_what_became_of_it) {
  InboxEntry entry;
  entry.id = "id-7";
  entry.state = InboxEntry::State::dead;
  entry.door = "webhook";
  entry.attempts = 2;
  entry.code = "image.corrupt";
  entry.message = "photos/a.jpg: no end";
  entry.reply = "{\"failed\":1}";
  inbox_.entries["id-7"] = entry;
  const ServedReply reply = ask("GET", "/events/id-7");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body,
            "{\"id\":\"id-7\",\"state\":\"dead\",\"door\":\"webhook\","
            "\"received\":\"1970-01-01T00:00:00Z\",\"changed\":\"1970-01-01T00:00:00Z\","
            "\"attempts\":2,\"failure_type\":\"job\","
            "\"error\":{\"code\":\"image.corrupt\",\"message\":\"photos/a.jpg: no end\"},"
            "\"reply\":{\"failed\":1}}\n");
  EXPECT_EQ(ask("GET", "/events/id-8").status, 404);
}

TEST_F(WebhookTest, who_looks_after_the_process_needs_no_token) {
  EXPECT_EQ(ask("GET", "/healthz", "", "").status, 200);
  EXPECT_EQ(ask("HEAD", "/healthz", "", "").status, 200);
  EXPECT_EQ(ask("GET", "/readyz", "", "").body, "{\"ready\":true,\"reasons\":[]}\n");
  reasons_ = {"the inbox is nearly full"};
  const ServedReply reply = ask("GET", "/readyz", "", "");
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.body, HasSubstr("nearly full"));
}

TEST_F(WebhookTest, metrics_are_brought_up_to_date_and_count_the_requests) {
  setting_.watch.refresh_metrics = [this](const auto& then) {
    metrics_.set({"depth", "Depth"}, 3);
    then();
  };
  ask("GET", "/healthz");
  ask("GET", "/nothing/such");
  ask("GET", "/events/secret-name");
  const ServedReply reply = ask("GET", "/metrics", "", "");
  EXPECT_EQ(reply.content_type, kMetricsContentType);
  EXPECT_THAT(reply.body, HasSubstr("depth 3\n"));
  EXPECT_THAT(reply.body, HasSubstr("requests_total{path=\"/healthz\",status=\"200\"} 1\n"));
  EXPECT_THAT(reply.body, HasSubstr("requests_total{path=\"other\",status=\"404\"} 1\n"));
  EXPECT_THAT(reply.body, HasSubstr("requests_total{path=\"/events/ID\",status=\"404\"} 1\n"));
}

TEST_F(WebhookTest, a_method_that_a_path_does_not_take_is_told_which_it_does) {
  const ServedReply reply = ask("GET", "/events");
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(reply.headers.get("allow"), "POST");
  EXPECT_EQ(ask("POST", "/healthz").headers.get("allow"), "GET, HEAD");
  EXPECT_EQ(ask("post", "/events").status, 405) << "methods are case-sensitive";
}

}  // namespace
}  // namespace miniatura
