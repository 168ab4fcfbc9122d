#include "runtime/lambda_api.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "runtime/curl_http.h"
#include "runtime/json.h"
#include "tests/support/scripted_server.h"
#include "tests/support/scripted_transport.h"

namespace miniatura {
namespace {

constexpr char kRequestId[] = "Lambda-Runtime-Aws-Request-Id";

class LambdaApiTest : public testing::Test {
 protected:
  std::unique_ptr<HttpTransport> curl() {
    return make_curl_transport({.user_agent = "miniatura-test/1", .use_proxy = false}, clock_);
  }
  // The message as the platform would read it.
  std::string message_in(const std::string& body) {
    const auto json = parse_json(body, "the body");
    return json ? string_at(*json, "errorMessage") : json.error().message;
  }

  SystemClock clock_;
  ScriptedTransport scripted_;
  LambdaApi api_{scripted_, "127.0.0.1:9001"};
};

TEST_F(LambdaApiTest, case_02_of_all_statuses_of_next_only_200_is_an_event) {
  for (int status = 200; status < 600; ++status) {
    scripted_.push(status, "{}", {{kRequestId, "r"}});
    const auto invocation = api_.next();
    EXPECT_EQ(invocation.has_value(), status == 200) << status;
    if (invocation) continue;
    EXPECT_EQ(invocation.error().code, ErrorCode::runtime_api);
    EXPECT_EQ(invocation.error().http_status, status);
  }
}

TEST_F(LambdaApiTest, case_03_the_status_of_a_post_is_handed_on) {
  Invocation invocation;
  invocation.request_id = "r";
  for (int status = 200; status < 600; ++status) {
    scripted_.push(status);
    scripted_.push(status);
    EXPECT_EQ(api_.post_response(invocation, "{}").value(), status);
    EXPECT_EQ(api_.post_error(invocation, {"Function.X", "m"}).value(), status);
  }
}

TEST_F(LambdaApiTest, requests_go_where_the_contract_says) {
  Invocation invocation;
  invocation.request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
  for (int i = 0; i < 4; ++i) scripted_.push(202);
  ASSERT_TRUE(api_.post_response(invocation, "{}"));
  ASSERT_TRUE(api_.post_error(invocation, {"Function.X", "m"}));
  ASSERT_TRUE(api_.post_init_error({"Function.X", "m"}));
  const std::string base = "http://127.0.0.1:9001/2018-06-01/runtime";
  EXPECT_EQ(scripted_.seen()[0].request.url,
            base + "/invocation/8476a536-e9f4-11e8-9739-2dfe598c3fcd/response");
  EXPECT_EQ(scripted_.seen()[1].request.url,
            base + "/invocation/8476a536-e9f4-11e8-9739-2dfe598c3fcd/error");
  EXPECT_EQ(scripted_.seen()[2].request.url, base + "/init/error");
  for (const auto& seen : scripted_.seen()) {
    EXPECT_EQ(seen.request.method, "POST");
    EXPECT_EQ(seen.request.headers.get("Content-Type"), "application/json");
    EXPECT_EQ(seen.request.connect_timeout, std::chrono::milliseconds(1'000));
  }
}

TEST_F(LambdaApiTest, a_request_id_cannot_leave_its_path) {
  Invocation invocation;
  invocation.request_id = "../x?y #";
  scripted_.push(202);
  ASSERT_TRUE(api_.post_response(invocation, "{}"));
  EXPECT_NE(scripted_.seen()[0].request.url.find("/..%2Fx%3Fy%20%23/response"), std::string::npos);
}

TEST_F(LambdaApiTest, case_11_quotes_backslashes_and_control_bytes_stay_valid_json) {
  const std::string message = "a \"b\" \\c\r\n\t\x01";
  EXPECT_EQ(message_in(lambda_error_body({"Function.X", message})), message);
}

TEST_F(LambdaApiTest, case_12_utf_8_comes_back_as_it_was) {
  const std::string message = "caf\xc3\xa9 \xf0\x9f\x96\xbc";
  EXPECT_EQ(message_in(lambda_error_body({"Function.X", message})), message);
  EXPECT_NE(lambda_error_body({"Function.X", message}).find(message), std::string::npos);
}

TEST_F(LambdaApiTest, case_13_an_invalid_byte_is_still_valid_json) {
  EXPECT_EQ(message_in(lambda_error_body({"Function.X",
                                          "a\xff"
                                          "b"})),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(message_in(lambda_error_body({"Function.X", "cut \xc3"})), "cut \xef\xbf\xbd");
}

TEST_F(LambdaApiTest, the_cause_for_x_ray_is_ascii_json_of_64_kib_at_most) {
  for (const std::string& message :
       {std::string("caf\xc3\xa9\n\xff"), std::string(200'000, 'x'), std::string(70'000, '\xe9')}) {
    const std::string cause = lambda_error_cause({"Function.X", message});
    EXPECT_LE(cause.size(), 65'536U);
    EXPECT_TRUE(std::all_of(cause.begin(), cause.end(), [](char c) { return c >= 0x20; }));
    const auto json = parse_json(cause, "the cause");
    ASSERT_TRUE(json) << json.error().message;
    EXPECT_EQ(json->at("exceptions").at(0).at("type"), "Function.X");
  }
}

TEST_F(LambdaApiTest, case_14_a_binary_body_keeps_its_length) {
  ScriptedServer server;
  const Bytes binary("a\0b\0\xff\0", 6);
  server.push(200, binary, {{kRequestId, "r"}});
  server.push(202);
  const auto transport = curl();
  LambdaApi api(*transport, server.host_port());
  const auto invocation = api.next();
  ASSERT_TRUE(invocation);
  EXPECT_EQ(invocation->payload, binary);
  ASSERT_TRUE(api.post_response(*invocation, binary));
  EXPECT_EQ(server.requests().at(1).body, binary);
}

TEST_F(LambdaApiTest, case_15_headers_are_read_in_any_case) {
  scripted_.push(200, "{}",
                 {{"lambda-runtime-aws-request-id", "r"},
                  {"LAMBDA-RUNTIME-DEADLINE-MS", "1700000000000"},
                  {"lambda-Runtime-trace-ID", "Root=1"},
                  {"lambda-runtime-aws-tenant-id", "tenant"},
                  {"lambda-runtime-invoked-function-arn", "arn:aws:lambda:…"}});
  const auto invocation = api_.next();
  ASSERT_TRUE(invocation);
  EXPECT_EQ(invocation->request_id, "r");
  EXPECT_EQ(invocation->deadline_ms, 1'700'000'000'000);
  EXPECT_EQ(invocation->trace_id, "Root=1");
  EXPECT_EQ(invocation->tenant_id, "tenant");
  EXPECT_EQ(invocation->function_arn, "arn:aws:lambda:…");
}

TEST_F(LambdaApiTest, case_18_get_and_post_name_the_user_agent_and_expect_nothing) {
  ScriptedServer server;
  server.push(200, "{}", {{kRequestId, "r"}});
  server.push(202);
  const auto transport = curl();
  LambdaApi api(*transport, server.host_port());
  const auto invocation = api.next();
  ASSERT_TRUE(invocation);
  const Bytes large(2 << 20, 'x');  // libcurl's own idea is to ask before it sends so much
  ASSERT_TRUE(api.post_response(*invocation, large));
  for (const ScriptedRequest& request : server.requests()) {
    EXPECT_EQ(request.headers.get("User-Agent"), "miniatura-test/1");
    EXPECT_EQ(request.headers.get("Expect"), std::nullopt);
  }
}

TEST_F(LambdaApiTest, case_19_the_invocation_id_is_echoed_if_and_only_if_received) {
  for (const bool sent : {true, false}) {
    HttpHeaders headers = {{kRequestId, "r"}};
    if (sent) headers.add("lambda-runtime-invocation-id", "i-1");
    scripted_.push(200, "{}", headers);
    scripted_.push(202);
    scripted_.push(202);
    const auto invocation = api_.next();
    ASSERT_TRUE(invocation);
    ASSERT_TRUE(api_.post_response(*invocation, "{}"));
    ASSERT_TRUE(api_.post_error(*invocation, {"Function.X", "m"}));
    const auto expected = sent ? std::optional<std::string>("i-1") : std::nullopt;
    const auto& seen = scripted_.seen();
    for (std::size_t i = seen.size() - 2; i < seen.size(); ++i) {
      EXPECT_EQ(seen[i].request.headers.get("Lambda-Runtime-Invocation-Id"), expected);
    }
  }
}

TEST_F(LambdaApiTest, case_24_next_waits_without_a_limit) {
  scripted_.push(200, "{}", {{kRequestId, "r"}});
  ASSERT_TRUE(api_.next());
  EXPECT_EQ(scripted_.seen()[0].request.stall_timeout, std::chrono::milliseconds(0));
  EXPECT_FALSE(scripted_.seen()[0].request.deadline.is_set());
}

// libcurl's stall guard counts whole seconds: this is longer than its shortest.
TEST_F(LambdaApiTest, case_24_a_held_next_is_waited_for) {
  ScriptedServer server;
  ScriptedReply held;
  held.headers = {{kRequestId, "r"}};
  held.delay = std::chrono::milliseconds(1'500);
  server.push(held);
  const auto transport = curl();
  const auto invocation = LambdaApi(*transport, server.host_port()).next();
  ASSERT_TRUE(invocation) << invocation.error().message;
  EXPECT_EQ(invocation->request_id, "r");
}

TEST_F(LambdaApiTest, a_restore_is_waited_for_without_a_limit_and_only_200_is_one) {
  scripted_.push(200);
  EXPECT_TRUE(api_.wait_for_restore());
  const HttpRequest& poll = scripted_.seen().at(0).request;
  EXPECT_EQ(poll.method, "GET");
  EXPECT_EQ(poll.url, "http://127.0.0.1:9001/2018-06-01/runtime/restore/next");
  EXPECT_EQ(poll.stall_timeout.count(), 0);
  EXPECT_FALSE(poll.deadline.is_set());
  scripted_.push(403);
  EXPECT_EQ(api_.wait_for_restore().error().http_status, 403);
  scripted_.push(ErrorCode::network_unreachable);
  EXPECT_EQ(api_.wait_for_restore().error().code, ErrorCode::network_unreachable);
}

TEST_F(LambdaApiTest, a_registration_that_is_refused_is_an_error) {
  scripted_.push(403);
  const auto identifier = api_.register_extension("miniatura");
  ASSERT_FALSE(identifier);
  EXPECT_EQ(identifier.error().http_status, 403);
}

}  // namespace
}  // namespace miniatura
