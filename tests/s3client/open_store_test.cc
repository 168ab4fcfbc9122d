#include "s3client/open_store.h"

#include <gtest/gtest.h>

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
  EXPECT_EQ(refusal("s3:").code, ErrorCode::credentials_missing);
  EXPECT_EQ(refusal("s3:", {{"AWS_ENDPOINT_URL", "h:9000"}}).code, ErrorCode::config_invalid);
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
