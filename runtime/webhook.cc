#include "runtime/webhook.h"

#include <utility>

#include "runtime/crypto.h"
#include "runtime/text.h"

namespace miniatura {
namespace {

constexpr std::string_view kEvents = "/events";
constexpr std::string_view kEventsPrefix = "/events/";

ServedReply not_found(std::string_view what) { return refusal(404, "http.not_found", what); }

// Of a fixed set: whoever asks for other paths makes no new series.
std::string path_label(std::string_view path) {
  if (path == kEvents || is_watch_path(path)) return std::string(path);
  return path.starts_with(kEventsPrefix) ? "/events/ID" : "other";
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
    json["error"] = error_json(*entry.code, entry.message.value_or(""));
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
  if (is_watch_path(request.path)) return serve_watch(setting_.watch, metrics_, request, counted);
  if (label == "other") {
    return counted(not_found("there are /events, /healthz, /readyz and /metrics"));
  }
  const bool is_post = request.path == kEvents;
  if (is_post ? request.method != "POST" : request.method != "GET" && request.method != "HEAD") {
    return counted(wrong_method(label, is_post ? "POST" : "GET, HEAD"));
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
  if (is_post) return post_event(std::move(request), counted);
  get_event(request.path.substr(kEventsPrefix.size()), counted);
}

void Webhook::post_event(ServedRequest request, const RespondFn& respond) const {
  const auto checked = setting_.check(request.body);
  if (!checked) return respond(refusal(400, checked.error()));
  InboxPut put{std::move(request.body), "webhook", request.headers.get_or("x-amzn-trace-id", "")};
  // Answered by the inbox's thread, when it is on the disk and not before.
  inbox_.put(std::move(put), [this, respond](Result<std::string> id) {
    if (id) return respond(json_reply(200, {{"id", *id}}));
    log_.write(LogLevel::error, "a delivery could not be taken; its sender has to repeat it",
               {{"error", error_json(id.error())}});
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

}  // namespace miniatura
