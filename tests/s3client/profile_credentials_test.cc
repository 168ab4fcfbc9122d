#include "s3client/profile_credentials.h"

#include "tests/s3client/credentials_places.h"

namespace miniatura {
namespace {

class ProfileCredentials : public CredentialsPlaces {
 protected:
  Result<FetchCredentials> place(ProfileFields fields) {
    return profile_credentials({"work", std::move(fields), {}, {}},
                               Environment({{"A", "1"}, {"PATH", "/usr/bin:/bin"}}),
                               "http://" + server_.host_port(), tools_);
  }
  Result<Credentials> fetch(ProfileFields fields) {
    const auto found = place(std::move(fields));
    if (!found) return fail(found.error());
    return *found ? (*found)() : Result<Credentials>(Credentials());
  }
  std::string trouble(ProfileFields fields) {
    std::string message = error_of(fetch(std::move(fields)));
    EXPECT_EQ(message.find("hush"), std::string::npos) << message;
    return message;
  }
  // A program that runs `script`.
  std::string program(const std::string& script) {
    return "/bin/sh '" + write("program", script) + "' --key hush";
  }
};

TEST_F(ProfileCredentials, are_keys) {
  const auto keys = fetch(
      {{"aws_access_key_id", "AKIA1"}, {"aws_secret_access_key", "s"}, {"aws_session_token", "t"}});
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->access_key, "AKIA1");
  EXPECT_EQ(keys->secret_key, "s");
  EXPECT_EQ(keys->session_token, "t");
  EXPECT_EQ(keys->expires, std::nullopt);
}

TEST_F(ProfileCredentials, may_be_none) {
  const auto found = place({{"region", "eu-west-1"}});
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
}

TEST_F(ProfileCredentials, that_lack_a_half_or_hold_what_no_header_can_are_named) {
  EXPECT_EQ(trouble({{"aws_access_key_id", "A"}}), "profile work: aws_secret_access_key: absent");
  EXPECT_EQ(trouble({{"aws_secret_access_key", "hush"}}),
            "profile work: aws_access_key_id: absent");
  EXPECT_EQ(trouble({{"aws_access_key_id", "A"}, {"aws_secret_access_key", "hush hush"}}),
            "profile work: aws_secret_access_key holds a space, a line break or a byte that is not "
            "ASCII");
}

TEST_F(ProfileCredentials, that_are_not_supported_are_named_and_never_replaced_by_others) {
  const ProfileFields keys = {{"aws_access_key_id", "A"}, {"aws_secret_access_key", "s"}};
  for (const char* field : {"source_profile", "credential_source"}) {
    ProfileFields fields = keys;
    fields["role_arn"] = "arn";
    fields[field] = "x";
    EXPECT_EQ(trouble(fields),
              std::string("profile work: ") + field + ": roles by it are not supported");
  }
  for (const char* field : {"sso_session", "sso_start_url", "sso_account_id", "sso_role_name"}) {
    EXPECT_EQ(trouble({{field, "x"}, {"credential_process", "true"}}),
              std::string("profile work: ") + field + ": single sign-on is not supported");
  }
  EXPECT_EQ(trouble({{"role_arn", "arn"}}),
            "profile work: role_arn: needs web_identity_token_file, too");
}

TEST_F(ProfileCredentials, are_those_of_a_role_for_a_web_identity) {
  server_.push(403);
  EXPECT_EQ(trouble({{"role_arn", "arn"},
                     {"web_identity_token_file", write("token", "hush.hush")},
                     {"role_session_name", "me"}}),
            "web identity for arn at http://" + server_.host_port() + ": HTTP 403");
  EXPECT_NE(server_.requests().at(0).body.find("RoleArn=arn&RoleSessionName=me&"),
            std::string::npos);
  EXPECT_EQ(trouble({{"web_identity_token_file", "/token"}}),
            "profile work: web_identity_token_file: needs role_arn, too");
}

TEST_F(ProfileCredentials, are_what_a_program_prints_that_has_our_environment) {
  const auto keys = fetch({{"credential_process", program(R"(
      echo '{"Version":1,"AccessKeyId":"ASIA'$A'","SecretAccessKey":"hush-secret",'
      echo '"SessionToken":"hush-token","Expiration":"2023-11-14T23:13:20Z"}')")}});
  expect_the_keys(keys);
}

TEST_F(ProfileCredentials, of_a_program_that_fails_are_none_and_nothing_of_it_is_repeated) {
  const auto of_script = [&](const std::string& script) {
    const std::string message = trouble({{"credential_process", program(script)}});
    const std::string place = "profile work: credential_process: ";
    EXPECT_EQ(message.substr(0, place.size()), place);
    return message.substr(std::min(message.size(), place.size()));
  };
  EXPECT_EQ(of_script("echo '{\"SecretAccessKey\":\"hush\"}'; exit 7"), "/bin/sh: exit status 7");
  EXPECT_EQ(of_script("echo hush"), "the answer is no JSON object");
  EXPECT_EQ(of_script("echo '{\"Version\":2,\"SecretAccessKey\":\"hush\"}'"), "Version is not 1");
  EXPECT_EQ(of_script("echo '{\"SecretAccessKey\":\"hush\"}'"), "Version is not 1");
  EXPECT_EQ(of_script("echo '{\"Version\":1,\"AccessKeyId\":\"hush\"}'"),
            "the answer has no SecretAccessKey");
  EXPECT_EQ(of_script("while :; do echo hush; done"),
            "/bin/sh: prints more than the limit of 65536 bytes");
}

TEST_F(ProfileCredentials, of_a_program_that_is_none_name_the_field) {
  EXPECT_EQ(trouble({{"credential_process", "/nowhere/tool --key hush"}}),
            "profile work: credential_process: /nowhere/tool: cannot be started: "
            "No such file or directory");
  EXPECT_EQ(trouble({{"credential_process", "tool 'hush"}}),
            "profile work: credential_process: a command line has a ' that is not closed");
  EXPECT_EQ(trouble({{"credential_process", "''"}}),
            "profile work: credential_process: names no program");
}

}  // namespace
}  // namespace miniatura
