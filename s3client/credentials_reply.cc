#include "s3client/credentials_reply.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "runtime/retry.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kAnswerBytesMax = std::uint64_t{64} * 1024;
constexpr std::size_t kCodeBytesMax = 64;
constexpr auto kTimeMax = 20s;
constexpr BackoffPolicy kPolicy = {.base = 50ms, .throttled_base = 200ms, .cap = 2s};

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Eats `text` from the front.
class Eater {
 public:
  explicit Eater(std::string_view text) : text_(text) {}

  bool is_at_end() const { return text_.empty(); }
  bool literal(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool digits(std::size_t count, int& value) {
    const std::string_view taken = text_.substr(0, count);
    const auto [rest, error] = std::from_chars(taken.data(), taken.data() + taken.size(), value);
    if (error != std::errc{} || rest != taken.data() + count || taken.front() == '-') return false;
    text_.remove_prefix(count);
    return true;
  }
  void any_digits() {
    while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9') text_.remove_prefix(1);
  }

 private:
  std::string_view text_;
};

}  // namespace

Result<HttpReply> ask_for_credentials(HttpTransport& transport, Clock& clock, HttpRequest request,
                                      int attempts_max) {
  BackoffPolicy policy = kPolicy;
  policy.attempts_max = attempts_max;
  const auto retrying = make_retrying_transport(transport, clock, system_random(), policy);
  request.deadline = Deadline::after(clock, kTimeMax);
  TRY(response, retrying->open(request));
  // Not send(): it names the URL, and a container's is as good as a password.
  TRY(body, read_all(*response.body, kAnswerBytesMax, ErrorCode::network_invalid, "the answer"));
  return HttpReply{response.status, std::move(response.headers), std::move(body)};
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
  credentials.expires = parse_time(expiration);
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

std::optional<Clock::Time> parse_time(std::string_view text) {
  using namespace std::chrono;
  Eater eater(text);
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  const bool is_written = eater.digits(4, y) && eater.literal('-') && eater.digits(2, mo) &&
                          eater.literal('-') && eater.digits(2, d) && eater.literal('T') &&
                          eater.digits(2, h) && eater.literal(':') && eater.digits(2, mi) &&
                          eater.literal(':') && eater.digits(2, s);
  const year_month_day day(year(y), month(static_cast<unsigned>(mo)),
                           std::chrono::day(static_cast<unsigned>(d)));
  // Clock::Time ends in 2262.
  if (!is_written || !day.ok() || y < 1970 || y > 2200 || h > 23 || mi > 59 || s > 60) {
    return std::nullopt;
  }
  if (eater.literal('.')) eater.any_digits();
  minutes offset{0};
  if (!eater.literal('Z')) {
    const bool is_east = eater.literal('+');
    int offset_h = 0, offset_m = 0;
    if ((!is_east && !eater.literal('-')) || !eater.digits(2, offset_h)) return std::nullopt;
    eater.literal(':');
    if (!eater.digits(2, offset_m) || offset_h > 23 || offset_m > 59) return std::nullopt;
    offset = (hours(offset_h) + minutes(offset_m)) * (is_east ? 1 : -1);
  }
  if (!eater.is_at_end()) return std::nullopt;
  return sys_days(day) + hours(h) + minutes(mi) + seconds(s) - offset;
}

}  // namespace miniatura
