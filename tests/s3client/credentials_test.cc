#include "s3client/credentials.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

std::string missing(std::map<std::string, std::string> variables) {
  const auto provider = environment_credentials(Environment(std::move(variables)));
  if (provider) return "there";
  EXPECT_EQ(provider.error().code, ErrorCode::credentials_missing);
  return provider.error().message;
}

TEST(Credentials, come_from_the_variables_of_aws) {
  const auto provider = environment_credentials(Environment({{"AWS_ACCESS_KEY_ID", "AKIA1"},
                                                             {"AWS_SECRET_ACCESS_KEY", "s"},
                                                             {"AWS_SESSION_TOKEN", "t"}}));
  ASSERT_TRUE(provider);
  const auto credentials = (*provider)->credentials();
  ASSERT_TRUE(credentials);
  EXPECT_EQ(credentials->access_key, "AKIA1");
  EXPECT_EQ(credentials->secret_key, "s");
  EXPECT_EQ(credentials->session_token, "t");
}

TEST(Credentials, what_is_missing_is_named) {
  EXPECT_EQ(missing({}), "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
  EXPECT_EQ(missing({{"AWS_ACCESS_KEY_ID", "A"}}), "AWS_SECRET_ACCESS_KEY is not set");
  EXPECT_EQ(missing({{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", "hush"}}),
            "AWS_ACCESS_KEY_ID is not set");
}

TEST(Credentials, a_value_that_no_header_can_hold_is_named_and_not_shown) {
  const std::string message =
      missing({{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "hush\n"}});
  EXPECT_EQ(message.find("AWS_SECRET_ACCESS_KEY holds"), 0U) << message;
  EXPECT_EQ(message.find("hush"), std::string::npos);
}

TEST(Credentials, printed_they_are_masked) {
  EXPECT_EQ(masked({"AKIAIOSFODNN7EXAMPLE", "secret", ""}), "AKIA****");
  EXPECT_EQ(masked({"AKIAIOSFODNN7EXAMPLE", "secret", "token"}), "AKIA****, session");
  EXPECT_EQ(masked({}), "anonymous");
}

TEST(Credentials, nobody_has_no_key) {
  const auto credentials = anonymous_credentials()->credentials();
  ASSERT_TRUE(credentials);
  EXPECT_TRUE(credentials->is_anonymous());
  EXPECT_FALSE((Credentials{"A", "s", ""}.is_anonymous()));
}

TEST(Credentials, the_same_keys_with_another_end_sign_the_same) {
  const Credentials first{"A", "s", "t", Clock::Time(std::chrono::seconds(1))};
  EXPECT_TRUE(first.signs_as({"A", "s", "t"}));
  EXPECT_FALSE(first.signs_as({"B", "s", "t"}));
  EXPECT_FALSE(first.signs_as({"A", "S", "t"}));
  EXPECT_FALSE(first.signs_as({"A", "s", "T"}));
}

}  // namespace
}  // namespace miniatura
