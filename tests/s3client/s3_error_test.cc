#include "s3client/s3_error.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

Bytes xml_of(const std::string& code) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + code +
         "</Code><Message>In its words.</Message><RequestId>REQ1</RequestId></Error>";
}

const Clock::Time kNow{std::chrono::seconds(1'700'000'000)};

S3Call call_of(const std::string& method, bool conditional = false) {
  S3Call call{method, {"b", "k", ""}};
  if (conditional) call.headers.add("If-Match", "\"e\"");
  return call;
}

Error s3_error(const S3Call& call, int status, const HttpHeaders& headers, ByteView body) {
  return s3_failure(call, status, headers, body, kNow).error;
}

ErrorCode meaning(const std::string& method, int status, const std::string& code,
                  bool conditional = false) {
  return s3_error(call_of(method, conditional), status, {}, xml_of(code)).code;
}

ErrorCode bare(const std::string& method, int status, bool conditional = false) {
  return s3_error(call_of(method, conditional), status, {}, "").code;
}

TEST(S3Error, the_code_of_the_service_decides_first) {
  const struct {
    const char* service_code;
    int status;
    ErrorCode code;
  } rows[] = {
      {"NoSuchKey", 404, ErrorCode::store_not_found},
      {"NoSuchVersion", 404, ErrorCode::store_not_found},
      {"NoSuchBucket", 404, ErrorCode::store_no_bucket},
      {"AccessDenied", 403, ErrorCode::store_denied},
      {"InvalidAccessKeyId", 403, ErrorCode::store_denied},
      {"SignatureDoesNotMatch", 403, ErrorCode::store_denied},
      {"RequestTimeTooSkewed", 403, ErrorCode::store_denied},
      {"ExpiredToken", 400, ErrorCode::credentials_expired},
      {"InvalidToken", 400, ErrorCode::credentials_expired},
      {"PreconditionFailed", 412, ErrorCode::store_precondition_failed},
      {"ConditionalRequestConflict", 409, ErrorCode::store_precondition_failed},
      {"SlowDown", 503, ErrorCode::store_unavailable},
      {"SlowDownRead", 503, ErrorCode::store_unavailable},
      {"ThrottlingException", 400, ErrorCode::store_unavailable},
      {"RequestTimeout", 400, ErrorCode::store_unavailable},
      {"InternalError", 500, ErrorCode::store_unavailable},
      {"InternalError", 200, ErrorCode::store_unavailable},
      {"KeyTooLongError", 400, ErrorCode::store_invalid_key},
      {"XMinioInvalidObjectName", 400, ErrorCode::store_invalid_key},
      {"InvalidObjectState", 403, ErrorCode::store_rejected},
      {"EntityTooLarge", 400, ErrorCode::store_rejected},
      {"NotImplemented", 501, ErrorCode::store_rejected},
      {"AuthorizationHeaderMalformed", 400, ErrorCode::store_denied},
      {"PermanentRedirect", 301, ErrorCode::store_denied},
      {"IllegalLocationConstraintException", 400, ErrorCode::store_denied},
      {"TemporaryRedirect", 307, ErrorCode::store_unavailable},
      {"Redirect", 307, ErrorCode::store_unavailable},
      {"SomethingNew", 302, ErrorCode::store_unavailable},
      {"KMS.DisabledException", 400, ErrorCode::store_denied},
      {"KMS.NotFoundException", 400, ErrorCode::store_denied},
      {"KMS.KMSInvalidStateException", 400, ErrorCode::store_denied},
      {"KMS.ThrottlingException", 400, ErrorCode::store_unavailable},
      {"SomethingNew", 418, ErrorCode::store_rejected},
      {"SomethingNew", 502, ErrorCode::store_unavailable},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(meaning("GET", row.status, row.service_code), row.code)
        << row.service_code << ' ' << row.status;
  }
}

TEST(S3Error, an_unknown_404_is_never_an_absent_object) {
  EXPECT_NE(meaning("GET", 404, "SomethingNew"), ErrorCode::store_not_found);
  EXPECT_NE(bare("GET", 404), ErrorCode::store_not_found);
  EXPECT_NE(s3_error(call_of("GET"), 404, {}, "<html>404</html>").code, ErrorCode::store_not_found);
  EXPECT_NE(s3_error(call_of("GET"), 404, {}, "<Error><Code>NoSuchKey</Code>").code,
            ErrorCode::store_not_found);
  EXPECT_NE(s3_error(call_of("GET"), 404, {}, "<html><Code>NoSuchKey</Code></html>").code,
            ErrorCode::store_not_found);
}

TEST(S3Error, a_head_has_only_its_status) {
  EXPECT_EQ(bare("HEAD", 404), ErrorCode::store_not_found);
  EXPECT_EQ(bare("HEAD", 403), ErrorCode::store_denied);
  EXPECT_EQ(bare("HEAD", 400), ErrorCode::store_rejected);
  EXPECT_EQ(bare("HEAD", 503), ErrorCode::store_unavailable);
  const HttpHeaders minio{{"X-Minio-Error-Code", "NoSuchBucket"}};
  EXPECT_EQ(s3_error(call_of("HEAD"), 404, minio, "").code, ErrorCode::store_no_bucket);
}

TEST(S3Error, statuses_without_words_have_a_meaning) {
  EXPECT_EQ(bare("PUT", 412), ErrorCode::store_precondition_failed);
  EXPECT_EQ(bare("PUT", 409, true), ErrorCode::store_precondition_failed);
  EXPECT_EQ(bare("PUT", 409), ErrorCode::store_rejected);
  EXPECT_EQ(bare("PUT", 401), ErrorCode::store_denied);
  EXPECT_EQ(bare("PUT", 429), ErrorCode::store_unavailable);
  EXPECT_EQ(bare("PUT", 500), ErrorCode::store_unavailable);
  for (const int status : {301, 302, 303, 307, 308}) {
    EXPECT_EQ(bare("HEAD", status), ErrorCode::store_unavailable) << status;
  }
  EXPECT_EQ(bare("PUT", 204), ErrorCode::store_unavailable);
}

TEST(S3Error, if_match_on_an_absent_object_is_a_failed_precondition) {
  EXPECT_EQ(meaning("PUT", 404, "NoSuchKey", true), ErrorCode::store_precondition_failed);
  EXPECT_EQ(meaning("PUT", 404, "NoSuchBucket", true), ErrorCode::store_no_bucket);
  EXPECT_EQ(meaning("GET", 404, "NoSuchKey", true), ErrorCode::store_not_found);
}

TEST(S3Error, the_message_names_the_object_and_what_the_service_said) {
  const Error error =
      s3_error(S3Call{"GET", {"photos", "a\nb", ""}}, 403, {}, xml_of("AccessDenied"));
  EXPECT_EQ(error.message, "GET photos/a%0Ab: HTTP 403 AccessDenied: In its words. (request REQ1)");
  EXPECT_EQ(error.service_code, "AccessDenied");
  EXPECT_EQ(error.request_id, "REQ1");
  EXPECT_EQ(error.http_status, 403);
}

TEST(S3Error, a_head_that_is_denied_names_what_it_takes) {
  EXPECT_EQ(s3_error(call_of("HEAD"), 403, {}, "").message,
            "HEAD b/k: HTTP 403 (it takes s3:GetObject, and s3:ListBucket where nothing is there)");
  EXPECT_EQ(s3_error({"HEAD", {"b", "", ""}}, 403, {}, "").message,
            "HEAD b: HTTP 403 (it takes s3:ListBucket)");
  EXPECT_EQ(s3_error(call_of("GET"), 403, {}, "").message, "GET b/k: HTTP 403");
}

TEST(S3Error, a_redirect_names_the_region_to_set) {
  const HttpHeaders headers{{"x-amz-bucket-region", "eu-west-1"}, {"x-amz-request-id", "HEADER"}};
  const Error error = s3_error(call_of("GET"), 301, headers, xml_of("PermanentRedirect"));
  EXPECT_NE(error.message.find("region eu-west-1"), std::string::npos) << error.message;
  EXPECT_EQ(error.request_id, "HEADER");
}

TEST(S3Error, a_wrong_region_is_worth_another_attempt_as_the_setting_can_be_mended) {
  const HttpHeaders headers{{"x-amz-bucket-region", "eu-west-1"}};
  for (const int status : {301, 400}) {
    const Error error = s3_error(call_of("HEAD"), status, headers, "");
    EXPECT_TRUE(error.retryable()) << status;
    EXPECT_NE(error.message.find("region eu-west-1"), std::string::npos) << error.message;
  }
}

TEST(S3Error, retry_after_is_taken_in_both_forms) {
  const auto after = [](const std::string& text) {
    return s3_error(call_of("GET"), 503, {{"Retry-After", text}}, "").retry_after;
  };
  EXPECT_EQ(after("7"), std::chrono::seconds(7));
  EXPECT_EQ(after("999999999"), std::chrono::hours(24));
  EXPECT_EQ(after("Tue, 14 Nov 2023 22:13:27 GMT"), std::chrono::seconds(7));
  EXPECT_FALSE(after("-7"));
  EXPECT_FALSE(after(""));
}

TEST(S3Error, words_are_cut_and_kept_on_one_line) {
  const std::string long_words(2000, 'x');
  const Error error =
      s3_error(call_of("GET"), 400, {},
               "<Error><Code>A\nB</Code><Message>" + long_words + "</Message></Error>");
  EXPECT_LT(error.message.size(), 700U);
  EXPECT_EQ(error.message.find('\n'), std::string::npos);
  EXPECT_EQ(error.service_code, "A B");
}

}  // namespace
}  // namespace miniatura
