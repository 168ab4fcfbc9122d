#include "s3client/s3_error.h"

#include <fmt/core.h>

#include <optional>
#include <string_view>
#include <utility>

#include "runtime/retry.h"
#include "runtime/text.h"
#include "s3client/uri.h"
#include "s3client/xml.h"

namespace miniatura {
namespace {

constexpr std::size_t kWordsBytesMax = 500;  // of the service's message that we repeat

// One line of printable text, cut: it goes into messages and logs.
std::string words_of(std::string_view text) {
  std::string words(text.substr(0, kWordsBytesMax));
  while (!words.empty() && !is_utf8(words)) words.pop_back();
  for (char& c : words) {
    if ((c >= 0 && c < 0x20) || c == 0x7F) c = ' ';
  }
  return words;
}

struct ServiceWords {
  std::string code;
  std::string message;
  std::string request_id;
  std::string region;
  std::optional<Clock::Time> server_time;
};

ServiceWords service_words(const HttpHeaders& headers, ByteView body) {
  ServiceWords words;
  // MinIO tells a HEAD's reason in headers.
  words.code = words_of(headers.get_or("x-minio-error-code", ""));
  words.message = words_of(headers.get_or("x-minio-error-desc", ""));
  words.request_id = words_of(headers.get_or("x-amz-request-id", ""));
  words.region = words_of(headers.get_or("x-amz-bucket-region", ""));
  if (body.empty()) return words;  // a HEAD's, most of all
  const auto document = parse_xml(body, "the store's reply");
  if (!document || document->name != "Error") return words;
  words.code = words_of(document->text_at("Code"));
  words.message = words_of(document->text_at("Message"));
  if (words.request_id.empty()) words.request_id = words_of(document->text_at("RequestId"));
  if (words.region.empty()) words.region = words_of(document->text_at("Region"));
  words.server_time = parse_iso_time(document->text_at("ServerTime"));
  return words;
}

}  // namespace

std::string call_name(const S3Call& call) {
  return fmt::format(
      "{} {}", call.method,
      call.id.key.empty() ? call.id.bucket : object_name(call.id.bucket, call.id.key));
}

S3Failure s3_failure(const S3Call& call, int status, const HttpHeaders& headers, ByteView body,
                     Clock::Time now) {
  const ServiceWords words = service_words(headers, body);
  const Verdict verdict = verdict_of(status, words.code, call.method == "HEAD");
  S3Failure failure{{}, verdict.recovery, words.region, words.server_time};
  Error& error = failure.error;
  error.code = verdict.code;
  if (call.is_conditional_put()) {
    // S3 and MinIO answer If-Match on an absent object so: there is nothing that could match.
    const bool absent = error.code == ErrorCode::store_not_found;
    const bool bare_conflict = status == 409 && words.code.empty();
    if (absent || bare_conflict) error.code = ErrorCode::store_precondition_failed;
    if (bare_conflict) failure.recovery = Recovery::look;
  }
  error.http_status = status;
  error.service_code = words.code;
  error.request_id = words.request_id;
  error.retry_after = retry_after(headers, now);

  error.message = fmt::format("{}: HTTP {}", call_name(call), status);
  if (!words.code.empty()) error.message += fmt::format(" {}", words.code);
  if (!words.message.empty()) error.message += fmt::format(": {}", words.message);
  if (!words.request_id.empty()) error.message += fmt::format(" (request {})", words.request_id);
  if (failure.recovery == Recovery::mend_region && !words.region.empty()) {
    // What a HEAD has in place of PermanentRedirect: a setting of ours, which can be mended.
    if (words.code.empty()) error.code = ErrorCode::store_denied;
    error.message += fmt::format(" (the bucket is in region {}: set AWS_REGION)", words.region);
  } else if (status == 403 && call.method == "HEAD" && words.code.empty()) {
    // The reason of a HEAD is not told, and the usual one is surprising.
    error.message += call.id.key.empty()
                         ? " (it takes s3:ListBucket)"
                         : " (it takes s3:GetObject, and s3:ListBucket where nothing is there)";
  }
  return failure;
}

S3Failure s3_failure(const S3Call& call, Error error) {
  error.message = fmt::format("{}: {}", call_name(call), error.message);
  const Recovery recovery = verdict_of(error.code).recovery;
  return {std::move(error), recovery, {}, std::nullopt};
}

}  // namespace miniatura
