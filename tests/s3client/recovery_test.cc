// The tables as such; what is done about them is s3_requester_test.cc's.
#include "s3client/recovery.h"

#include <gtest/gtest.h>

#include <set>

namespace miniatura {
namespace {

TEST(Verdict, the_code_of_the_service_decides_whatever_the_status) {
  EXPECT_EQ(verdict_of(200, "InternalError", false).recovery, Recovery::retry);
  EXPECT_EQ(verdict_of(400, "RequestTimeout", false).recovery, Recovery::retry);
  EXPECT_EQ(verdict_of(503, "AccessDenied", false).recovery, Recovery::none);
  EXPECT_EQ(verdict_of(500, "NoSuchKey", false).code, ErrorCode::store_not_found);
}

TEST(Verdict, a_code_that_is_not_known_leaves_it_to_the_status) {
  EXPECT_EQ(verdict_of(500, "SomethingNew", false).recovery, Recovery::retry);
  EXPECT_EQ(verdict_of(418, "SomethingNew", false).code, ErrorCode::store_rejected);
  EXPECT_EQ(verdict_of(404, "SomethingNew", false).code, ErrorCode::store_rejected);
}

TEST(Verdict, a_family_of_codes_is_taken_by_its_start) {
  for (const char* code : {"SlowDown", "SlowDownRead", "SlowDownWrite", "ThrottlingException"}) {
    EXPECT_EQ(verdict_of(400, code, false).recovery, Recovery::retry_slowly) << code;
  }
  EXPECT_EQ(verdict_of(400, "KMS.DisabledException", false).code, ErrorCode::store_denied);
  EXPECT_EQ(verdict_of(400, "KMS.ThrottlingException", false).recovery, Recovery::retry_slowly);
}

TEST(Verdict, unknown_is_never_not_found) {
  EXPECT_EQ(verdict_of(404, "", false).code, ErrorCode::store_unavailable);
  EXPECT_EQ(verdict_of(404, "", true).code, ErrorCode::store_not_found);
  EXPECT_EQ(verdict_of(407, "", false).code, ErrorCode::network_denied);
}

// What is mended must be worth another attempt later, when the mending did not help.
TEST(Verdict, what_is_tried_again_now_is_worth_another_attempt_later) {
  const auto holds = [](const Verdict& verdict) {
    return verdict.recovery == Recovery::none || retry_class(verdict.code) == RetryClass::retryable;
  };
  for (const CodeRow& row : code_rows()) EXPECT_TRUE(holds(row.verdict)) << row.service_code;
  for (const StatusRow& row : status_rows()) {
    if (row.status == 400) continue;  // mended only where it names a region
    EXPECT_TRUE(holds(row.verdict)) << row.status;
  }
  for (const ErrorCode code : {ErrorCode::network_unreachable, ErrorCode::network_timeout}) {
    EXPECT_EQ(verdict_of(code).recovery, Recovery::retry) << code_name(code);
    EXPECT_TRUE(holds(verdict_of(code))) << code_name(code);
  }
  for (const ErrorCode code :
       {ErrorCode::network_untrusted, ErrorCode::network_denied, ErrorCode::network_invalid,
        ErrorCode::deadline_exceeded, ErrorCode::memory_exhausted}) {
    EXPECT_EQ(verdict_of(code).recovery, Recovery::none) << code_name(code);
  }
}

TEST(Verdict, no_row_stands_in_the_shadow_of_another) {
  std::set<std::string_view> seen;
  for (const CodeRow& row : code_rows()) {
    EXPECT_TRUE(seen.insert(row.service_code).second) << row.service_code;
    const bool family = row.service_code.back() == '*';
    const std::string_view code = row.service_code.substr(0, row.service_code.size() - family);
    const Verdict verdict = verdict_of(400, code, false);
    EXPECT_EQ(verdict.code, row.verdict.code) << row.service_code;
    EXPECT_EQ(verdict.recovery, row.verdict.recovery) << row.service_code;
  }
}

}  // namespace
}  // namespace miniatura
