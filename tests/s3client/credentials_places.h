// What the tests of the places that hand out credentials share: a server, a clock, a home, and
// transports that go past any proxy.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "runtime/curl_http.h"
#include "s3client/credentials_reply.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_server.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {

// One variable in braces could be read in two ways.
inline Environment environment_with(const std::string& name, const std::string& value) {
  return Environment(std::map<std::string, std::string>{{name, value}});
}

class CredentialsPlaces : public testing::Test {
 protected:
  // Writes a file below home_, and says where it is.
  std::string write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = home_.path() + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  void push_reset() {
    ScriptedReply reset;
    reset.fault = ScriptedReply::Fault::reset_before_reply;
    server_.push(std::move(reset));
  }

  static std::string error_of(const Result<Credentials>& credentials) {
    if (credentials) return "there are some";
    EXPECT_EQ(credentials.error().code, ErrorCode::credentials_missing);
    return credentials.error().message;
  }

  ScriptedServer server_;
  ManualClock clock_;  // 2023-11-14T22:13:20Z
  TemporaryDirectory home_;
  std::vector<bool> used_proxy_;  // of each transport that was made
  CredentialTools tools_{[this](bool use_proxy) {
                           used_proxy_.push_back(use_proxy);
                           return make_curl_transport({"miniatura-tests", false}, clock_);
                         },
                         clock_};
};

inline constexpr const char* kKeysAsJson =
    R"({"Code":"Success","AccessKeyId":"ASIA1","SecretAccessKey":"hush-secret",)"
    R"("Token":"hush-token","Expiration":"2023-11-14T23:13:20Z"})";

inline void expect_the_keys(const Result<Credentials>& credentials) {
  ASSERT_TRUE(credentials) << credentials.error().message;
  EXPECT_EQ(credentials->access_key, "ASIA1");
  EXPECT_EQ(credentials->secret_key, "hush-secret");
  EXPECT_EQ(credentials->session_token, "hush-token");
  EXPECT_EQ(credentials->expires, ManualClock().now() + std::chrono::hours(1));
}

}  // namespace miniatura
