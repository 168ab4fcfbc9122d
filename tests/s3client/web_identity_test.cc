#include "s3client/web_identity.h"

#include "tests/s3client/credentials_places.h"

namespace miniatura {
namespace {

constexpr const char* kAnswer = R"(<AssumeRoleWithWebIdentityResponse
    xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
  <Audience>sts.amazonaws.com</Audience>
  <Credentials><SessionToken>hush-token</SessionToken><SecretAccessKey>hush-secret</SecretAccessKey>
    <Expiration>2023-11-14T23:13:20Z</Expiration><AccessKeyId>ASIA1</AccessKeyId></Credentials>
</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>)";

class WebIdentityTest : public CredentialsPlaces {
 protected:
  Result<Credentials> assume(const std::string& session_name = "") {
    return assume_role({home_.path() + "/token", "arn:aws:iam::123456789012:role/r", session_name},
                       "http://" + server_.host_port(), tools_);
  }
  // Of the message after the place.
  std::string trouble() {
    const std::string message = error_of(assume());
    EXPECT_EQ(message.find("hush"), std::string::npos) << message;
    const std::string place =
        "web identity for arn:aws:iam::123456789012:role/r at http://" + server_.host_port() + ": ";
    EXPECT_EQ(message.substr(0, place.size()), place);
    return message.substr(std::min(place.size(), message.size()));
  }
};

TEST_F(WebIdentityTest, a_token_becomes_the_credentials_of_a_role) {
  write("token", "hush.a+b/c=\n");
  server_.push(200, kAnswer);
  expect_the_keys(assume());
  const auto requests = server_.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].target, "/");
  EXPECT_EQ(requests[0].headers.get("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(requests[0].headers.get("Authorization"), std::nullopt);
  EXPECT_EQ(requests[0].body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
            "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr&RoleSessionName=miniatura"
            "&WebIdentityToken=hush.a%2Bb%2Fc%3D");
  EXPECT_EQ(used_proxy_, std::vector<bool>{true});
}

TEST_F(WebIdentityTest, the_session_has_the_name_that_it_is_given) {
  write("token", "t");
  server_.push(200, kAnswer);
  ASSERT_TRUE(assume("me & you"));
  EXPECT_NE(server_.requests().at(0).body.find("&RoleSessionName=me%20%26%20you&"),
            std::string::npos);
}

TEST_F(WebIdentityTest, the_token_is_read_each_time) {
  for (const char* token : {"one", "two"}) {
    write("token", token);
    server_.push(200, kAnswer);
    ASSERT_TRUE(assume());
    EXPECT_NE(server_.requests().back().body.find(std::string("Token=") + token),
              std::string::npos);
  }
}

TEST_F(WebIdentityTest, without_a_token_nobody_is_asked) {
  EXPECT_EQ(trouble(), home_.path() + "/token: No such file or directory");
  write("token", " \n");
  EXPECT_EQ(trouble(), home_.path() + "/token: is empty");
  write("token", std::string(20'001, 'x'));
  EXPECT_EQ(trouble(), home_.path() + "/token: 20001 bytes, over the limit of 20000");
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(WebIdentityTest, a_refusal_shows_its_code_and_nothing_else_of_the_answer) {
  write("token", "hush.hush");
  server_.push(403,
               "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
               "<Message>hush.hush</Message></Error></ErrorResponse>");
  EXPECT_EQ(trouble(), "HTTP 403 AccessDenied");
  server_.push(400, "<ErrorResponse><Error><Code>hush.hush</Code></Error></ErrorResponse>");
  EXPECT_EQ(trouble(), "HTTP 400");
  server_.push(400, "hush.hush");
  EXPECT_EQ(trouble(), "HTTP 400");
}

TEST_F(WebIdentityTest, an_answer_that_makes_no_sense_is_no_credentials) {
  write("token", "hush.hush");
  server_.push(200, std::string(kAnswer).substr(0, 250));
  EXPECT_EQ(trouble(), "the answer is not STS's XML");
  server_.push(200, "<html>hush</html>");
  EXPECT_EQ(trouble(), "the answer is not STS's XML");
  server_.push(200,
               "<R><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>A</AccessKeyId>"
               "</Credentials></AssumeRoleWithWebIdentityResult></R>");
  EXPECT_EQ(trouble(), "the answer has no SecretAccessKey");
}

TEST_F(WebIdentityTest, a_busy_service_is_asked_again) {
  write("token", "t");
  server_.push(503);
  push_reset();
  server_.push(200, kAnswer);
  expect_the_keys(assume());
}

}  // namespace
}  // namespace miniatura
