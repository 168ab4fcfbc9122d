#include "s3client/s3_error.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "s3client/uri.h"
#include "s3client/xml.h"

namespace miniatura {
namespace {

constexpr std::size_t kWordsBytesMax = 500;  // of the service's message that we repeat
constexpr int kRetryAfterSecondsMax = 24 * 3600;

struct Meaning {
  std::string_view service_code;
  ErrorCode code;
};

// S3's "List of error codes", STS's, and MinIO's own.
constexpr Meaning kMeanings[] = {
    {"NoSuchKey", ErrorCode::store_not_found},
    {"NoSuchVersion", ErrorCode::store_not_found},
    {"NoSuchBucket", ErrorCode::store_no_bucket},
    {"AccessDenied", ErrorCode::store_denied},
    {"AllAccessDisabled", ErrorCode::store_denied},
    {"AuthorizationHeaderMalformed", ErrorCode::store_denied},  // signed for another region
    {"AccountProblem", ErrorCode::store_denied},
    {"IllegalLocationConstraintException", ErrorCode::store_denied},  // as PermanentRedirect
    {"InvalidAccessKeyId", ErrorCode::store_denied},
    {"NotSignedUp", ErrorCode::store_denied},
    {"PermanentRedirect", ErrorCode::store_denied},  // asked at another region's endpoint
    {"RequestExpired", ErrorCode::store_denied},
    {"RequestTimeTooSkewed", ErrorCode::store_denied},
    {"SignatureDoesNotMatch", ErrorCode::store_denied},
    {"ExpiredToken", ErrorCode::credentials_expired},
    {"ExpiredTokenException", ErrorCode::credentials_expired},
    {"InvalidToken", ErrorCode::credentials_expired},
    {"TokenRefreshRequired", ErrorCode::credentials_expired},
    {"ConditionalRequestConflict", ErrorCode::store_precondition_failed},
    {"PreconditionFailed", ErrorCode::store_precondition_failed},
    {"BandwidthLimitExceeded", ErrorCode::store_unavailable},
    {"InternalError", ErrorCode::store_unavailable},
    {"InternalFailure", ErrorCode::store_unavailable},
    {"KMS.ThrottlingException", ErrorCode::store_unavailable},
    {"OperationAborted", ErrorCode::store_unavailable},
    {"PriorRequestNotComplete", ErrorCode::store_unavailable},
    {"RequestLimitExceeded", ErrorCode::store_unavailable},
    {"RequestThrottled", ErrorCode::store_unavailable},
    {"RequestTimeout", ErrorCode::store_unavailable},
    {"ServiceUnavailable", ErrorCode::store_unavailable},
    {"TemporaryRedirect", ErrorCode::store_unavailable},  // a bucket so new that DNS lags behind
    {"InvalidURI", ErrorCode::store_invalid_key},
    {"KeyTooLong", ErrorCode::store_invalid_key},
    {"KeyTooLongError", ErrorCode::store_invalid_key},
    {"XMinioInvalidObjectName", ErrorCode::store_invalid_key},
    {"XMinioInvalidResourceName", ErrorCode::store_invalid_key},
    {"InvalidObjectState", ErrorCode::store_rejected},
    {"NotImplemented", ErrorCode::store_rejected},
};

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

std::optional<ErrorCode> by_service_code(std::string_view service_code) {
  for (const Meaning& meaning : kMeanings) {
    if (meaning.service_code == service_code) return meaning.code;
  }
  // SlowDownRead, SlowDownWrite, ThrottlingException, …
  if (starts_with(service_code, "SlowDown") || starts_with(service_code, "Throttling")) {
    return ErrorCode::store_unavailable;
  }
  // KMS.DisabledException, KMS.NotFoundException, …: the bucket's key is the operator's to mend.
  if (starts_with(service_code, "KMS.")) return ErrorCode::store_denied;
  return std::nullopt;
}

ErrorCode by_status(const S3Call& call, int status, bool said_a_code) {
  if (status == 412) return ErrorCode::store_precondition_failed;
  if (status == 409 && call.conditional && !said_a_code) {
    return ErrorCode::store_precondition_failed;
  }
  if (status == 501) return ErrorCode::store_rejected;
  if (status == 408 || status == 429 || status >= 500) return ErrorCode::store_unavailable;
  if (status == 401 || status == 403) return ErrorCode::store_denied;
  if (status == 404 && !said_a_code) {
    // Without a body to say so, a 404 to anything but a HEAD is no answer of S3's.
    return call.method == "HEAD" ? ErrorCode::store_not_found : ErrorCode::store_unavailable;
  }
  // A redirect is about the way there and not about the object: DNS lags behind, or a setting does.
  return status >= 400 ? ErrorCode::store_rejected : ErrorCode::store_unavailable;
}

// One line of printable text, cut: it goes into messages and logs.
std::string words_of(std::string_view text) {
  std::string words(text.substr(0, kWordsBytesMax));
  while (!words.empty() && !is_utf8(words)) words.pop_back();
  for (char& c : words) {
    if ((c >= 0 && c < 0x20) || c == 0x7F) c = ' ';
  }
  return words;
}

std::optional<std::chrono::milliseconds> retry_after_of(const HttpHeaders& headers) {
  const std::string text = headers.get_or("Retry-After", "");
  int seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return std::chrono::seconds(std::clamp(seconds, 0, kRetryAfterSecondsMax));
}

struct ServiceWords {
  std::string code;
  std::string message;
  std::string request_id;
  std::string region;
};

ServiceWords service_words(const HttpHeaders& headers, ByteView body) {
  ServiceWords words;
  // MinIO tells a HEAD's reason in headers.
  words.code = words_of(headers.get_or("x-minio-error-code", ""));
  words.message = words_of(headers.get_or("x-minio-error-desc", ""));
  words.request_id = words_of(headers.get_or("x-amz-request-id", ""));
  words.region = words_of(headers.get_or("x-amz-bucket-region", ""));
  const auto document = parse_xml(body, "the store's reply");
  if (!document || document->name != "Error") return words;
  words.code = words_of(document->text_at("Code"));
  words.message = words_of(document->text_at("Message"));
  if (words.request_id.empty()) words.request_id = words_of(document->text_at("RequestId"));
  if (words.region.empty()) words.region = words_of(document->text_at("Region"));
  return words;
}

}  // namespace

Error s3_error(const S3Call& call, int status, const HttpHeaders& headers, ByteView body) {
  const ServiceWords words = service_words(headers, body);
  Error error;
  error.code = by_service_code(words.code).value_or(by_status(call, status, !words.code.empty()));
  // S3 and MinIO answer If-Match on an absent object so: there is nothing that could match.
  if (call.method == "PUT" && call.conditional && error.code == ErrorCode::store_not_found) {
    error.code = ErrorCode::store_precondition_failed;
  }
  error.http_status = status;
  error.service_code = words.code;
  error.request_id = words.request_id;
  error.retry_after = retry_after_of(headers);

  const std::string name = call.key.empty() ? call.bucket : object_name(call.bucket, call.key);
  error.message = fmt::format("{} {}: HTTP {}", call.method, name, status);
  if (!words.code.empty()) error.message += fmt::format(" {}", words.code);
  if (!words.message.empty()) error.message += fmt::format(": {}", words.message);
  const bool elsewhere = (status >= 300 && status < 400) || status == 400;
  if (elsewhere && !words.region.empty()) {
    // What a HEAD has in place of PermanentRedirect: a setting of ours, which can be mended.
    if (words.code.empty()) error.code = ErrorCode::store_denied;
    error.message += fmt::format(" (the bucket is in region {}: set AWS_REGION)", words.region);
  }
  return error;
}

}  // namespace miniatura
