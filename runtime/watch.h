// What those see by HTTP who look after a process: a page a question, none of which needs a token.
//
//   GET /healthz   200 while this process runs
//   GET /readyz    200, or 503 with the reasons
//   GET /metrics   Prometheus' text form
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/error.h"
#include "runtime/http_server.h"
#include "runtime/json.h"
#include "runtime/metrics.h"

namespace miniatura {

struct WatchSetting {
  // Gives the reasons not to be ready, none if all is well; calls back from any thread.
  std::function<void(std::function<void(std::vector<std::string>)>)> readiness;
  // Brings gauges up to date before they are read, and calls back from any thread.
  std::function<void(std::function<void()>)> refresh_metrics;
};

// A ServeFn, once what it borrows is bound. Any other path is answered 404, any other method 405.
void serve_watch(const WatchSetting& setting, Metrics& metrics, const ServedRequest& request,
                 const RespondFn& respond);
bool is_watch_path(std::string_view path);

// What every page says.
ServedReply json_reply(int status, const Json& body);
ServedReply refusal(int status, std::string_view code, std::string_view message);
ServedReply refusal(int status, const Error& error);
// With the Allow header.
ServedReply wrong_method(std::string_view path, std::string_view methods);

}  // namespace miniatura
