#include "s3client/instance_credentials.h"

#include "tests/s3client/credentials_places.h"

namespace miniatura {
namespace {

TEST(InstanceMetadata, is_at_its_address_unless_told_otherwise) {
  const auto url = [](std::map<std::string, std::string> variables) {
    return instance_metadata_url(Environment(std::move(variables))).value();
  };
  constexpr const char* kEndpoint = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
  constexpr const char* kMode = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";
  EXPECT_EQ(url({}), "http://169.254.169.254");
  EXPECT_EQ(url({{kMode, "IPv4"}}), "http://169.254.169.254");
  EXPECT_EQ(url({{kMode, "IPv6"}}), "http://[fd00:ec2::254]");
  EXPECT_EQ(url({{kMode, "IPv6"}, {kEndpoint, "http://h:1/base/"}}), "http://h:1/base");
  for (const char* wrong : {"h:1", "http://u:hush@h"}) {
    const auto refused = instance_metadata_url(environment_with(kEndpoint, wrong));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::credentials_missing);
    EXPECT_EQ(refused.error().message.find(std::string(kEndpoint) + ": "), 0U);
    EXPECT_EQ(refused.error().message.find("hush"), std::string::npos);
  }
}

TEST(InstanceMetadata, can_be_disabled) {
  const auto is_disabled = [](const char* value) {
    return is_instance_metadata_disabled(environment_with("AWS_EC2_METADATA_DISABLED", value));
  };
  EXPECT_TRUE(is_disabled("true"));
  EXPECT_TRUE(is_disabled("True"));
  EXPECT_FALSE(is_disabled("false"));
  EXPECT_FALSE(is_disabled(""));
}

class InstanceCredentials : public CredentialsPlaces {
 protected:
  Result<Credentials> ask() {
    return instance_credentials("http://" + server_.host_port(), tools_);
  }
  // Of the message after the place.
  std::string trouble() {
    const std::string message = error_of(ask());
    EXPECT_EQ(message.find("hush"), std::string::npos) << message;
    const std::string place = "instance metadata at " + server_.host_port() + ": ";
    EXPECT_EQ(message.substr(0, place.size()), place);
    return message.substr(std::min(place.size(), message.size()));
  }
};

TEST_F(InstanceCredentials, are_asked_for_with_a_token_past_any_proxy) {
  server_.push(200, "hush-metadata");
  server_.push(200, "my role\nother");
  server_.push(200, kKeysAsJson);
  expect_the_keys(ask());
  const auto requests = server_.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[0].method, "PUT");
  EXPECT_EQ(requests[0].target, "/latest/api/token");
  EXPECT_EQ(requests[0].headers.get("X-aws-ec2-metadata-token-ttl-seconds"), "300");
  EXPECT_EQ(requests[1].target, "/latest/meta-data/iam/security-credentials/");
  EXPECT_EQ(requests[2].target, "/latest/meta-data/iam/security-credentials/my%20role");
  for (std::size_t i = 1; i < 3; ++i) {
    EXPECT_EQ(requests[i].method, "GET");
    EXPECT_EQ(requests[i].headers.get("X-aws-ec2-metadata-token"), "hush-metadata");
  }
  EXPECT_EQ(used_proxy_, std::vector<bool>{false});
}

TEST_F(InstanceCredentials, are_none_where_the_token_is_refused_and_version_1_is_not_asked) {
  server_.push(403);
  EXPECT_EQ(trouble(), "HTTP 403");
  EXPECT_EQ(server_.requests().size(), 1U);
  server_.push(200, "hush\nhush");
  EXPECT_EQ(trouble(), "the answer is no token");
  server_.push(200, "");
  EXPECT_EQ(trouble(), "the answer is no token");
}

TEST_F(InstanceCredentials, are_none_without_a_role) {
  server_.push(200, "hush");
  server_.push(404, "<html/>");
  EXPECT_EQ(trouble(), "the instance has no role");
  server_.push(200, "hush");
  server_.push(200, "");
  EXPECT_EQ(trouble(), "the answer names no role");
  server_.push(200, "hush");
  server_.push(401, "");
  EXPECT_EQ(trouble(), "HTTP 401");
}

TEST_F(InstanceCredentials, are_none_where_the_role_cannot_be_taken_or_the_answer_is_cut_off) {
  for (const auto& [answer, why] :
       {std::pair{R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"hush"})",
                  "HTTP 200 AssumeRoleUnauthorizedAccess"},
        std::pair{R"({"Code":"Success","AccessKeyId":"A","SecretAccessKey":"hush)",
                  "the answer is no JSON object"},
        std::pair{R"({"Code":"Success","AccessKeyId":"A"})",
                  "the answer has no SecretAccessKey"}}) {
    server_.push(200, "hush");
    server_.push(200, "role");
    server_.push(200, answer);
    EXPECT_EQ(trouble(), why);
  }
}

TEST_F(InstanceCredentials,
       where_nobody_answers_are_given_up_within_a_second_or_two_without_another_try) {
  ScriptedReply silent;
  silent.delay = std::chrono::minutes(10);
  server_.push(silent);
  EXPECT_NE(trouble().find("PUT " + server_.host_port()), std::string::npos);
  EXPECT_EQ(server_.requests().size(), 1U);
  EXPECT_TRUE(clock_.slept().empty());
}

TEST_F(InstanceCredentials, a_busy_service_is_asked_three_times) {
  for (int i = 0; i < 3; ++i) server_.push(503);
  EXPECT_EQ(trouble(), "HTTP 503");
  EXPECT_EQ(server_.requests().size(), 3U);
  server_.push(503);
  server_.push(200, "hush");
  server_.push(500);
  server_.push(200, "role");
  server_.push(503);
  server_.push(200, kKeysAsJson);
  expect_the_keys(ask());
}

}  // namespace
}  // namespace miniatura
