#include "runtime/error.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>

namespace miniatura {
namespace {

// The enumerators are consecutive; `internal` is the last.
template <class Visit>
void for_each_code(Visit visit) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i) {
    visit(static_cast<ErrorCode>(i));
  }
}

TEST(ErrorTest, every_code_has_a_name_of_its_own_in_the_agreed_form) {
  const std::regex form("[a-z]+(\\.[a-z_]+)?");
  std::set<std::string_view> names;
  for_each_code([&](ErrorCode code) {
    const std::string name(code_name(code));
    EXPECT_TRUE(std::regex_match(name, form)) << name;
    EXPECT_TRUE(names.insert(code_name(code)).second) << name << " names two codes";
  });
}

TEST(ErrorTest, a_name_gives_its_code_back) {
  for_each_code([](ErrorCode code) { EXPECT_EQ(code_named(code_name(code)), code); });
  EXPECT_EQ(code_named("image.corrup"), std::nullopt);
}

TEST(ErrorTest, every_lambda_type_is_one_that_lambda_takes) {
  const std::regex form("(Runtime|Function)\\.[A-Z][a-zA-Z]+");
  for_each_code([&](ErrorCode code) {
    EXPECT_TRUE(std::regex_match(lambda_error_type(code), form)) << lambda_error_type(code);
  });
  EXPECT_EQ(lambda_error_type(ErrorCode::image_too_large), "Function.ImageTooLarge");
  EXPECT_EQ(lambda_error_type(ErrorCode::internal), "Function.Internal");
}

TEST(ErrorTest, the_event_waits_for_what_passes_or_can_be_mended) {
  for (const ErrorCode code :
       {ErrorCode::network_timeout, ErrorCode::network_untrusted, ErrorCode::network_denied,
        ErrorCode::network_invalid, ErrorCode::destination_denied, ErrorCode::credentials_expired,
        ErrorCode::deadline_exceeded}) {
    EXPECT_EQ(retry_class(code), RetryClass::retryable) << code_name(code);
  }
  for (const ErrorCode code : {ErrorCode::image_corrupt, ErrorCode::event_malformed,
                               ErrorCode::destination_conflict, ErrorCode::internal}) {
    EXPECT_EQ(retry_class(code), RetryClass::permanent) << code_name(code);
  }
}

TEST(ErrorTest, a_picture_that_fails_is_told_from_a_worker_that_does) {
  for (const ErrorCode code : {ErrorCode::image_corrupt, ErrorCode::event_malformed,
                               ErrorCode::source_denied, ErrorCode::destination_conflict}) {
    EXPECT_EQ(failure_type_name(failure_type(code)), "job") << code_name(code);
  }
  for (const ErrorCode code :
       {ErrorCode::worker_lost, ErrorCode::queue_unavailable, ErrorCode::deadline_exceeded,
        ErrorCode::network_timeout, ErrorCode::destination_denied, ErrorCode::internal}) {
    EXPECT_EQ(failure_type_name(failure_type(code)), "worker") << code_name(code);
  }
}

}  // namespace
}  // namespace miniatura
