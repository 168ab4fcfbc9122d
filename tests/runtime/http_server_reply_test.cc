#include "runtime/http_server_reply.h"

#include <gtest/gtest.h>

#include <string>

namespace miniatura {
namespace {

constexpr std::time_t kNow = 784111777;

TEST(HttpServerReplyTest, an_answer_is_framed) {
  ServedReply reply;
  reply.status = 201;
  reply.content_type = "text/plain";
  reply.body = "made";
  reply.headers.add("Location", "/there");
  EXPECT_EQ(reply_bytes(reply, {}, kNow),
            "HTTP/1.1 201 Created\r\nServer: miniatura\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Location: /there\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nmade");
}

TEST(HttpServerReplyTest, a_head_is_told_the_length_of_what_it_does_not_get) {
  ServedReply reply;
  reply.body = "made";
  const Bytes bytes = reply_bytes(reply, {.is_head = true}, kNow);
  EXPECT_NE(bytes.find("Content-Length: 4\r\n"), bytes.npos);
  EXPECT_EQ(bytes.substr(bytes.size() - 4), "\r\n\r\n");
}

TEST(HttpServerReplyTest, an_answer_that_has_no_body_announces_none) {
  for (const int status : {204, 304}) {
    ServedReply reply;
    reply.status = status;
    reply.body = "lost";
    const Bytes bytes = reply_bytes(reply, {}, kNow);
    EXPECT_EQ(bytes.find("Content-"), bytes.npos);
    EXPECT_EQ(bytes.substr(bytes.size() - 4), "\r\n\r\n");
  }
}

TEST(HttpServerReplyTest, it_says_what_becomes_of_the_connection) {
  const auto has = [](const ReplyFrame& frame, const char* text) {
    return reply_bytes({}, frame, kNow).find(text) != Bytes::npos;
  };
  EXPECT_FALSE(has({}, "Connection"));
  EXPECT_TRUE(has({.closes = true}, "Connection: close\r\n"));
  EXPECT_TRUE(has({.is_old = true}, "Connection: keep-alive\r\n"));
  EXPECT_TRUE(has({.is_old = true, .closes = true}, "Connection: close\r\n"));
}

TEST(HttpServerReplyTest, no_value_can_add_a_line_and_no_header_change_the_frame) {
  ServedReply reply;
  reply.content_type = "a\r\nX-Bad: 1";
  reply.headers = {{"X-Good", "1\r\nX-Bad: 1\n"}, {"X Bad", "1"},
                   {"X-Bad: 1\r\nY", "1"},        {"", "1"},
                   {"content-length", "9"},       {"Transfer-Encoding", "chunked"},
                   {"CONNECTION", "upgrade"}};
  const Bytes bytes = reply_bytes(reply, {}, kNow);
  EXPECT_EQ(bytes.find("\r\nX-Bad"), bytes.npos) << bytes;
  EXPECT_EQ(bytes.find("\nX-Bad"), bytes.npos) << bytes;
  EXPECT_NE(bytes.find("X-Good: 1  X-Bad: 1 \r\n"), bytes.npos) << bytes;
  for (const char* absent : {"X Bad", "\r\n:", "content-length: 9", "chunked", "upgrade"}) {
    EXPECT_EQ(bytes.find(absent), bytes.npos) << bytes;
  }
}

TEST(HttpServerReplyTest, a_status_that_is_no_final_one_is_a_500) {
  for (const int status : {0, -1, 100, 199, 600, 70000}) {
    ServedReply reply;
    reply.status = status;
    EXPECT_EQ(reply_bytes(reply, {}, kNow).substr(0, 13), "HTTP/1.1 500 ") << status;
  }
}

TEST(HttpServerReplyTest, a_refusal_is_an_error_as_the_program_prints_them) {
  const ServedReply reply = refusal_reply({413, "http.body_too_large", "over \"1\""});
  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(reply.content_type, "application/json");
  EXPECT_EQ(reply.body, R"({"error":{"code":"http.body_too_large","message":"over \"1\""}})");
  EXPECT_EQ(reply.headers.get("Retry-After"), std::nullopt);
  EXPECT_EQ(refusal_reply({503, "http.busy", ""}).headers.get("Retry-After"), "1");
}

}  // namespace
}  // namespace miniatura
