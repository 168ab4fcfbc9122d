#include "runtime/curl_http.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/scripted_server.h"

namespace miniatura {
namespace {

using std::chrono::milliseconds;

class CurlHttpTest : public testing::Test {
 protected:
  HttpRequest request(const std::string& method, const std::string& target) const {
    HttpRequest made;
    made.method = method;
    made.url = server_.url(target);
    return made;
  }
  Result<HttpReply> get(const std::string& target = "/") {
    return send(*transport_, request("GET", target), 8 << 20);
  }

  SystemClock clock_;
  ScriptedServer server_;
  std::unique_ptr<HttpTransport> transport_ =
      make_curl_transport({.user_agent = "miniatura-test/1", .use_proxy = false}, clock_);
};

TEST_F(CurlHttpTest, a_get_brings_status_headers_and_body) {
  server_.push(404, "not here", {{"X-Thing", " padded "}, {"ETag", "\"a\""}});
  const auto reply = get();
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 404);
  EXPECT_EQ(reply->body, "not here");
  EXPECT_EQ(reply->headers.get("x-thing"), "padded");
  EXPECT_EQ(reply->headers.get("etag"), "\"a\"");
}

TEST_F(CurlHttpTest, the_path_is_sent_as_it_is) {
  server_.push(200);
  const std::string target = "/b/../a//./x%2F%20+y?list-type=2&prefix=a%2Fb";
  ASSERT_TRUE(get(target));
  EXPECT_EQ(server_.requests().at(0).target, target);
}

TEST_F(CurlHttpTest, only_what_was_asked_for_is_sent) {
  server_.push(200);
  HttpRequest post = request("POST", "/");
  post.body = "a=b";
  post.headers.add("X-Empty", "");
  ASSERT_TRUE(send(*transport_, post));
  const ScriptedRequest seen = server_.requests().at(0);
  EXPECT_EQ(seen.body, "a=b");
  EXPECT_EQ(seen.headers.get("User-Agent"), "miniatura-test/1");
  EXPECT_EQ(seen.headers.get("X-Empty"), "");
  for (const char* name : {"Accept", "Accept-Encoding", "Content-Type", "Expect"}) {
    EXPECT_EQ(seen.headers.get(name), std::nullopt) << name;
  }
}

TEST_F(CurlHttpTest, a_put_sends_binary_whole) {
  server_.push(200);
  HttpRequest put = request("PUT", "/k");
  Bytes body(3 << 20, 'x');
  body[7] = '\0';
  put.body = body;
  put.headers.add("Content-Type", "image/webp");
  ASSERT_TRUE(send(*transport_, put));
  const ScriptedRequest seen = server_.requests().at(0);
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.headers.get("Content-Type"), "image/webp");
  EXPECT_TRUE(seen.body == body);
}

TEST_F(CurlHttpTest, an_empty_put_announces_length_zero) {
  server_.push(200);
  ASSERT_TRUE(send(*transport_, request("PUT", "/k")));
  EXPECT_EQ(server_.requests().at(0).headers.get("Content-Length"), "0");
}

TEST_F(CurlHttpTest, a_head_has_headers_and_no_body) {
  ScriptedReply reply;
  reply.announced_bytes = 12345;
  server_.push(reply);
  server_.push(200, "next");
  const auto head = send(*transport_, request("HEAD", "/k"));
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->headers.get("Content-Length"), "12345");
  EXPECT_EQ(head->body, "");
  EXPECT_EQ(get()->body, "next");
  EXPECT_EQ(server_.connections(), 1);
}

TEST_F(CurlHttpTest, a_redirect_is_not_followed) {
  server_.push(307, "", {{"Location", server_.url("/elsewhere")}});
  EXPECT_EQ(get()->status, 307);
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(CurlHttpTest, a_content_encoding_is_left_alone) {
  server_.push(200, "not gzip at all", {{"Content-Encoding", "gzip"}});
  EXPECT_EQ(get()->body, "not gzip at all");
}

TEST_F(CurlHttpTest, one_connection_serves_many_requests) {
  for (int i = 0; i < 5; ++i) server_.push(i == 2 ? 503 : 200, "x");
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(get());
  EXPECT_EQ(server_.connections(), 1);
}

TEST_F(CurlHttpTest, a_chunked_body_arrives_joined) {
  ScriptedReply reply;
  reply.headers = {{"Transfer-Encoding", "chunked"}};
  reply.body = "3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: t\r\n\r\n";
  server_.push(reply);
  const auto response = get();
  EXPECT_EQ(response->body, "abcde");
  EXPECT_EQ(response->headers.get("X-Trailer"), std::nullopt);
}

TEST_F(CurlHttpTest, an_interim_answer_is_not_seen) {
  ScriptedReply reply;
  reply.raw =
      "HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  server_.push(reply);
  const auto response = get();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "ok");
  EXPECT_EQ(response->headers.get("X-Interim"), std::nullopt);
}

TEST_F(CurlHttpTest, a_big_body_passes_through_the_pauses_unchanged) {
  Bytes body(5 << 20, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31 + (i >> 12));
  server_.push(200, body);
  auto response = transport_->open(request("GET", "/"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body->size_bytes(), body.size());
  EXPECT_EQ(response->body->peek(8).value(), body.substr(0, 8));
  const auto whole = read_all(*response->body, 8 << 20, ErrorCode::internal, "the body");
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_TRUE(*whole == body);
}

TEST_F(CurlHttpTest, two_bodies_are_pulled_in_turns) {
  server_.push(200, Bytes(1 << 20, 'a'));
  server_.push(200, Bytes(1 << 20, 'b'));
  auto first = transport_->open(request("GET", "/1"));
  auto second = transport_->open(request("GET", "/2"));
  ASSERT_TRUE(first && second);
  const auto b = read_all(*second->body, 2 << 20, ErrorCode::internal, "b");
  const auto a = read_all(*first->body, 2 << 20, ErrorCode::internal, "a");
  EXPECT_TRUE(*a == Bytes(1 << 20, 'a'));
  EXPECT_TRUE(*b == Bytes(1 << 20, 'b'));
}

TEST_F(CurlHttpTest, a_cancelled_body_ends_and_the_transport_goes_on) {
  server_.push(200, Bytes(4 << 20, 'a'));
  server_.push(200, "next");
  auto response = transport_->open(request("GET", "/"));
  ASSERT_TRUE(response);
  response->body->cancel();
  char buffer[16];
  EXPECT_EQ(response->body->read(buffer).value(), 0U);
  EXPECT_EQ(get()->body, "next");
}

TEST_F(CurlHttpTest, a_body_shorter_than_announced_is_an_error_after_its_bytes) {
  ScriptedReply reply;
  reply.body = "half";
  reply.announced_bytes = 8;
  reply.fault = ScriptedReply::Fault::close_after_body;
  server_.push(reply);
  auto response = transport_->open(request("GET", "/"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body->peek(4).value(), "half");
  char buffer[16];
  EXPECT_EQ(response->body->read(buffer).value(), 4U);
  for (int i = 0; i < 2; ++i) {
    const auto end = response->body->read(buffer);
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().code, ErrorCode::network_unreachable);
  }
}

TEST_F(CurlHttpTest, resets_are_unreachable_and_name_the_host_but_not_the_query) {
  for (const auto fault :
       {ScriptedReply::Fault::reset_before_request, ScriptedReply::Fault::reset_before_reply}) {
    ScriptedReply reply;
    reply.fault = fault;
    server_.push(reply);
    const auto got = get("/key?X-Amz-Signature=secret");
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::network_unreachable);
    EXPECT_EQ(got.error().message.find("GET " + server_.host_port() + ": "), 0U)
        << got.error().message;
    EXPECT_EQ(got.error().message.find("secret"), std::string::npos);
  }
}

TEST_F(CurlHttpTest, a_refused_connection_is_unreachable) {
  HttpRequest refused;
  refused.url = "http://127.0.0.1:1/";
  const auto got = transport_->open(refused);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::network_unreachable);
}

TEST_F(CurlHttpTest, what_is_no_http_url_is_invalid) {
  for (const char* url : {"", "http://", "http://host:99999/", "file:///etc/passwd", "ftp://h/"}) {
    HttpRequest wrong;
    wrong.url = url;
    const auto got = transport_->open(wrong);
    ASSERT_FALSE(got) << url;
    EXPECT_EQ(got.error().code, ErrorCode::network_invalid) << url << ": " << got.error().message;
  }
}

TEST_F(CurlHttpTest, a_line_break_in_a_header_is_refused_unsent) {
  HttpRequest wrong = request("GET", "/");
  wrong.headers.add("X-A", "1\r\nX-B: 2");
  const auto got = transport_->open(wrong);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::network_invalid);
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(CurlHttpTest, headers_are_bounded) {
  ScriptedReply reply;
  for (int i = 0; i < 70; ++i) reply.headers.add("X-" + std::to_string(i), Bytes(1000, 'h'));
  server_.push(reply);
  const auto got = get();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::network_invalid);
  EXPECT_NE(got.error().message.find("65536"), std::string::npos) << got.error().message;
}

// Over libcurl's own limit of a line, which it calls out of memory.
TEST_F(CurlHttpTest, a_header_line_of_any_length_is_bounded_by_the_same_limit) {
  for (const std::size_t bytes : {70'000U, 102'500U, 500'000U}) {
    server_.push(200, "", {{"X-Long", Bytes(bytes, 'h')}});
    const auto got = get();
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::network_invalid) << bytes;
    EXPECT_NE(got.error().message.find("over 65536 bytes of headers"), std::string::npos)
        << got.error().message;
  }
}

TEST_F(CurlHttpTest, a_header_that_arrived_can_be_sent_back) {
  ScriptedReply reply;
  reply.raw = "HTTP/1.1 200 OK\r\nX-Id: a\rb\r\nContent-Length: 0\r\n\r\n";
  server_.push(reply);
  server_.push(200);
  const auto got = get();
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->headers.get("X-Id"), "a b");
  HttpRequest echo = request("GET", "/");
  echo.headers.add("X-Id", *got->headers.get("X-Id"));
  EXPECT_TRUE(send(*transport_, echo));
}

TEST_F(CurlHttpTest, an_answer_that_is_no_http_is_invalid) {
  ScriptedReply reply;
  reply.raw = "SSH-2.0-OpenSSH_9.2\r\n\r\n";
  server_.push(reply);
  const auto got = get();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::network_invalid) << got.error().message;
}

TEST_F(CurlHttpTest, the_deadline_ends_a_stalled_body) {
  ScriptedReply reply;
  reply.body = "abcdef";
  reply.stall_after_bytes = 3;
  reply.stall = milliseconds(60'000);
  server_.push(reply);
  HttpRequest hurried = request("GET", "/");
  hurried.deadline = Deadline::after(clock_, milliseconds(150));
  const auto got = send(*transport_, hurried);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::deadline_exceeded) << got.error().message;
}

TEST_F(CurlHttpTest, a_deadline_in_the_past_sends_nothing) {
  HttpRequest late = request("GET", "/");
  late.deadline = Deadline(clock_.now() - milliseconds(1));
  const auto got = transport_->open(late);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::deadline_exceeded);
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(CurlHttpTest, silence_over_the_stall_timeout_is_a_timeout) {
  ScriptedReply reply;
  reply.delay = milliseconds(60'000);
  server_.push(reply);
  HttpRequest impatient = request("GET", "/");
  impatient.stall_timeout = milliseconds(1'000);
  const auto got = transport_->open(impatient);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::network_timeout) << got.error().message;
}

TEST_F(CurlHttpTest, send_all_keeps_the_order_and_the_failures_apart) {
  ScriptedServer echo([](const ScriptedRequest& seen) {
    ScriptedReply reply;
    if (seen.target == "/reset") reply.fault = ScriptedReply::Fault::reset_before_reply;
    if (seen.target == "/big")
      reply.body = Bytes((1 << 20) + 1, 'x');
    else
      reply.body = seen.target + seen.body;
    return reply;
  });
  std::vector<HttpRequest> requests(4);
  const std::vector<std::string> targets = {"/a", "/reset", "/big", "/d"};
  for (std::size_t i = 0; i < targets.size(); ++i) {
    requests[i].method = "PUT";
    requests[i].url = echo.url(targets[i]);
    requests[i].body = "!";
  }
  auto results = transport_->send_all(requests);
  ASSERT_EQ(results.size(), 4U);
  const auto text = [&](std::size_t i) {
    return read_all(*results[i]->body, 100, ErrorCode::internal, "reply").value();
  };
  EXPECT_EQ(text(0), "/a!");
  EXPECT_EQ(results[1].error().code, ErrorCode::network_unreachable);
  EXPECT_EQ(results[2].error().code, ErrorCode::network_invalid);
  EXPECT_EQ(text(3), "/d!");
}

TEST_F(CurlHttpTest, send_all_of_nothing_is_nothing) {
  EXPECT_TRUE(transport_->send_all({}).empty());
}

TEST_F(CurlHttpTest, an_answer_before_the_body_was_read_does_not_outlive_the_borrowed_body) {
  ScriptedReply reply;
  reply.fault = ScriptedReply::Fault::reset_before_request;
  server_.push(reply);
  server_.push(200, "next");
  HttpRequest put = request("PUT", "/k");
  {
    const Bytes body(8 << 20, 'x');
    put.body = body;
    const auto got = transport_->open(put);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::network_unreachable);
  }
  EXPECT_EQ(get()->body, "next");
}

}  // namespace
}  // namespace miniatura
