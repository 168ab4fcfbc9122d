#include "runtime/webhook.h"

#include <fmt/core.h>

#include <array>
#include <utility>

#include "runtime/crypto.h"
#include "runtime/text.h"

namespace miniatura {
namespace {

constexpr std::string_view kEvents = "/events";
constexpr std::string_view kEventsPrefix = "/events/";

ServedReply json_reply(int status, const Json& body) {
  ServedReply reply;
  reply.status = status;
  reply.body = to_text(body) + "\n";
  return reply;
}

ServedReply refusal(int status, std::string_view code, std::string_view message) {
  return json_reply(status, {{"error", {{"code", code}, {"message", message}}}});
}

ServedReply refusal(int status, const Error& error) {
  return refusal(status, code_name(error.code), error.message);
}

ServedReply not_found(std::string_view what) { return refusal(404, "http.not_found", what); }

// Of a fixed set: whoever asks for other paths makes no new series.
std::string path_label(std::string_view path) {
  static constexpr std::array kPaths = {kEvents, std::string_view("/healthz"),
                                        std::string_view("/readyz"), std::string_view("/metrics")};
  for (const std::string_view known : kPaths) {
    if (path == known) return std::string(known);
  }
  return path.starts_with(kEventsPrefix) ? "/events/ID" : "other";
}

// Which methods a path has; none: there is no such path.
std::string_view methods_of(std::string_view path) {
  if (path == kEvents) return "POST";
  return path_label(path) == "other" ? "" : "GET, HEAD";
}

bool is_allowed(std::string_view methods, std::string_view method) {
  return methods == method || (methods == "GET, HEAD" && (method == "GET" || method == "HEAD"));
}

std::string_view after(std::string_view text, std::size_t count) {
  text.remove_prefix(std::min(count, text.size()));
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

bool has_scheme(std::string_view value, std::string_view scheme) {
  return value.size() > scheme.size() && value[scheme.size()] == ' ' &&
         lower_case(value.substr(0, scheme.size())) == scheme;
}

}  // namespace

Permission permission(const HttpHeaders& headers, const std::string& token) {
  if (token.empty()) return Permission::granted;
  const std::string header = headers.get_or("authorization", "");
  if (header.empty()) return Permission::missing;
  // All are compared, so that the time tells nothing of which was nearly right.
  bool is_right = same_secret(header, token);
  if (has_scheme(header, "bearer")) is_right |= same_secret(after(header, 6), token);
  if (has_scheme(header, "basic")) {
    const std::string user_and_password = base64_decoded(after(header, 5)).value_or("");
    const std::size_t colon = user_and_password.find(':');
    const std::string_view password =
        colon == std::string::npos ? "" : std::string_view(user_and_password).substr(colon + 1);
    is_right |= same_secret(password, token);
  }
  return is_right ? Permission::granted : Permission::wrong;
}

Json entry_json(const InboxEntry& entry) {
  Json json = {{"id", entry.id},
               {"state", state_name(entry.state)},
               {"door", entry.door},
               {"received", iso_time(entry.received)},
               {"changed", iso_time(entry.changed)},
               {"attempts", entry.attempts}};
  if (entry.code) {
    json["failure_type"] = failure_type_name(entry.failure_type);
    json["error"] = {{"code", *entry.code}, {"message", entry.message.value_or("")}};
  }
  if (!entry.reply.empty()) {
    // One that was cropped is no JSON any more.
    if (auto reply = parse_json(entry.reply, "reply")) json["reply"] = *std::move(reply);
  }
  return json;
}

Webhook::Webhook(WebhookSetting setting, Inbox& inbox, Metrics& metrics, const Log& log)
    : setting_(std::move(setting)), inbox_(inbox), metrics_(metrics), log_(log) {}

void Webhook::serve(ServedRequest request, RespondFn respond) const {
  const std::string label = path_label(request.path);
  const RespondFn counted = [this, label, respond = std::move(respond)](ServedReply reply) {
    metrics_.count(setting_.requests_counter,
                   {{"path", label}, {"status", std::to_string(reply.status)}});
    respond(std::move(reply));
  };
  const std::string_view methods = methods_of(request.path);
  if (methods.empty()) {
    return counted(not_found("there are /events, /healthz, /readyz and /metrics"));
  }
  if (!is_allowed(methods, request.method)) {
    auto reply = refusal(405, "http.method", fmt::format("{} takes {}", label, methods));
    reply.headers.add("Allow", std::string(methods));
    return counted(std::move(reply));
  }
  if (label == "/healthz") return counted(json_reply(200, {{"status", "ok"}}));
  if (label == "/readyz") return get_readiness(counted);
  if (label == "/metrics") {
    return setting_.refresh_metrics([this, counted] {
      counted({200, kMetricsContentType, metrics_.text(), {}});
    });
  }
  switch (permission(request.headers, setting_.token)) {
    case Permission::granted:
      break;
    case Permission::missing: {
      auto reply = refusal(401, "http.unauthorized", "an Authorization header is needed");
      reply.headers.add("WWW-Authenticate", "Bearer");
      return counted(std::move(reply));
    }
    case Permission::wrong:
      return counted(refusal(403, "http.forbidden", "not the token that is wanted here"));
  }
  if (request.path == kEvents) return post_event(std::move(request), counted);
  get_event(request.path.substr(kEventsPrefix.size()), counted);
}

void Webhook::post_event(ServedRequest request, const RespondFn& respond) const {
  const auto checked = setting_.check(request.body);
  if (!checked) return respond(refusal(400, checked.error()));
  InboxPut put{std::move(request.body), "webhook", request.headers.get_or("x-amzn-trace-id", "")};
  // Answered by the inbox's thread, when it is on the disk and not before.
  inbox_.put(std::move(put), [this, respond](Result<std::string> id) {
    if (id) return respond(json_reply(200, {{"id", *id}}));
    log_.write(
        LogLevel::error, "a delivery could not be taken; its sender has to repeat it",
        {{"error", {{"code", code_name(id.error().code)}, {"message", id.error().message}}}});
    auto reply = refusal(503, id.error());
    reply.headers.add("Retry-After", "5");
    respond(std::move(reply));
  });
}

void Webhook::get_event(const std::string& id, const RespondFn& respond) const {
  inbox_.find(id, [respond](const Result<std::optional<InboxEntry>>& entry) {
    if (!entry) return respond(refusal(503, entry.error()));
    if (!*entry) {
      return respond(not_found("no such event: it never came, or is done and forgotten since"));
    }
    respond(json_reply(200, entry_json(**entry)));
  });
}

void Webhook::get_readiness(const RespondFn& respond) const {
  setting_.readiness([respond](const std::vector<std::string>& reasons) {
    respond(json_reply(reasons.empty() ? 200 : 503,
                       {{"ready", reasons.empty()}, {"reasons", reasons}}));
  });
}

}  // namespace miniatura
