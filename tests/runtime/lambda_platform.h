// Lambda as a custom runtime sees it: hands out the events that a test queued, takes the answers,
// and answers 500 to /next when there are no more, which ends the loop with exit code 1.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "runtime/curl_http.h"
#include "runtime/lambda_loop.h"
#include "tests/support/log_file.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_server.h"

namespace miniatura {

class LambdaPlatform {
 public:
  // The n-th event (from 1) has the request id "request-n".
  void add(Bytes payload, HttpHeaders headers = {}) {
    const std::lock_guard lock(mutex_);
    ScriptedReply event;
    event.body = std::move(payload);
    event.headers = std::move(headers);
    if (!event.headers.get("Lambda-Runtime-Aws-Request-Id")) {
      event.headers.add("Lambda-Runtime-Aws-Request-Id",
                        "request-" + std::to_string(events_.size() + 1));
    }
    events_.push_back(std::move(event));
  }

  // Set before the run. What a POST is answered with; 202 if not set.
  std::function<int(const ScriptedRequest&)> status_of_post;
  // Called when a worker asks for an event that is not there.
  std::function<void()> on_last_poll;

  ScriptedServer& server() { return server_; }
  const LogFile& log_file() const { return log_file_; }

  LambdaLoop loop(int workers = 1) {
    LambdaLoop loop;
    loop.endpoint = server_.host_port();
    loop.workers = workers;
    loop.make_transport = [this] {
      return make_curl_transport({.user_agent = "miniatura-test/1", .use_proxy = false}, clock_);
    };
    loop.log = &log_file_.log();
    loop.clock = &clock_;
    return loop;
  }
  int run(const HandleFn& handle, int workers = 1) {
    return run_lambda_loop(loop(workers), [&] { return handle; });
  }

  std::vector<ScriptedRequest> of(const std::string& method, const std::string& path_end) const {
    std::vector<ScriptedRequest> found;
    for (const ScriptedRequest& request : server_.requests()) {
      const std::string& target = request.target;
      if (request.method == method && target.size() >= path_end.size() &&
          target.compare(target.size() - path_end.size(), path_end.size(), path_end) == 0) {
        found.push_back(request);
      }
    }
    return found;
  }
  std::vector<ScriptedRequest> polls() const { return of("GET", "/invocation/next"); }
  std::vector<ScriptedRequest> posts() const { return of("POST", ""); }
  std::vector<ScriptedRequest> responses() const { return of("POST", "/response"); }
  std::vector<ScriptedRequest> errors() const { return of("POST", "/error"); }

 private:
  ScriptedReply reply(const ScriptedRequest& request) {
    ScriptedReply reply;
    if (request.target == "/2020-01-01/extension/register") {
      reply.headers.add("Lambda-Extension-Identifier", "extension-1");
      return reply;
    }
    if (request.target == "/2020-01-01/extension/event/next") {
      reply.delay = std::chrono::hours(1);
      return reply;
    }
    if (request.target == "/2018-06-01/runtime/restore/next") return reply;
    if (request.method == "POST") {
      reply.status = status_of_post ? status_of_post(request) : 202;
      return reply;
    }
    {
      const std::lock_guard lock(mutex_);
      if (given_ < events_.size()) return events_[given_++];
    }
    if (on_last_poll) on_last_poll();
    reply.status = 500;
    return reply;
  }

  std::mutex mutex_;
  std::vector<ScriptedReply> events_;
  std::size_t given_ = 0;
  LogFile log_file_;
  ManualClock clock_;
  ScriptedServer server_{[this](const ScriptedRequest& request) { return reply(request); }};
};

inline Handled replied(Bytes reply) { return {std::move(reply), {}}; }

inline Handled failed(ErrorCode code, std::string message) {
  Item item;
  item.what = Item::What::dead;
  item.why = Error{code, std::move(message), 0, {}, {}, {}};
  return {"{}", {item}};
}

}  // namespace miniatura
