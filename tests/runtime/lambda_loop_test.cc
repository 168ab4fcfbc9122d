#include "runtime/lambda_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/lambda_api.h"
#include "runtime/lambda_log.h"
#include "tests/runtime/lambda_platform.h"

namespace miniatura {
namespace {

constexpr char kErrorType[] = "Lambda-Runtime-Function-Error-Type";
constexpr char kTraceId[] = "Lambda-Runtime-Trace-Id";

Handled echo(const Delivery& delivery) { return replied(delivery.payload); }

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "(unset)" : value;
}

TEST(LambdaLoopTest, case_01_ten_invokes_of_which_every_third_fails) {
  LambdaPlatform platform;
  for (int i = 1; i <= 10; ++i) platform.add(std::to_string(i));
  const int code = platform.run([](const Delivery& delivery) {
    if (std::stoi(delivery.payload) % 3 == 0) {
      return failed(ErrorCode::image_corrupt, "photos/a.jpg: cut short");
    }
    return echo(delivery);
  });
  EXPECT_EQ(code, 1);
  EXPECT_EQ(platform.polls().size(), 11U);
  EXPECT_EQ(platform.posts().size(), 10U);
  EXPECT_EQ(platform.errors().size(), 3U);
  const ScriptedRequest error = platform.errors().at(0);
  EXPECT_EQ(error.target, "/2018-06-01/runtime/invocation/request-3/error");
  EXPECT_EQ(error.headers.get(kErrorType), "Function.ImageCorrupt");
  EXPECT_EQ(error.body, R"({"errorMessage":"photos/a.jpg: cut short",)"
                        R"("errorType":"Function.ImageCorrupt","stackTrace":[]})");
  EXPECT_EQ(platform.responses().at(6).body, "10");
}

TEST(LambdaLoopTest, a_delivery_carries_what_the_platform_said) {
  LambdaPlatform platform;
  platform.add("{}", {{kTraceId, "Root=1-2-3"}, {"Lambda-Runtime-Deadline-Ms", "1700000005000"}});
  std::vector<Delivery> seen;
  platform.run([&](const Delivery& delivery) {
    seen.push_back(delivery);
    return replied("{}");
  });
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].door, "lambda");
  EXPECT_EQ(seen[0].id, "request-1");
  EXPECT_EQ(seen[0].trace_id, "Root=1-2-3");
  EXPECT_EQ(seen[0].deadline.remaining(ManualClock()), std::chrono::milliseconds(5'000));
}

TEST(LambdaLoopTest, the_first_event_of_the_process_is_its_cold_start_if_somebody_waited) {
  for (const bool starts_ahead : {false, true}) {
    for (const int workers : {1, 2}) {
      LambdaPlatform platform;
      for (int i = 0; i < 6; ++i) {
        platform.add("{}", {{"Lambda-Runtime-Invoked-Function-Arn", "arn:f"}});
      }
      LambdaLoop loop = platform.loop(workers);
      loop.starts_ahead = starts_ahead;
      std::atomic<int> cold = 0;
      run_lambda_loop(loop, [&] {
        return [&](const Delivery& delivery) {
          if (is_cold_start(delivery.log_fields)) ++cold;
          EXPECT_EQ(string_at(delivery.log_fields, "function_request_id"), delivery.id);
          EXPECT_EQ(string_at(delivery.log_fields, "function_arn"), "arn:f");
          return replied("{}");
        };
      });
      EXPECT_EQ(cold, starts_ahead ? 0 : 1) << workers << " workers";
    }
  }
}

TEST(LambdaLoopTest, case_02_a_status_of_next_other_than_200_ends_the_loop) {
  for (const int status : {204, 302, 403, 500}) {
    ScriptedServer server;
    server.push(status);
    LambdaPlatform platform;
    LambdaLoop loop = platform.loop();
    loop.endpoint = server.host_port();
    EXPECT_EQ(run_lambda_loop(loop, [] { return echo; }), 1) << status;
    EXPECT_EQ(server.requests().size(), 1U) << status;
  }
}

TEST(LambdaLoopTest, case_04_an_empty_payload_is_handed_on_as_such) {
  LambdaPlatform platform;
  platform.add("");
  std::vector<Bytes> seen;
  platform.run([&](const Delivery& delivery) {
    seen.push_back(delivery.payload);
    return replied("null");
  });
  EXPECT_EQ(seen, std::vector<Bytes>{""});
  EXPECT_EQ(platform.responses().size(), 1U);
}

TEST(LambdaLoopTest, case_06_a_deadline_that_is_no_number_or_absent_is_none) {
  LambdaPlatform platform;
  platform.add("1", {{"Lambda-Runtime-Deadline-Ms", "yolo"}});
  platform.add("2");
  std::vector<bool> limited;
  platform.run([&](const Delivery& delivery) {
    limited.push_back(delivery.deadline.is_set());
    return echo(delivery);
  });
  EXPECT_EQ(limited, (std::vector<bool>{false, false}));
  EXPECT_EQ(platform.responses().size(), 2U);
}

TEST(LambdaLoopTest, case_07_bad_client_context_is_ignored) {
  LambdaPlatform platform;
  platform.add("1", {{"Lambda-Runtime-Client-Context", "{not json"},
                     {"Lambda-Runtime-Cognito-Identity", "\xff\xfe"}});
  platform.run(echo);
  EXPECT_EQ(platform.responses().at(0).body, "1");
}

TEST(LambdaLoopTest, case_08_a_header_does_not_carry_over_to_the_next_event) {
  LambdaPlatform platform;
  platform.add("1", {{kTraceId, "Root=1"},
                     {"Lambda-Runtime-Deadline-Ms", "1700000005000"},
                     {"Lambda-Runtime-Invocation-Id", "echo-me"}});
  platform.add("2");
  std::vector<std::pair<std::string, bool>> seen;
  platform.run([&](const Delivery& delivery) {
    seen.emplace_back(delivery.trace_id, delivery.deadline.is_set());
    return echo(delivery);
  });
  EXPECT_EQ(seen, (std::vector<std::pair<std::string, bool>>{{"Root=1", true}, {"", false}}));
  EXPECT_EQ(platform.responses().at(0).headers.get("Lambda-Runtime-Invocation-Id"), "echo-me");
  EXPECT_EQ(platform.responses().at(1).headers.get("Lambda-Runtime-Invocation-Id"), std::nullopt);
}

TEST(LambdaLoopTest, case_09_the_trace_variable_follows_the_event) {
  LambdaPlatform platform;
  platform.add("1", {{kTraceId, "Root=1-5bef4de7;Sampled=1"}});
  platform.add("2");
  std::vector<std::string> seen;
  platform.run([&](const Delivery& delivery) {
    seen.push_back(variable("_X_AMZN_TRACE_ID"));
    return echo(delivery);
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"Root=1-5bef4de7;Sampled=1", "(unset)"}));
}

TEST(LambdaLoopTest, case_09_the_trace_variable_is_left_alone_with_several_workers) {
  ::unsetenv("_X_AMZN_TRACE_ID");
  LambdaPlatform platform;
  platform.add("1", {{kTraceId, "Root=1"}});
  std::string seen;
  platform.run(
      [&](const Delivery& delivery) {
        seen = variable("_X_AMZN_TRACE_ID");
        return echo(delivery);
      },
      2);
  EXPECT_EQ(seen, "(unset)");
}

TEST(LambdaLoopTest, case_10_a_throwing_handler_fails_its_event_alone) {
  LambdaPlatform platform;
  for (const char* payload : {"exception", "other", "fine"}) platform.add(payload);
  platform.run([](const Delivery& delivery) {
    if (delivery.payload == "exception") throw std::runtime_error("caf\xc3\xa9 \"x\"");
    if (delivery.payload == "other") throw 7;  // NOLINT(hicpp-exception-baseclass): the point
    return echo(delivery);
  });
  ASSERT_EQ(platform.errors().size(), 2U);
  EXPECT_EQ(platform.errors()[0].headers.get(kErrorType), "Function.Internal");
  EXPECT_NE(platform.errors()[0].body.find("caf\xc3\xa9 \\\"x\\\""), std::string::npos);
  EXPECT_EQ(platform.responses().at(0).body, "fine");
}

TEST(LambdaLoopTest, a_failure_without_a_cause_is_internal) {
  LambdaPlatform platform;
  platform.add("1");
  platform.run([](const Delivery&) {
    Item item;
    item.what = Item::What::retry;
    return Handled{"{}", {item}};
  });
  EXPECT_EQ(platform.errors().at(0).headers.get(kErrorType), "Function.Internal");
}

TEST(LambdaLoopTest, items_with_ids_of_their_own_are_a_response) {
  LambdaPlatform platform;
  platform.add("1");
  platform.run([](const Delivery&) {
    Item item;
    item.id = "message-7";
    item.what = Item::What::dead;
    return Handled{R"({"batchItemFailures":[{"itemIdentifier":"message-7"}]})", {item}};
  });
  EXPECT_EQ(platform.responses().size(), 1U);
  EXPECT_TRUE(platform.errors().empty());
}

TEST(LambdaLoopTest, case_16_a_past_deadline_leaves_no_time) {
  LambdaPlatform platform;
  for (const char* ms : {"1", "-9223372036854775808", "9223372036854775807"}) {
    platform.add("1", {{"Lambda-Runtime-Deadline-Ms", ms}});
  }
  std::vector<std::int64_t> left_ms;
  platform.run([&](const Delivery& delivery) {
    left_ms.push_back(delivery.deadline.remaining(SystemClock()).count());
    return echo(delivery);
  });
  EXPECT_EQ(left_ms, (std::vector<std::int64_t>{0, 0, std::numeric_limits<std::int64_t>::max()}));
}

TEST(LambdaLoopTest, case_17_an_event_without_a_request_id_is_passed_over) {
  LambdaPlatform platform;
  platform.add("1", {{"Lambda-Runtime-Aws-Request-Id", ""}});
  platform.add("2");
  platform.run(echo);
  ASSERT_EQ(platform.posts().size(), 1U);
  EXPECT_EQ(platform.posts()[0].body, "2");
  EXPECT_NE(platform.log_file().text().find("without a request id"), std::string::npos);
}

TEST(LambdaLoopTest, case_18_every_request_says_who_we_are) {
  LambdaPlatform platform;
  platform.add("1");
  platform.run(echo);
  for (const ScriptedRequest& request : platform.server().requests()) {
    EXPECT_EQ(request.headers.get("User-Agent"), "miniatura-test/1") << request.target;
  }
}

TEST(LambdaLoopTest, case_20_five_workers_answer_each_of_a_hundred_once) {
  LambdaPlatform platform;
  for (int i = 1; i <= 100; ++i) platform.add("request-" + std::to_string(i));
  EXPECT_EQ(platform.run(echo, 5), 1);
  std::map<std::string, int> answers;
  for (const ScriptedRequest& response : platform.responses()) {
    EXPECT_EQ(response.target, "/2018-06-01/runtime/invocation/" + response.body + "/response");
    ++answers[response.body];
  }
  EXPECT_EQ(answers.size(), 100U);
  for (const auto& [body, count] : answers) EXPECT_EQ(count, 1) << body;
  EXPECT_EQ(platform.polls().size(), 105U);
  EXPECT_EQ(platform.server().connections(), 5);
}

TEST(LambdaLoopTest, a_worker_has_a_handler_of_its_own) {
  LambdaPlatform platform;
  int made = 0;
  run_lambda_loop(platform.loop(3), [&] {
    ++made;
    return echo;
  });
  EXPECT_EQ(made, 3);
}

TEST(LambdaLoopTest, case_03_and_21_a_refused_answer_is_logged_and_the_next_event_served) {
  for (const int status : {400, 403, 410, 413, 404, 200, 302}) {
    LambdaPlatform platform;
    platform.add("1");
    platform.add("2");
    platform.status_of_post = [&](const ScriptedRequest& post) {
      return post.body == "1" ? status : 202;
    };
    platform.run(echo);
    EXPECT_TRUE(platform.errors().empty()) << status;
    EXPECT_EQ(platform.responses().size(), 2U) << status;
    EXPECT_NE(platform.log_file().text().find(std::to_string(status)), std::string::npos) << status;
  }
}

TEST(LambdaLoopTest, case_22_a_500_ends_the_loop) {
  LambdaPlatform platform;
  platform.add("1");
  platform.add("2");
  platform.status_of_post = [](const ScriptedRequest&) { return 500; };
  EXPECT_EQ(platform.run(echo), 1);
  EXPECT_EQ(platform.polls().size(), 1U);
}

TEST(LambdaLoopTest, case_25_one_connection_for_ten_invokes_and_a_413) {
  LambdaPlatform platform;
  for (int i = 1; i <= 10; ++i) platform.add(std::to_string(i));
  platform.status_of_post = [](const ScriptedRequest& post) {
    return post.body == "4" ? 413 : 202;
  };
  platform.run(echo);
  EXPECT_EQ(platform.responses().size(), 10U);
  EXPECT_EQ(platform.server().connections(), 1);
}

TEST(LambdaLoopTest, case_27_a_reply_of_the_largest_size_and_one_byte_more) {
  LambdaPlatform platform;
  for (const char* extra : {"", "x", "small"}) platform.add(extra);
  platform.status_of_post = [](const ScriptedRequest& post) {
    return post.body.size() > kLambdaReplyBytesMax ? 413 : 202;
  };
  platform.run([](const Delivery& delivery) {
    if (delivery.payload == "small") return replied("small");
    return replied(Bytes(6'291'556, 'r') + delivery.payload);
  });
  ASSERT_EQ(platform.posts().size(), 3U);
  EXPECT_EQ(platform.posts()[0].body.size(), 6'291'556U);
  EXPECT_EQ(platform.posts()[1].body.size(), 6'291'557U);
  EXPECT_EQ(platform.posts()[2].body, "small");
  EXPECT_TRUE(platform.errors().empty());
}

}  // namespace
}  // namespace miniatura
