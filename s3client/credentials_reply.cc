#include "s3client/credentials_reply.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "runtime/retry.h"
#include "s3client/recovery.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kAnswerBytesMax = std::uint64_t{64} * 1024;
constexpr std::size_t kCodeBytesMax = 64;
constexpr auto kTimeMax = 20s;
constexpr BackoffPolicy kPolicy = {.base = 100ms, .throttled_base = 100ms, .cap = 2s};

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

Result<HttpReply> ask_once(HttpTransport& transport, const HttpRequest& request) {
  TRY(response, transport.open(request));
  // Not send(): it names the URL, and a container's is as good as a password.
  TRY(body, read_all(*response.body, kAnswerBytesMax, ErrorCode::network_invalid, "the answer"));
  return HttpReply{response.status, std::move(response.headers), std::move(body)};
}

}  // namespace

bool is_busy(int status) {
  const Recovery recovery = verdict_of(status, "", false).recovery;
  return recovery == Recovery::retry || recovery == Recovery::retry_slowly;
}

Result<HttpReply> ask_for_credentials(HttpTransport& transport, Clock& clock, HttpRequest request,
                                      int attempts_max) {
  request.deadline = Deadline::after(clock, kTimeMax);
  BackoffPolicy policy = kPolicy;
  policy.attempts_max = attempts_max;
  for (int attempt = 1;; ++attempt) {
    auto reply = ask_once(transport, request);
    const bool is_final =
        reply ? !is_busy(reply->status) : !is_retryable_network_error(reply.error().code);
    if (is_final) return reply;
    const auto asked_for = reply ? retry_after(reply->headers, clock.now()) : std::nullopt;
    const auto wait = wait_before_retry(policy, attempt, system_random()(), asked_for,
                                        request.deadline.remaining(clock));
    if (!wait) return reply;
    clock.sleep_for(*wait);
  }
}

Error no_credentials(std::string_view place, std::string_view why) {
  Error error;
  error.code = ErrorCode::credentials_missing;
  error.message = fmt::format("{}: {}", place, why);
  return error;
}

Error refused_credentials(std::string_view place, int status, std::string_view code) {
  const bool is_word = !code.empty() && code.size() <= kCodeBytesMax &&
                       std::all_of(code.begin(), code.end(), is_letter_or_digit);
  Error error = no_credentials(place, fmt::format("HTTP {}", status));
  error.http_status = status;
  if (is_word) {
    error.service_code = code;
    error.message += fmt::format(" {}", code);
  }
  return error;
}

Result<Json> json_answer(ByteView text, std::string_view place) {
  auto json = parse_json(text, place);
  if (!json || !json->is_object())
    return fail(no_credentials(place, "the answer is no JSON object"));
  return json;
}

Result<Credentials> checked_credentials(Credentials credentials, std::string_view expiration,
                                        std::string_view place) {
  const auto lacks = [&](const char* field) {
    return fail(no_credentials(place, fmt::format("the answer has no {}", field)));
  };
  if (credentials.access_key.empty()) return lacks("AccessKeyId");
  if (credentials.secret_key.empty()) return lacks("SecretAccessKey");
  if (const auto checked =
          check_credentials(credentials, {"AccessKeyId", "SecretAccessKey", "the session token"});
      !checked) {
    return fail(no_credentials(place, checked.error().message));
  }
  if (expiration.empty()) return credentials;
  credentials.expires = parse_iso_time(std::string(expiration));
  if (!credentials.expires) return fail(no_credentials(place, "Expiration is no time"));
  return credentials;
}

Result<Credentials> credentials_in(const Json& answer, const char* token_field,
                                   std::string_view place) {
  const Json* const expiration = member(answer, "Expiration");
  if (expiration != nullptr && !expiration->is_string() && !expiration->is_null()) {
    return fail(no_credentials(place, "Expiration is no time"));
  }
  return checked_credentials({string_at(answer, "AccessKeyId"),
                              string_at(answer, "SecretAccessKey"), string_at(answer, token_field)},
                             string_at(answer, "Expiration"), place);
}

}  // namespace miniatura
