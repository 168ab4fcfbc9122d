// How the loop starts and ends: settings, init errors, an API that is not there, SIGTERM.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <future>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "runtime/lambda_loop.h"
#include "tests/runtime/lambda_platform.h"

namespace miniatura {
namespace {

Handled echo(const Delivery& delivery) { return replied(delivery.payload); }

Result<LambdaLoop> loop_of(std::map<std::string, std::string> variables) {
  const Environment environment(std::move(variables));
  TRY(loop, lambda_loop_from(environment));
  CHECKED(read_settings(environment, loop));
  return loop;
}

TEST(LambdaLoopFromTest, reads_endpoint_workers_and_extension) {
  const auto loop = loop_of({{"AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"},
                             {"AWS_LAMBDA_MAX_CONCURRENCY", "8"},
                             {"MINIATURA_LAMBDA_EXTENSION", "1"}});
  ASSERT_TRUE(loop) << loop.error().message;
  EXPECT_EQ(loop->endpoint, "127.0.0.1:9001");
  EXPECT_EQ(loop->workers, 8);
  EXPECT_TRUE(loop->extension);
}

TEST(LambdaLoopFromTest, by_default_one_worker_and_no_extension) {
  const auto loop = loop_of({{"AWS_LAMBDA_RUNTIME_API", "localhost:9001"}});
  ASSERT_TRUE(loop) << loop.error().message;
  EXPECT_EQ(loop->workers, 1);
  EXPECT_FALSE(loop->extension);
}

TEST(LambdaLoopFromTest, the_way_it_is_started_says_who_waits_for_it) {
  const struct {
    const char* start;
    bool snap_start;
    bool starts_ahead;
  } rows[] = {{"", false, false},
              {"on-demand", false, false},
              {"snap-start", true, false},
              {"provisioned-concurrency", false, true},
              {"lambda-managed-instances", false, true},
              {"of-next-year", false, false}};
  for (const auto& row : rows) {
    const auto loop =
        loop_of({{"AWS_LAMBDA_RUNTIME_API", "h:1"}, {"AWS_LAMBDA_INITIALIZATION_TYPE", row.start}});
    ASSERT_TRUE(loop) << row.start;
    EXPECT_EQ(loop->snap_start, row.snap_start) << row.start;
    EXPECT_EQ(loop->starts_ahead, row.starts_ahead) << row.start;
  }
}

TEST(LambdaLoopFromTest, without_the_api_it_says_so) {
  const auto loop = loop_of({});
  ASSERT_FALSE(loop);
  EXPECT_EQ(loop.error().code, ErrorCode::config_missing);
  EXPECT_NE(loop.error().message.find("AWS_LAMBDA_RUNTIME_API"), std::string::npos);
}

TEST(LambdaLoopFromTest, wrong_settings_are_named) {
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"AWS_LAMBDA_MAX_CONCURRENCY", "0"}, {"MINIATURA_LAMBDA_EXTENSION", "yes"}}) {
    const auto loop = loop_of({{"AWS_LAMBDA_RUNTIME_API", "h:1"}, {name, value}});
    ASSERT_FALSE(loop) << name;
    EXPECT_EQ(loop.error().code, ErrorCode::config_invalid);
    EXPECT_NE(loop.error().message.find(name), std::string::npos) << loop.error().message;
  }
}

TEST(LambdaLoopFromTest, wrong_settings_leave_an_endpoint_to_tell_so) {
  const Environment environment(
      {{"AWS_LAMBDA_RUNTIME_API", "h:1"}, {"AWS_LAMBDA_MAX_CONCURRENCY", "abc"}});
  auto loop = lambda_loop_from(environment);
  ASSERT_TRUE(loop) << loop.error().message;
  EXPECT_EQ(loop->endpoint, "h:1");
  EXPECT_EQ(read_settings(environment, *loop).error().code, ErrorCode::config_invalid);
}

TEST(LambdaLoopEndTest, case_05_a_malformed_endpoint_is_an_error) {
  for (const char* endpoint :
       {"", "nonsense", "host:99999", "host:", ":80", "http://host:80/", "h:0", "h:1:x", "a b:1"}) {
    LambdaPlatform platform;
    LambdaLoop loop = platform.loop();
    loop.endpoint = endpoint;
    EXPECT_EQ(run_lambda_loop(loop, [] { return echo; }), 1) << endpoint;
    EXPECT_NE(platform.log_file().text().find("AWS_LAMBDA_RUNTIME_API"), std::string::npos);
    if (*endpoint != '\0') {
      EXPECT_EQ(loop_of({{"AWS_LAMBDA_RUNTIME_API", endpoint}}).error().code,
                ErrorCode::config_invalid)
          << endpoint;
    }
  }
}

// Counts what a refused connection answers.
class Refusing : public HttpTransport {
 public:
  explicit Refusing(int& tries) : tries_(tries) {}
  Result<HttpResponse> open(const HttpRequest&) override {
    ++tries_;
    return fail(ErrorCode::network_unreachable, "refused");
  }
  std::vector<Result<HttpResponse>> send_all(std::span<const HttpRequest>) override { return {}; }

 private:
  int& tries_;
};

TEST(LambdaLoopEndTest, case_23_a_refused_connection_is_tried_a_few_times) {
  LambdaPlatform platform;
  LambdaLoop loop = platform.loop();
  int tries = 0;
  loop.make_transport = [&] { return std::make_unique<Refusing>(tries); };
  EXPECT_EQ(run_lambda_loop(loop, [] { return echo; }), 1);
  EXPECT_EQ(tries, 4);
  EXPECT_NE(platform.log_file().text().find("refused"), std::string::npos);
}

TEST(LambdaLoopEndTest, case_23_nobody_listens) {
  LambdaPlatform platform;
  LambdaLoop loop = platform.loop();
  loop.endpoint = "127.0.0.1:1";
  EXPECT_EQ(run_lambda_loop(loop, [] { return echo; }), 1);
}

TEST(LambdaLoopEndTest, an_answer_that_meets_a_reset_is_posted_again) {
  ScriptedServer server;
  server.push(200, "1", {{"Lambda-Runtime-Aws-Request-Id", "request-1"}});
  ScriptedReply reset;
  reset.fault = ScriptedReply::Fault::reset_before_reply;
  server.push(reset);
  server.push(202);
  server.push(500);
  LambdaPlatform platform;
  LambdaLoop loop = platform.loop();
  loop.endpoint = server.host_port();
  EXPECT_EQ(run_lambda_loop(loop, [] { return echo; }), 1);
  ASSERT_EQ(server.requests().size(), 4U);
  EXPECT_EQ(server.requests()[2].target, server.requests()[1].target);
  EXPECT_EQ(server.requests()[3].method, "GET");
}

TEST(LambdaLoopEndTest, case_26_a_failing_init_is_told_and_takes_no_event) {
  LambdaPlatform platform;
  platform.add("1");
  const Error error{ErrorCode::config_invalid, "rules[0]: no preset \"smal\"", 0, {}, {}, {}};
  EXPECT_EQ(run_lambda_loop(
                platform.loop(), [] { return echo; }, error),
            1);
  ASSERT_EQ(platform.server().requests().size(), 1U);
  const ScriptedRequest post = platform.server().requests()[0];
  EXPECT_EQ(post.target, "/2018-06-01/runtime/init/error");
  EXPECT_EQ(post.headers.get("Lambda-Runtime-Function-Error-Type"), "Function.ConfigInvalid");
  EXPECT_NE(post.body.find(R"(no preset \"smal\")"), std::string::npos) << post.body;
}

TEST(LambdaLoopEndTest, case_26_a_factory_that_throws_is_a_failing_init) {
  LambdaPlatform platform;
  platform.add("1");
  const auto factory = []() -> HandleFn { throw std::runtime_error("no model"); };
  EXPECT_EQ(run_lambda_loop(platform.loop(3), factory), 1);
  ASSERT_EQ(platform.server().requests().size(), 1U);
  EXPECT_EQ(platform.server().requests()[0].target, "/2018-06-01/runtime/init/error");
  EXPECT_NE(platform.server().requests()[0].body.find("no model"), std::string::npos);
}

TEST(LambdaLoopEndTest, a_snapshot_is_waited_for_once_on_a_connection_that_goes_with_it) {
  LambdaPlatform platform;
  platform.add("1");
  LambdaLoop loop = platform.loop(2);
  loop.snap_start = true;
  run_lambda_loop(loop, [] { return echo; });
  const auto requests = platform.server().requests();
  EXPECT_EQ(requests.at(0).target, "/2018-06-01/runtime/restore/next");
  EXPECT_EQ(platform.of("GET", "/restore/next").size(), 1U);
  for (const ScriptedRequest& poll : platform.polls()) EXPECT_NE(poll.connection, 1);
  EXPECT_EQ(platform.responses().size(), 1U);
}

TEST(LambdaLoopEndTest, one_failing_worker_leaves_the_other_at_work) {
  LambdaPlatform platform;
  for (int i = 1; i <= 6; ++i) platform.add(std::to_string(i));
  // The 500 to this one ends its worker; the rest is for the other.
  platform.status_of_post = [](const ScriptedRequest& post) {
    return post.body == "2" ? 500 : 202;
  };
  EXPECT_EQ(platform.run(echo, 2), 1);
  EXPECT_EQ(platform.responses().size(), 6U);
}

TEST(LambdaLoopEndTest, the_extension_is_registered_before_the_first_event_is_taken) {
  LambdaPlatform platform;
  LambdaLoop loop = platform.loop();
  loop.extension = true;
  platform.on_last_poll = [&] {
    // The extension's own poll runs on its own thread: wait for it, whichever comes first.
    while (platform.of("GET", "/extension/event/next").empty()) std::this_thread::yield();
  };
  EXPECT_EQ(run_lambda_loop(loop, [] { return echo; }), 1);
  const ScriptedRequest first = platform.server().requests().at(0);
  EXPECT_EQ(first.target, "/2020-01-01/extension/register");
  EXPECT_EQ(first.headers.get("Lambda-Extension-Name"), "miniatura");
  EXPECT_EQ(first.body, R"({"events":[]})");
  EXPECT_EQ(
      platform.of("GET", "/extension/event/next").at(0).headers.get("Lambda-Extension-Identifier"),
      "extension-1");
}

// SIGTERM comes while the first payload does.
class EndingInMidEvent : public HttpTransport {
 public:
  explicit EndingInMidEvent(std::vector<std::string>& sent) : sent_(sent) {}
  Result<HttpResponse> open(const HttpRequest& request) override {
    sent_.push_back(request.method + " " + request.url);
    if (request.method == "POST") return HttpResponse{202, {}, std::make_unique<MemorySource>("")};
    return HttpResponse{
        200, {{"Lambda-Runtime-Aws-Request-Id", "request-1"}}, std::make_unique<Payload>()};
  }
  std::vector<Result<HttpResponse>> send_all(std::span<const HttpRequest>) override { return {}; }

 private:
  class Payload : public ByteSource {
    Result<std::size_t> pull(std::span<char> buffer) override {
      if (std::exchange(sent_, true)) return 0;
      static_cast<void>(std::raise(SIGTERM));
      buffer[0] = '1';
      return 1;
    }
    bool sent_ = false;
  };
  std::vector<std::string>& sent_;
};

// In a process of its own: the loop ends it. The exit code says what was seen.
class LambdaSigtermDeathTest : public testing::Test {
 protected:
  void SetUp() override { testing::FLAGS_gtest_death_test_style = "threadsafe"; }

  static constexpr int kUnexpected = 3;
  static constexpr int kReturned = 4;

  // The loop comes back by itself: not by an exit that skips what its caller has yet to do.
  [[noreturn]] static void run_with_the_only_worker_busy() {
    LambdaPlatform platform;
    platform.add("1");
    platform.add("2");
    const int code = platform.run([](const Delivery& delivery) {
      static_cast<void>(std::raise(SIGTERM));
      return echo(delivery);
    });
    const bool drained = platform.polls().size() == 1 && platform.responses().size() == 1;
    ::_exit(code == 0 && drained ? kReturned : kUnexpected);
  }

  [[noreturn]] static void run_while_idle() {
    LambdaPlatform platform;
    platform.add("1");
    platform.on_last_poll = [&] {
      if (platform.responses().size() != 1) ::_exit(kUnexpected);
      ::kill(::getpid(), SIGTERM);
      for (;;) ::pause();
    };
    LambdaLoop loop = platform.loop();
    loop.extension = true;
    run_lambda_loop(loop, [] { return echo; });
    ::_exit(kUnexpected);
  }

  // One of two workers waits, the other has an event in hand whose POST must still come.
  [[noreturn]] static void run_with_one_of_two_busy() {
    LambdaPlatform platform;
    platform.add("1");
    std::promise<void> other_waits;
    std::once_flag told;  // the busy one may ask as well before it has heard of its end
    platform.status_of_post = [&](const ScriptedRequest&) {
      // The parent reads it: nothing else of this process is left to ask.
      static_cast<void>(std::fputs("posted\n", stderr));
      return 202;
    };
    platform.on_last_poll = [&] {
      std::call_once(told, [&] { other_waits.set_value(); });
      for (;;) ::pause();
    };
    run_lambda_loop(platform.loop(2), [&] {
      return [&](const Delivery& delivery) {
        other_waits.get_future().wait();
        ::kill(::getpid(), SIGTERM);
        return echo(delivery);
      };
    });
    ::_exit(kUnexpected);
  }

  // One of two workers meets a fault, the other waits.
  [[noreturn]] static void run_while_idle_after_a_fault() {
    LambdaPlatform platform;
    platform.add("1");
    platform.status_of_post = [](const ScriptedRequest&) { return 500; };
    platform.on_last_poll = [&] {
      // Logged, the fault is about to be noted.
      while (platform.log_file().text().find("refused the answer") == std::string::npos) {
        std::this_thread::yield();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      ::kill(::getpid(), SIGTERM);
      for (;;) ::pause();
    };
    platform.run(echo, 2);
    ::_exit(kUnexpected);
  }

  // An event of which the headers are there and the payload is yet to come.
  [[noreturn]] static void run_with_an_event_that_arrives() {
    std::vector<std::string> sent;
    LambdaPlatform platform;
    LambdaLoop loop = platform.loop();
    loop.make_transport = [&] { return std::make_unique<EndingInMidEvent>(sent); };
    const int code = run_lambda_loop(loop, [] { return echo; });
    const bool answered = sent.size() == 2 && sent[1].substr(0, 4) == "POST";
    ::_exit(code == 0 && answered ? kReturned : kUnexpected);
  }
};

TEST_F(LambdaSigtermDeathTest, case_28_sigterm_during_an_event_drains_it_and_returns) {
  EXPECT_EXIT(run_with_the_only_worker_busy(), testing::ExitedWithCode(kReturned), "");
}

TEST_F(LambdaSigtermDeathTest, case_28_sigterm_while_idle_ends_the_process_with_0) {
  EXPECT_EXIT(run_while_idle(), testing::ExitedWithCode(0), "");
}

TEST_F(LambdaSigtermDeathTest, case_28_sigterm_with_one_of_two_workers_busy_ends_with_0) {
  EXPECT_EXIT(run_with_one_of_two_busy(), testing::ExitedWithCode(0), "posted");
}

TEST_F(LambdaSigtermDeathTest, sigterm_while_an_event_arrives_leaves_it_answered) {
  EXPECT_EXIT(run_with_an_event_that_arrives(), testing::ExitedWithCode(kReturned), "");
}

TEST_F(LambdaSigtermDeathTest, sigterm_after_a_fault_of_one_worker_ends_with_1) {
  EXPECT_EXIT(run_while_idle_after_a_fault(), testing::ExitedWithCode(1), "");
}

}  // namespace
}  // namespace miniatura
