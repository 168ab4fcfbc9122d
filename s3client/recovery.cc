#include "s3client/recovery.h"

#include "runtime/retry.h"

namespace miniatura {
namespace {

using E = ErrorCode;
using R = Recovery;

// A row a line, as one reads it. clang-format off
constexpr CodeRow kCodes[] = {
    {"NoSuchKey", {E::store_not_found, R::none}},
    {"NoSuchVersion", {E::store_not_found, R::none}},
    {"NoSuchBucket", {E::store_no_bucket, R::none}},
    {"AccessDenied", {E::store_denied, R::none}},
    {"AllAccessDisabled", {E::store_denied, R::none}},
    {"AccountProblem", {E::store_denied, R::none}},
    {"InvalidAccessKeyId", {E::store_denied, R::none}},
    {"NotSignedUp", {E::store_denied, R::none}},
    {"SignatureDoesNotMatch", {E::store_denied, R::none}},
    // Signed for, or asked at, another region than the bucket's.
    {"AuthorizationHeaderMalformed", {E::store_denied, R::mend_region}},
    {"IllegalLocationConstraintException", {E::store_denied, R::mend_region}},
    {"IncorrectEndpoint", {E::store_denied, R::mend_region}},
    {"PermanentRedirect", {E::store_denied, R::mend_region}},
    {"TemporaryRedirect", {E::store_unavailable, R::mend_region}},  // DNS lags behind a new bucket
    // Our clock is not the server's.
    {"RequestExpired", {E::store_denied, R::mend_clock}},
    {"RequestInTheFuture", {E::store_denied, R::mend_clock}},
    {"RequestTimeTooSkewed", {E::store_denied, R::mend_clock}},
    {"ExpiredToken", {E::credentials_expired, R::mend_credentials}},
    {"ExpiredTokenException", {E::credentials_expired, R::mend_credentials}},
    {"InvalidToken", {E::credentials_expired, R::mend_credentials}},
    {"TokenRefreshRequired", {E::credentials_expired, R::mend_credentials}},
    {"PreconditionFailed", {E::store_precondition_failed, R::none}},
    {"ConditionalRequestConflict", {E::store_precondition_failed, R::look}},
    {"InternalError", {E::store_unavailable, R::retry}},
    {"InternalFailure", {E::store_unavailable, R::retry}},
    {"OperationAborted", {E::store_unavailable, R::retry}},
    {"PriorRequestNotComplete", {E::store_unavailable, R::retry}},
    {"RequestTimeout", {E::store_unavailable, R::retry}},  // comes as a 400
    {"BandwidthLimitExceeded", {E::store_unavailable, R::retry_slowly}},
    {"KMS.ThrottlingException", {E::store_unavailable, R::retry_slowly}},
    {"RequestLimitExceeded", {E::store_unavailable, R::retry_slowly}},
    {"RequestThrottled*", {E::store_unavailable, R::retry_slowly}},
    {"ServiceUnavailable", {E::store_unavailable, R::retry_slowly}},
    {"SlowDown*", {E::store_unavailable, R::retry_slowly}},  // SlowDownRead, SlowDownWrite
    {"Throttling*", {E::store_unavailable, R::retry_slowly}},
    {"KMS.*", {E::store_denied, R::none}},  // the bucket's key is the operator's to mend
    {"InvalidURI", {E::store_invalid_key, R::none}},
    {"KeyTooLong", {E::store_invalid_key, R::none}},
    {"KeyTooLongError", {E::store_invalid_key, R::none}},
    {"XMinioInvalidObjectName", {E::store_invalid_key, R::none}},
    {"XMinioInvalidResourceName", {E::store_invalid_key, R::none}},
    {"EntityTooLarge", {E::store_rejected, R::none}},
    {"InvalidObjectState", {E::store_rejected, R::none}},  // archived
    {"InvalidRange", {E::store_rejected, R::none}},
    {"MalformedXML", {E::store_rejected, R::none}},
    {"NotImplemented", {E::store_rejected, R::none}},
};

constexpr StatusRow kStatuses[] = {
    {301, {E::store_unavailable, R::mend_region}},
    {307, {E::store_unavailable, R::mend_region}},
    {400, {E::store_rejected, R::mend_region}},  // a HEAD's; S3Requester asks why
    {401, {E::store_denied, R::none}},
    {403, {E::store_denied, R::none}},
    {404, {E::store_rejected, R::none}},  // with a code that is not known
    {407, {E::network_denied, R::none}},  // a proxy's
    {408, {E::store_unavailable, R::retry}},
    {412, {E::store_precondition_failed, R::none}},
    {416, {E::store_rejected, R::none}},
    {429, {E::store_unavailable, R::retry_slowly}},
    {500, {E::store_unavailable, R::retry}},
    {501, {E::store_rejected, R::none}},
    {502, {E::store_unavailable, R::retry}},
    {503, {E::store_unavailable, R::retry_slowly}},
    {504, {E::store_unavailable, R::retry}},
};
// clang-format on

bool is_of(const CodeRow& row, std::string_view service_code) {
  std::string_view name = row.service_code;
  if (name.back() != '*') return name == service_code;
  name.remove_suffix(1);
  return service_code.substr(0, name.size()) == name;
}

}  // namespace

std::span<const CodeRow> code_rows() { return kCodes; }
std::span<const StatusRow> status_rows() { return kStatuses; }

Verdict verdict_of(int status, std::string_view service_code, bool is_head) {
  for (const CodeRow& row : kCodes) {
    if (!service_code.empty() && is_of(row, service_code)) return row.verdict;
  }
  if (status == 404 && service_code.empty()) {
    // Without a body to say so, a 404 to anything but a HEAD is no answer of S3's.
    return {is_head ? E::store_not_found : E::store_unavailable, R::none};
  }
  for (const StatusRow& row : kStatuses) {
    if (row.status == status) return row.verdict;
  }
  // A redirect is about the way there and not about the object.
  const bool is_final = status >= 400 && status < 500;
  return {is_final ? E::store_rejected : E::store_unavailable, R::none};
}

Verdict verdict_of(ErrorCode code) {
  return {code, is_retryable_network_error(code) ? R::retry : R::none};
}

}  // namespace miniatura
