#include "s3client/credentials_chain.h"

#include "tests/s3client/credentials_places.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;
using Variables = std::map<std::string, std::string>;

constexpr const char* kFull = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
constexpr const char* kMetadata = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
constexpr const char* kDisabled = "AWS_EC2_METADATA_DISABLED";

std::string sts_answer(const std::string& key, const std::string& end) {
  return "<R><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>" + key +
         "</AccessKeyId><SecretAccessKey>hush</SecretAccessKey><SessionToken>hush</SessionToken>"
         "<Expiration>" +
         end + "</Expiration></Credentials></AssumeRoleWithWebIdentityResult></R>";
}

class CredentialsChain : public CredentialsPlaces {
 protected:
  Result<std::unique_ptr<CredentialsProvider>> provider(Variables variables) {
    variables.emplace("HOME", home_.path());
    variables.emplace(kMetadata, server_.url("/imds"));
    return default_credentials(Environment(std::move(variables)), server_.url("/sts"), tools_);
  }
  // Who signs, or the error's message.
  std::string who(Variables variables) {
    const auto found = provider(std::move(variables));
    if (!found) return found.error().message;
    const auto credentials = (*found)->credentials();
    return credentials ? credentials->access_key : credentials.error().message;
  }
  std::vector<std::string> targets() {
    std::vector<std::string> all;
    for (const auto& request : server_.requests()) all.push_back(request.target);
    return all;
  }
  void push_instance() {
    server_.push(200, "hush");
    server_.push(200, "role");
    server_.push(200, kKeysAsJson);
  }
};

TEST_F(CredentialsChain, asks_in_the_order_of_awss_tools) {
  write(".aws/credentials", "[default]\naws_access_key_id = PROFILE\naws_secret_access_key = s\n");
  Variables all = {
      {"AWS_SKIP_SIGNATURE", "true"}, {"AWS_ACCESS_KEY_ID", "ENVIRONMENT"},
      {"AWS_SECRET_ACCESS_KEY", "s"}, {"AWS_WEB_IDENTITY_TOKEN_FILE", write("token", "t")},
      {"AWS_ROLE_ARN", "arn"},        {kFull, server_.url("/container")}};
  EXPECT_EQ(who(all), "");
  all.erase("AWS_SKIP_SIGNATURE");
  EXPECT_EQ(who(all), "ENVIRONMENT");
  all.erase("AWS_ACCESS_KEY_ID");
  all.erase("AWS_SECRET_ACCESS_KEY");
  EXPECT_TRUE(targets().empty());
  server_.push(200, sts_answer("STS", "2023-11-14T23:13:20Z"));
  EXPECT_EQ(who(all), "STS");
  all.erase("AWS_WEB_IDENTITY_TOKEN_FILE");
  EXPECT_EQ(who(all), "PROFILE");
  std::filesystem::remove(home_.path() + "/.aws/credentials");
  server_.push(200, R"({"AccessKeyId":"CONTAINER","SecretAccessKey":"s"})");
  EXPECT_EQ(who(all), "CONTAINER");
  all.erase(kFull);
  push_instance();
  EXPECT_EQ(who(all), "ASIA1");
  EXPECT_EQ(targets(),
            (std::vector<std::string>{"/sts/", "/container", "/imds/latest/api/token",
                                      "/imds/latest/meta-data/iam/security-credentials/",
                                      "/imds/latest/meta-data/iam/security-credentials/role"}));
}

TEST_F(CredentialsChain, with_keys_in_the_environment_no_file_is_read_and_nobody_asked) {
  EXPECT_EQ(who({{"AWS_ACCESS_KEY_ID", "ENVIRONMENT"},
                 {"AWS_SECRET_ACCESS_KEY", "s"},
                 {"AWS_PROFILE", "absent"},
                 {"AWS_CONFIG_FILE", "/nowhere"}}),
            "ENVIRONMENT");
  EXPECT_TRUE(used_proxy_.empty());
}

TEST_F(CredentialsChain, nobody_is_asked_before_the_first_use) {
  push_instance();
  const auto found = provider({});
  ASSERT_TRUE(found);
  EXPECT_TRUE(targets().empty());
  expect_the_keys((*found)->credentials());
}

TEST_F(CredentialsChain, what_is_set_up_and_fails_is_not_replaced_by_another_identity) {
  const Variables container = {{kFull, server_.url("/container")}};
  Variables web = container;
  web["AWS_WEB_IDENTITY_TOKEN_FILE"] = home_.path() + "/token";
  EXPECT_EQ(who(web), "AWS_WEB_IDENTITY_TOKEN_FILE: needs AWS_ROLE_ARN, too");
  web["AWS_ROLE_ARN"] = "arn";
  EXPECT_NE(who(web).find("/token: No such file"), std::string::npos);

  Variables half = container;
  half["AWS_SECRET_ACCESS_KEY"] = "hush";
  EXPECT_EQ(who(half), "AWS_ACCESS_KEY_ID is not set");

  Variables profile = container;
  profile["AWS_PROFILE"] = "work";
  EXPECT_EQ(who(profile).find("AWS_PROFILE: work: there is no such profile"), 0U);
  write(".aws/config", "[profile work]\nsso_session = s\n");
  EXPECT_EQ(who(profile), "profile work: sso_session: single sign-on is not supported");
  EXPECT_TRUE(targets().empty());

  std::filesystem::remove(home_.path() + "/.aws/config");
  server_.push(404);
  EXPECT_NE(who(container).find("HTTP 404"), std::string::npos);
  EXPECT_EQ(targets(), std::vector<std::string>{"/container"});
}

TEST_F(CredentialsChain, a_profile_without_credentials_is_passed_over) {
  write(".aws/config", "[profile work]\nregion = eu-west-1\n");
  push_instance();
  EXPECT_EQ(who({{"AWS_PROFILE", "work"}}), "ASIA1");
}

TEST_F(CredentialsChain, where_there_are_none_all_places_are_listed_in_one_line) {
  write(".aws/config", "[default]\nregion = eu-west-1\n");
  const std::string places =
      "none found: AWS_ACCESS_KEY_ID is not set; AWS_WEB_IDENTITY_TOKEN_FILE is not set; profile "
      "default: " +
      home_.path() +
      "/.aws/credentials: No such file or directory; no AWS_CONTAINER_CREDENTIALS_ variable is "
      "set; ";
  const auto without = provider({{kDisabled, "true"}});
  ASSERT_FALSE(without);  // known without asking anybody
  EXPECT_EQ(without.error().code, ErrorCode::credentials_missing);
  EXPECT_EQ(without.error().message, places + "AWS_EC2_METADATA_DISABLED is true");

  server_.push(403);
  const auto with = provider({});
  ASSERT_TRUE(with);
  const auto none = (*with)->credentials();
  EXPECT_EQ(none.error().code, ErrorCode::credentials_missing);
  EXPECT_EQ(none.error().message,
            places + "instance metadata at " + server_.host_port() + ": HTTP 403");
}

TEST_F(CredentialsChain, whether_to_sign_is_asked_in_clear_words) {
  const auto unclear = provider({{"AWS_SKIP_SIGNATURE", "yes"}});
  ASSERT_FALSE(unclear);
  EXPECT_EQ(unclear.error().code, ErrorCode::config_invalid);
  EXPECT_EQ(who({{"AWS_SKIP_SIGNATURE", "false"},
                 {"AWS_ACCESS_KEY_ID", "A"},
                 {"AWS_SECRET_ACCESS_KEY", "s"}}),
            "A");
}

TEST_F(CredentialsChain, they_are_fetched_anew_before_their_end_with_the_token_of_that_time) {
  const std::string token = write("token", "one");
  const auto found = provider({{"AWS_WEB_IDENTITY_TOKEN_FILE", token}, {"AWS_ROLE_ARN", "arn"}});
  ASSERT_TRUE(found);
  server_.push(200, sts_answer("A", "2023-11-14T23:13:20Z"));
  EXPECT_EQ((*found)->credentials()->access_key, "A");
  write("token", "two");
  clock_.sleep_for(54min);
  EXPECT_EQ((*found)->credentials()->access_key, "A");
  clock_.sleep_for(1min);
  server_.push(200, sts_answer("B", "2023-11-15T00:13:20Z"));
  EXPECT_EQ((*found)->credentials()->access_key, "B");
  EXPECT_NE(server_.requests().at(1).body.find("WebIdentityToken=two"), std::string::npos);
}

TEST_F(CredentialsChain, refused_keys_of_a_profile_are_read_anew) {
  const auto keys = [](const std::string& key) {
    return "[default]\naws_access_key_id = " + key + "\naws_secret_access_key = s\n";
  };
  write(".aws/credentials", keys("A"));
  const auto found = provider({});
  ASSERT_TRUE(found);
  const auto first = (*found)->credentials();
  EXPECT_EQ(first->access_key, "A");
  write(".aws/credentials", keys("B"));
  EXPECT_EQ((*found)->credentials()->access_key, "A");
  (*found)->refused(*first);
  EXPECT_EQ((*found)->credentials()->access_key, "B");
  // Broken meanwhile: a mistake that can be mended, so events wait for that.
  write(".aws/credentials", "hush");
  (*found)->refused((*found)->credentials().value());
  EXPECT_EQ((*found)->credentials().error().code, ErrorCode::credentials_missing);
}

TEST_F(CredentialsChain, what_had_ended_before_it_came_is_expired) {
  server_.push(200, R"({"AccessKeyId":"ASIAHUSH","SecretAccessKey":"hush",)"
                    R"("Expiration":"2023-11-14T22:13:20Z"})");
  const auto found = provider({{kFull, server_.url("/container")}});
  ASSERT_TRUE(found);
  const auto expired = (*found)->credentials();
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error().code, ErrorCode::credentials_expired);
  EXPECT_EQ(expired.error().message.find("HUSH"), std::string::npos);
}

// Each way that can fail gets secrets in all that it reads.
TEST_F(CredentialsChain, no_failure_shows_a_secret) {
  const std::string token = write("token", "hush.hush-hush");
  const std::string broken = write("broken", "[default]\nhush");
  const std::string half = write("half", "[default]\naws_secret_access_key = hush\n");
  const std::string pasted =
      write("pasted", "[default]\naws_access_key_id = hush\naws_secret_access_key = hush\n hush\n");
  const std::string process =
      write("process", "[default]\ncredential_process = sh -c 'echo hush; exit 1' --secret hush\n");
  const std::string quotes = write("quotes", "[default]\ncredential_process = sh 'hush\n");
  const Variables ways[] = {
      {{"AWS_ACCESS_KEY_ID", "hush\n"}, {"AWS_SECRET_ACCESS_KEY", "hush\n"}},
      {{"AWS_SECRET_ACCESS_KEY", "hush"}, {"AWS_SESSION_TOKEN", "hush"}},
      {{"AWS_WEB_IDENTITY_TOKEN_FILE", token}},
      {{"AWS_WEB_IDENTITY_TOKEN_FILE", token}, {"AWS_ROLE_ARN", "arn"}},
      {{"AWS_SHARED_CREDENTIALS_FILE", broken}},
      {{"AWS_SHARED_CREDENTIALS_FILE", half}},
      {{"AWS_SHARED_CREDENTIALS_FILE", pasted}},
      {{"AWS_SHARED_CREDENTIALS_FILE", process}, {"PATH", "/usr/bin:/bin"}},
      {{"AWS_SHARED_CREDENTIALS_FILE", quotes}},
      {{kFull, "the server"}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "hush"}},
      {{kFull, "http://hush:hush@127.0.0.1/"}},
      {{kFull, "http://127.0.0.1:1/hush"}},
      {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "hush"}},
      {{kMetadata, "http://me:hush@h/"}},
      {},
  };
  const std::string answers[] = {
      "hush",
      R"({"AccessKeyId":"hush","SecretAccessKey":"hu)",
      R"({"code":"hush.hush","Code":"hush.hush","message":"hush","AccessKeyId":"hush\n"})",
      R"({"AccessKeyId":"hush","SecretAccessKey":"hush\n","Token":"hush"})",
      "<R><Error><Code>hush.hush</Code><Message>hush</Message></Error></R>",
      sts_answer("hush\n", "hush"),
      sts_answer("A", "hush")};
  int failures = 0;
  for (const Variables& way : ways) {
    for (const std::string& answer : answers) {
      for (const int status : {200, 403}) {
        ScriptedServer server([&](const ScriptedRequest&) {
          ScriptedReply reply;
          reply.status = status;
          reply.body = answer;
          return reply;
        });
        Variables variables = way;
        if (variables[kFull] == "the server") variables[kFull] = server.url("/hush?hush");
        variables.emplace(kMetadata, server.url());
        const auto found =
            default_credentials(Environment(variables), "http://" + server.host_port(), tools_);
        const auto credentials = found ? (*found)->credentials() : fail(found.error());
        ASSERT_FALSE(credentials) << credentials->access_key;
        EXPECT_EQ(credentials.error().message.find("hush"), std::string::npos)
            << credentials.error().message;
        EXPECT_EQ(credentials.error().service_code, "");
        ++failures;
      }
    }
  }
  EXPECT_EQ(failures, 15 * 7 * 2);
  EXPECT_TRUE(server_.requests().empty());
}

}  // namespace
}  // namespace miniatura
