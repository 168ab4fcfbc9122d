#include "runtime/watch.h"

#include <fmt/core.h>

namespace miniatura {

ServedReply json_reply(int status, const Json& body) {
  ServedReply reply;
  reply.status = status;
  reply.body = to_text(body) + "\n";
  return reply;
}

ServedReply refusal(int status, std::string_view code, std::string_view message) {
  return json_reply(status, {{"error", error_json(code, message)}});
}

ServedReply refusal(int status, const Error& error) {
  return refusal(status, code_name(error.code), error.message);
}

ServedReply wrong_method(std::string_view path, std::string_view methods) {
  auto reply = refusal(405, "http.method", fmt::format("{} takes {}", path, methods));
  reply.headers.add("Allow", std::string(methods));
  return reply;
}

bool is_watch_path(std::string_view path) {
  return path == "/healthz" || path == "/readyz" || path == "/metrics";
}

void serve_watch(const WatchSetting& setting, Metrics& metrics, const ServedRequest& request,
                 const RespondFn& respond) {
  const std::string_view path = request.path;
  if (!is_watch_path(path)) {
    return respond(refusal(404, "http.not_found", "there are /healthz, /readyz and /metrics"));
  }
  if (request.method != "GET" && request.method != "HEAD") {
    return respond(wrong_method(path, "GET, HEAD"));
  }
  if (path == "/healthz") return respond(json_reply(200, {{"status", "ok"}}));
  if (path == "/metrics") {
    return setting.refresh_metrics([&metrics, respond] {
      respond({200, kMetricsContentType, metrics.text(), {}});
    });
  }
  setting.readiness([respond](const std::vector<std::string>& reasons) {
    respond(json_reply(reasons.empty() ? 200 : 503,
                       {{"ready", reasons.empty()}, {"reasons", reasons}}));
  });
}

}  // namespace miniatura
