#include "runtime/http.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/scripted_transport.h"

namespace miniatura {
namespace {

TEST(HttpHeadersTest, names_compare_without_case_and_the_first_wins) {
  const HttpHeaders headers = {{"ETag", "1"}, {"etag", "2"}};
  EXPECT_EQ(headers.get("ETAG"), "1");
  EXPECT_EQ(headers.get("ETa"), std::nullopt);
  EXPECT_EQ(headers.get_or("Absent", "x"), "x");
}

TEST(HttpHeadersTest, set_replaces_all_of_that_name) {
  HttpHeaders headers = {{"A", "1"}, {"B", "2"}, {"a", "3"}};
  headers.set("a", "4");
  std::vector<std::string> lines;
  for (const auto& [name, value] : headers) lines.push_back(name + value);
  EXPECT_EQ(lines, (std::vector<std::string>{"B2", "a4"}));
}

TEST(HeaderNameTest, only_ascii_letters_fold) {
  EXPECT_TRUE(same_header("X-Amz-Date", "x-aMZ-dATE"));
  EXPECT_FALSE(same_header("[", "{"));
  EXPECT_FALSE(same_header("a", "ab"));
}

TEST(SendTest, a_reply_over_the_limit_is_an_error_that_names_it) {
  ScriptedTransport transport;
  transport.push(200, "123456");
  const auto reply = send(transport, HttpRequest{}, 5);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::network_invalid);
  EXPECT_NE(reply.error().message.find("limit of 5"), std::string::npos) << reply.error().message;
}

TEST(SendTest, a_message_never_holds_the_query) {
  ScriptedTransport transport;
  transport.push(200, "123456");
  HttpRequest request;
  request.url = "http://host/key?X-Amz-Signature=secret";
  const auto reply = send(transport, request, 5);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().message.find("secret"), std::string::npos) << reply.error().message;
}

}  // namespace
}  // namespace miniatura
