#include "s3client/credentials_reply.h"

#include "tests/s3client/credentials_places.h"

namespace miniatura {
namespace {

using std::chrono::seconds;

Result<Credentials> in(const char* text) {
  const auto json = json_answer(text, "the place");
  if (!json) return fail(json.error());
  return credentials_in(*json, "Token", "the place");
}

std::string missing(const char* text) {
  const auto found = in(text);
  if (found) return "there are some";
  EXPECT_EQ(found.error().code, ErrorCode::credentials_missing);
  EXPECT_EQ(found.error().message.find("hush"), std::string::npos);
  return found.error().message;
}

TEST(CredentialsReply, has_keys_a_token_and_an_end) {
  expect_the_keys(in(kKeysAsJson));
  // As AWS's command line exports them.
  EXPECT_EQ(
      in(R"({"AccessKeyId":"A","SecretAccessKey":"s","Expiration":"2023-11-14T22:13:21+00:00"})")
          ->expires,
      ManualClock().now() + seconds(1));
  const auto lasting = in(R"({"AccessKeyId":"A","SecretAccessKey":"s","Expiration":null})");
  ASSERT_TRUE(lasting);
  EXPECT_EQ(lasting->session_token, "");
  EXPECT_EQ(lasting->expires, std::nullopt);
}

TEST(CredentialsReply, that_lacks_something_is_named_and_not_repeated) {
  EXPECT_EQ(missing(R"({"AccessKeyId":"hush","SecretAccessKey":"hus)"),
            "the place: the answer is no JSON object");
  EXPECT_EQ(missing(R"(["hush"])"), "the place: the answer is no JSON object");
  EXPECT_EQ(missing(R"({"x":1e999999,"y":"hush"})"), "the place: the answer is no JSON object");
  EXPECT_EQ(missing(R"({"SecretAccessKey":"hush"})"), "the place: the answer has no AccessKeyId");
  EXPECT_EQ(missing(R"({"AccessKeyId":"hush","SecretAccessKey":7})"),
            "the place: the answer has no SecretAccessKey");
  EXPECT_EQ(missing(R"({"AccessKeyId":"A","SecretAccessKey":"hush\n"})"),
            "the place: SecretAccessKey holds a space, a line break or a byte that is not ASCII");
  EXPECT_EQ(missing(R"({"AccessKeyId":"A","SecretAccessKey":"s","Expiration":"hush"})"),
            "the place: Expiration is no time");
  EXPECT_EQ(missing(R"({"AccessKeyId":"A","SecretAccessKey":"s","Expiration":1700000000})"),
            "the place: Expiration is no time");
}

TEST(CredentialsReply, only_what_looks_like_a_code_is_repeated) {
  EXPECT_EQ(refused_credentials("p", 403, "AccessDenied").message, "p: HTTP 403 AccessDenied");
  EXPECT_EQ(refused_credentials("p", 403, "AccessDenied").service_code, "AccessDenied");
  for (const char* code : {"", "hush.hush", "hush hush", "hush\n"}) {
    EXPECT_EQ(refused_credentials("p", 500, code).message, "p: HTTP 500") << code;
  }
  EXPECT_EQ(refused_credentials("p", 500, std::string(65, 'a')).message, "p: HTTP 500");
}

class CredentialsQuestion : public CredentialsPlaces {
 protected:
  Result<HttpReply> ask(int attempts_max = 3) {
    HttpRequest request;
    request.url = server_.url("/hush");
    const auto transport = tools_.make_transport(false);
    return ask_for_credentials(*transport, clock_, std::move(request), attempts_max);
  }
};

TEST_F(CredentialsQuestion, is_asked_three_times_within_seconds) {
  for (int i = 0; i < 4; ++i) server_.push(503);
  EXPECT_EQ(ask()->status, 503);
  EXPECT_EQ(server_.requests().size(), 3U);
  ASSERT_EQ(clock_.slept().size(), 2U);
  for (const auto& slept : clock_.slept()) EXPECT_LE(slept, seconds(2));
}

TEST_F(CredentialsQuestion, is_asked_again_until_there_is_an_answer) {
  server_.push(500);
  push_reset();
  server_.push(200, "yes");
  EXPECT_EQ(ask()->body, "yes");
}

TEST_F(CredentialsQuestion, is_not_asked_again_where_it_was_refused) {
  server_.push(403);
  EXPECT_EQ(ask()->status, 403);
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(CredentialsQuestion, has_an_answer_of_64_kib_at_most) {
  server_.push(200, Bytes(65536, 'x'));
  EXPECT_TRUE(ask());
  server_.push(200, Bytes(65537, 'x'));
  const auto too_long = ask();
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().code, ErrorCode::network_invalid);
  EXPECT_EQ(too_long.error().message, "the answer: 65537 bytes, over the limit of 65536");
}

}  // namespace
}  // namespace miniatura
