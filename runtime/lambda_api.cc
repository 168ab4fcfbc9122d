#include "runtime/lambda_api.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "runtime/json.h"

namespace miniatura {
namespace {

constexpr std::uint64_t kPayloadBytesMax = std::uint64_t{32} << 20;
constexpr std::size_t kErrorCauseBytesMax = std::size_t{64} << 10;
constexpr std::size_t kErrorMessageBytesMax = std::size_t{64} << 10;
// The API is on this machine: an answer that takes longer than this to connect never comes.
constexpr std::chrono::milliseconds kConnectTimeout{1'000};

constexpr char kRuntime[] = "/2018-06-01/runtime";
constexpr char kExtension[] = "/2020-01-01/extension";
constexpr char kInvocationIdHeader[] = "Lambda-Runtime-Invocation-Id";
constexpr char kExtensionIdHeader[] = "Lambda-Extension-Identifier";

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
  return number;
}

// The platform's ids are UUIDs; whatever else one holds must not change the path.
std::string encoded(std::string_view id) {
  std::string text;
  for (const char c : id) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '-' || c == '_' || c == '.';
    if (plain) {
      text += c;
    } else {
      text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

std::string cropped(std::string_view text, std::size_t bytes_max) {
  return std::string(text.substr(0, bytes_max));  // a halved character becomes U+FFFD in JSON
}

tl::unexpected<Error> wrong_status(const char* what, int status) {
  Error error;
  error.code = ErrorCode::runtime_api;
  error.message = fmt::format("the Lambda Runtime API answered {} to {}", status, what);
  error.http_status = status;
  return fail(std::move(error));
}

}  // namespace

Deadline Invocation::deadline() const {
  if (!deadline_ms) return Deadline();
  using Tick = Clock::Time::duration;
  constexpr std::int64_t kMsMax =
      std::chrono::duration_cast<std::chrono::milliseconds>(Tick::max()).count();
  if (*deadline_ms >= kMsMax) return Deadline();
  const std::chrono::milliseconds since_epoch(std::max<std::int64_t>(*deadline_ms, 0));
  return Deadline(Clock::Time(std::chrono::duration_cast<Tick>(since_epoch)));
}

LambdaApi::LambdaApi(HttpTransport& transport, const std::string& endpoint)
    : transport_(transport), base_("http://" + endpoint) {}

HttpRequest LambdaApi::request(const char* method, const std::string& path) const {
  HttpRequest made;
  made.method = method;
  made.url = base_ + path;
  made.connect_timeout = kConnectTimeout;
  return made;
}

Result<Invocation> LambdaApi::next(const std::function<void()>& on_arrival) {
  HttpRequest poll = request("GET", fmt::format("{}/invocation/next", kRuntime));
  // The sandbox may be frozen in mid-poll for hours: silence means nothing.
  poll.stall_timeout = std::chrono::milliseconds(0);
  TRY(response, transport_.open(poll));
  if (response.status != 200) {
    response.body->cancel();
    return wrong_status("/invocation/next", response.status);
  }
  if (on_arrival) on_arrival();
  const HttpHeaders& headers = response.headers;
  Invocation invocation;
  invocation.request_id = headers.get_or("Lambda-Runtime-Aws-Request-Id", "");
  invocation.invocation_id = headers.get(kInvocationIdHeader);
  invocation.deadline_ms =
      number_in<std::int64_t>(headers.get_or("Lambda-Runtime-Deadline-Ms", ""));
  invocation.trace_id = headers.get_or("Lambda-Runtime-Trace-Id", "");
  invocation.function_arn = headers.get_or("Lambda-Runtime-Invoked-Function-Arn", "");
  invocation.tenant_id = headers.get_or("Lambda-Runtime-Aws-Tenant-Id", "");
  TRY(payload, read_all(*response.body, kPayloadBytesMax, ErrorCode::runtime_api,
                        "the event of request " + invocation.request_id));
  invocation.payload = std::move(payload);
  return invocation;
}

Result<int> LambdaApi::post(HttpRequest request, ByteView body) {
  request.body = body;
  request.headers.set("Content-Type", "application/json");
  TRY(reply, send(transport_, request));
  return reply.status;
}

Result<int> LambdaApi::post_response(const Invocation& invocation, ByteView body) {
  HttpRequest made = request(
      "POST", fmt::format("{}/invocation/{}/response", kRuntime, encoded(invocation.request_id)));
  if (invocation.invocation_id) made.headers.add(kInvocationIdHeader, *invocation.invocation_id);
  return post(std::move(made), body);
}

Result<int> LambdaApi::post_failure(const std::string& path, const Invocation* invocation,
                                    const LambdaError& error) {
  HttpRequest made = request("POST", path);
  made.headers.add("Lambda-Runtime-Function-Error-Type", error.type);
  made.headers.add("Lambda-Runtime-Function-XRay-Error-Cause", lambda_error_cause(error));
  if (invocation != nullptr && invocation->invocation_id) {
    made.headers.add(kInvocationIdHeader, *invocation->invocation_id);
  }
  const std::string body = lambda_error_body(error);
  return post(std::move(made), body);
}

Result<int> LambdaApi::post_error(const Invocation& invocation, const LambdaError& error) {
  return post_failure(
      fmt::format("{}/invocation/{}/error", kRuntime, encoded(invocation.request_id)), &invocation,
      error);
}

Result<int> LambdaApi::post_init_error(const LambdaError& error) {
  return post_failure(fmt::format("{}/init/error", kRuntime), nullptr, error);
}

Result<void> LambdaApi::wait_for_restore() {
  HttpRequest poll = request("GET", fmt::format("{}/restore/next", kRuntime));
  poll.stall_timeout = std::chrono::milliseconds(0);
  TRY(reply, send(transport_, poll));
  if (reply.status != 200) return wrong_status("/restore/next", reply.status);
  return {};
}

Result<std::string> LambdaApi::register_extension(const std::string& name) {
  HttpRequest made = request("POST", fmt::format("{}/register", kExtension));
  made.headers.add("Lambda-Extension-Name", name);
  made.headers.add("Content-Type", "application/json");
  made.body = R"({"events":[]})";
  TRY(reply, send(transport_, made));
  if (reply.status != 200) return wrong_status("/extension/register", reply.status);
  return reply.headers.get_or(kExtensionIdHeader, "");
}

Result<int> LambdaApi::next_extension_event(const std::string& identifier) {
  HttpRequest poll = request("GET", fmt::format("{}/event/next", kExtension));
  poll.stall_timeout = std::chrono::milliseconds(0);
  poll.headers.add(kExtensionIdHeader, identifier);
  TRY(reply, send(transport_, poll));
  return reply.status;
}

Result<void> check_lambda_endpoint(const std::string& endpoint) {
  const std::size_t colon = endpoint.rfind(':');
  const std::string host = endpoint.substr(0, colon);
  const auto port = colon == std::string::npos
                        ? std::nullopt
                        : number_in<std::uint16_t>(std::string_view(endpoint).substr(colon + 1));
  constexpr char kHostBytes[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
  const bool is_host = !host.empty() && host.find_first_not_of(kHostBytes) == std::string::npos;
  if (is_host && port && *port > 0) return {};
  return fail(
      ErrorCode::config_invalid,
      fmt::format("AWS_LAMBDA_RUNTIME_API: \"{}\" is not host:port", cropped(endpoint, 100)));
}

std::string lambda_error_body(const LambdaError& error) {
  return to_text({{"errorMessage", cropped(error.message, kErrorMessageBytesMax)},
                  {"errorType", error.type},
                  {"stackTrace", Json::array()}});
}

std::string lambda_error_cause(const LambdaError& error) {
  std::string message = cropped(error.message, kErrorCauseBytesMax);
  for (;;) {
    const Json exception = {{"type", error.type}, {"message", message}, {"stack", Json::array()}};
    const Json cause = {{"working_directory", ""},
                        {"exceptions", Json::array({exception})},
                        {"paths", Json::array()}};
    // In ASCII: what else a header may hold is not agreed upon.
    std::string text = cause.dump(-1, ' ', true, Json::error_handler_t::replace);
    if (text.size() <= kErrorCauseBytesMax || message.empty()) return text;
    message.resize(message.size() / 2);
  }
}

}  // namespace miniatura
