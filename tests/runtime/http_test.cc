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

TEST(HttpDate, is_understood_in_the_form_that_is_sent) {
  EXPECT_EQ(parse_http_date("Tue, 14 Nov 2023 22:13:20 GMT"),
            Clock::Time(std::chrono::seconds(1'700'000'000)));
  for (const char* text : {"", "Tue, 14 Nov 2023 22:13:20", "Tue, 14 Nov 2023 22:13:20 +0100",
                           "Tuesday, 14-Nov-23 22:13:20 GMT", "2023-11-14T22:13:20Z",
                           "Tue, 14 Nov 2023 22:13:20 GMT "}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
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
