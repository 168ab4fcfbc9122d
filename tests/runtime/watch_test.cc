#include "runtime/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace miniatura {
namespace {

using testing::HasSubstr;

class WatchTest : public testing::Test {
 protected:
  ServedReply ask(const std::string& method, const std::string& path) {
    const WatchSetting setting{[this](const auto& tell) { tell(reasons_); },
                               [this](const auto& then) {
                                 metrics_.set({"depth", "Depth"}, 3);
                                 then();
                               }};
    ServedRequest request;
    request.method = method;
    request.path = path;
    std::optional<ServedReply> answer;
    serve_watch(setting, metrics_, request, [&](ServedReply reply) { answer = std::move(reply); });
    EXPECT_TRUE(answer) << "no answer";
    return answer.value_or(ServedReply{});
  }
  Metrics metrics_;
  std::vector<std::string> reasons_;
};

TEST_F(WatchTest, a_page_a_question) {
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
  EXPECT_EQ(ask("HEAD", "/healthz").status, 200);
  EXPECT_EQ(ask("GET", "/readyz").body, "{\"ready\":true,\"reasons\":[]}\n");
  reasons_ = {"no broker"};
  EXPECT_EQ(ask("GET", "/readyz").status, 503);
  EXPECT_EQ(ask("GET", "/readyz").body, "{\"ready\":false,\"reasons\":[\"no broker\"]}\n");
  EXPECT_EQ(ask("GET", "/metrics").content_type, kMetricsContentType);
  EXPECT_THAT(ask("GET", "/metrics").body, HasSubstr("depth 3\n"));
}

TEST_F(WatchTest, nothing_else_is_there) {
  EXPECT_EQ(ask("GET", "/events").status, 404);
  EXPECT_EQ(ask("POST", "/healthz").status, 405);
  EXPECT_EQ(ask("POST", "/healthz").headers.get("allow"), "GET, HEAD");
}

}  // namespace
}  // namespace miniatura
