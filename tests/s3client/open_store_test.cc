#include "s3client/open_store.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/manual_clock.h"
#include "tests/support/scripted_server.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {
namespace {

Error refusal(const std::string& text, std::map<std::string, std::string> variables = {}) {
  ManualClock clock;
  const auto factory = open_store(text, Environment(std::move(variables)), clock);
  EXPECT_FALSE(factory) << text;
  return factory ? Error{} : factory.error();
}

TEST(OpenStore, what_is_wrong_with_the_settings_comes_out_at_once) {
  for (const char* text : {"", "s3", "s3://b", "http://h", "file:", "file://", "file://host/x",
                           "/srv", "file:///a%00b"}) {
    const Error error = refusal(text);
    EXPECT_EQ(error.code, ErrorCode::config_invalid) << text;
    EXPECT_NE(error.message.find("--store " + std::string(text)), std::string::npos);
  }
  EXPECT_EQ(refusal("s3:", {{"AWS_EC2_METADATA_DISABLED", "true"}}).code,
            ErrorCode::credentials_missing);
  EXPECT_EQ(refusal("s3:", {{"AWS_ENDPOINT_URL", "h:9000"}}).code, ErrorCode::config_invalid);
  EXPECT_EQ(refusal("s3:", {{"AWS_PROFILE", "absent"}}).code, ErrorCode::config_invalid);
}

TEST(OpenStore, a_profile_says_where_the_store_is_and_who_signs) {
  ScriptedServer server;
  server.push(200, "", {{"ETag", "\"e\""}});
  const TemporaryDirectory home;
  std::filesystem::create_directories(home.path() + "/.aws");
  std::ofstream(home.path() + "/.aws/config")
      << "[profile work]\nregion = eu-west-1\nendpoint_url = " << server.url() << "\n";
  std::ofstream(home.path() + "/.aws/credentials")
      << "[work]\naws_access_key_id = AKIA1\naws_secret_access_key = secret\n";
  ManualClock clock;
  const auto factory =
      open_store("s3:", Environment({{"HOME", home.path()}, {"AWS_PROFILE", "work"}}), clock);
  ASSERT_TRUE(factory) << factory.error().message;
  ASSERT_TRUE((*factory)()->head({"photos", "a", ""}, {}));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_NE(requests[0].headers.get_or("Authorization", "").find("Credential=AKIA1/20231114/eu-w"),
            std::string::npos);
}

TEST(OpenStore, certificates_that_are_none_are_named_by_who_named_them) {
  const TemporaryDirectory home;
  std::filesystem::create_directories(home.path() + "/.aws");
  std::ofstream(home.path() + "/.aws/config") << "[default]\nca_bundle = /dev/null\n";
  EXPECT_EQ(refusal("s3:", {{"HOME", home.path()}, {"AWS_SKIP_SIGNATURE", "true"}}).message,
            "profile default: ca_bundle: /dev/null: holds no certificate in PEM");
  EXPECT_EQ(refusal("s3:", {{"HOME", home.path()}, {"AWS_CA_BUNDLE", "/nowhere"}}).message,
            "AWS_CA_BUNDLE: /nowhere: No such file or directory");
}

TEST(OpenStore, nobody_asks_without_a_signature) {
  ScriptedServer server;
  server.push(200, "", {{"ETag", "\"e\""}});
  ManualClock clock;
  const auto factory = open_store(
      "s3:", Environment({{"AWS_ENDPOINT_URL_S3", server.url()}, {"AWS_SKIP_SIGNATURE", "true"}}),
      clock);
  ASSERT_TRUE(factory) << factory.error().message;
  ASSERT_TRUE((*factory)()->head({"photos", "a", ""}, {}));
  const auto requests = server.requests();
  for (const auto& [name, value] : requests.at(0).headers) {
    EXPECT_NE(name, "Authorization");
    EXPECT_NE(name.substr(0, 5), "x-amz") << name;
  }
}

TEST(OpenStore, all_stores_share_the_credentials_of_the_container) {
  ScriptedServer s3;
  ScriptedServer container;
  container.push(200, R"({"AccessKeyId":"ASIA1","SecretAccessKey":"s","Token":"t"})");
  ManualClock clock;
  const auto factory =
      open_store("s3:",
                 Environment({{"AWS_ENDPOINT_URL_S3", s3.url()},
                              {"AWS_CONTAINER_CREDENTIALS_FULL_URI", container.url("/role")}}),
                 clock);
  ASSERT_TRUE(factory) << factory.error().message;
  EXPECT_TRUE(container.requests().empty());
  for (int i = 0; i < 2; ++i) {
    s3.push(200, "", {{"ETag", "\"e\""}});
    ASSERT_TRUE((*factory)()->head({"photos", "a", ""}, {}));
  }
  EXPECT_EQ(container.requests().size(), 1U);
  EXPECT_EQ(s3.requests().at(1).headers.get("x-amz-security-token"), "t");
}

TEST(OpenStore, a_file_url_is_a_directory_of_buckets) {
  const TemporaryDirectory root;
  std::filesystem::create_directories(root.path() + "/a b/photos");
  ManualClock clock;
  const auto factory = open_store("file://" + root.path() + "/a%20b/", Environment(), clock);
  ASSERT_TRUE(factory) << factory.error().message;
  const auto store = (*factory)();
  EXPECT_TRUE(store->reach("photos", {}));
  EXPECT_FALSE(store->reach("absent", {}));
}

TEST(OpenStore, each_attempt_is_signed_anew_by_its_own_time) {
  ScriptedServer server;
  server.push(503);
  server.push(200, "", {{"ETag", "\"e\""}});
  ManualClock clock;
  const auto factory =
      open_store("s3:",
                 Environment({{"AWS_ENDPOINT_URL_S3", "http://" + server.host_port()},
                              {"AWS_ACCESS_KEY_ID", "AKIA1"},
                              {"AWS_SECRET_ACCESS_KEY", "secret"},
                              {"AWS_REGION", "eu-west-1"}}),
                 clock);
  ASSERT_TRUE(factory);
  const auto store = (*factory)();
  const auto object = store->get({"photos", "a b", ""}, {});
  ASSERT_TRUE(object) << object.error().message;
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2U);
  ASSERT_EQ(clock.slept().size(), 1U);
  for (const ScriptedRequest& request : requests) {
    EXPECT_EQ(request.target, "/photos/a%20b");
    EXPECT_EQ(request.headers.get_or("User-Agent", ""), "miniatura/" MINIATURA_VERSION);
    EXPECT_NE(request.headers.get_or("Authorization", "").find("/eu-west-1/s3/aws4_request"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace miniatura
