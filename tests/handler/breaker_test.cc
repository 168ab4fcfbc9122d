#include "handler/breaker.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace miniatura {
namespace {

using std::chrono::seconds;

Outcome failed_with(ErrorCode code) {
  Outcome outcome;
  outcome.what = Outcome::What::deferred;
  outcome.error.emplace();
  outcome.error->code = code;
  outcome.error->message = "PUT thumbs/k: HTTP 403 AccessDenied";
  return outcome;
}

Outcome ended(Outcome::What what, std::optional<SkipReason> reason = std::nullopt) {
  Outcome outcome;
  outcome.what = what;
  outcome.reason = reason;
  return outcome;
}

class BreakerTest : public testing::Test {
 protected:
  bool goes_on(const std::string& bucket = "thumbs") { return !breaker_.refuse(bucket); }
  void open(ErrorCode code = ErrorCode::destination_denied) {
    ASSERT_TRUE(goes_on());
    breaker_.observe("thumbs", failed_with(code));
  }
  ManualClock clock_;
  Breaker breaker_{clock_};
};

TEST_F(BreakerTest, opens_on_what_is_the_operators_to_mend_alone) {
  for (const ErrorCode code : {ErrorCode::image_corrupt, ErrorCode::store_unavailable,
                               ErrorCode::network_timeout, ErrorCode::source_denied}) {
    breaker_.observe("thumbs", failed_with(code));
    EXPECT_TRUE(goes_on()) << code_name(code);
  }
  EXPECT_TRUE(breaker_.is_closed());
  for (const ErrorCode code : {ErrorCode::destination_denied, ErrorCode::destination_no_bucket,
                               ErrorCode::credentials_missing, ErrorCode::credentials_expired}) {
    Breaker breaker(clock_);
    breaker.observe("thumbs", failed_with(code));
    EXPECT_TRUE(breaker.refuse("thumbs")) << code_name(code);
    EXPECT_FALSE(breaker.is_closed());
  }
}

TEST_F(BreakerTest, what_is_everybodys_is_told_from_what_is_this_events) {
  for (const ErrorCode code : {ErrorCode::destination_denied, ErrorCode::credentials_expired,
                               ErrorCode::network_unreachable, ErrorCode::store_unavailable}) {
    EXPECT_TRUE(is_everybodys(code)) << code_name(code);
  }
  for (const ErrorCode code : {ErrorCode::source_denied, ErrorCode::deadline_exceeded,
                               ErrorCode::image_corrupt, ErrorCode::memory_exhausted}) {
    EXPECT_FALSE(is_everybodys(code)) << code_name(code);
  }
}

TEST_F(BreakerTest, what_is_refused_names_the_cause_and_how_long) {
  open();
  const auto error = breaker_.refuse("thumbs");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::destination_denied);
  EXPECT_TRUE(error->retryable());
  EXPECT_EQ(error->retry_after, seconds(1));
  EXPECT_EQ(error->message, "PUT thumbs/k: HTTP 403 AccessDenied (not tried again for now)");
}

TEST_F(BreakerTest, one_probe_at_a_time_and_its_success_closes) {
  open();
  clock_.sleep_for(seconds(1));
  EXPECT_TRUE(goes_on());
  EXPECT_FALSE(goes_on());
  breaker_.observe("thumbs", ended(Outcome::What::stored));
  EXPECT_TRUE(goes_on());
  EXPECT_TRUE(goes_on());
  EXPECT_TRUE(breaker_.is_closed());
}

TEST_F(BreakerTest, the_pause_doubles_up_to_a_minute) {
  open();
  for (const int pause : {1, 2, 4, 8, 16, 32, 60, 60}) {
    clock_.sleep_for(seconds(pause) - std::chrono::milliseconds(1));
    EXPECT_FALSE(goes_on()) << pause;
    clock_.sleep_for(std::chrono::milliseconds(1));
    EXPECT_TRUE(goes_on()) << pause;
    breaker_.observe("thumbs", failed_with(ErrorCode::destination_denied));
  }
}

TEST_F(BreakerTest, a_probe_that_never_comes_back_is_followed_by_another) {
  open();
  clock_.sleep_for(seconds(1));
  EXPECT_TRUE(goes_on());
  clock_.sleep_for(seconds(1));
  EXPECT_TRUE(goes_on());
}

TEST_F(BreakerTest, what_tells_nothing_of_the_destination_leaves_it_open) {
  open();
  clock_.sleep_for(seconds(1));
  EXPECT_TRUE(goes_on());
  breaker_.observe("thumbs", failed_with(ErrorCode::image_corrupt));
  breaker_.observe("thumbs", ended(Outcome::What::skipped, SkipReason::gone));
  breaker_.observe("thumbs", ended(Outcome::What::skipped, SkipReason::done));
  EXPECT_FALSE(goes_on());
}

TEST_F(BreakerTest, a_thumbnail_found_done_shows_that_we_are_known) {
  open(ErrorCode::credentials_expired);
  clock_.sleep_for(seconds(1));
  EXPECT_TRUE(goes_on());
  breaker_.observe("thumbs", ended(Outcome::What::skipped, SkipReason::done));
  EXPECT_TRUE(breaker_.is_closed());
}

TEST_F(BreakerTest, other_destinations_are_not_concerned) {
  open();
  EXPECT_TRUE(goes_on("elsewhere"));
  breaker_.observe("elsewhere", ended(Outcome::What::stored));
  EXPECT_FALSE(goes_on("thumbs"));
}

TEST_F(BreakerTest, a_door_pauses_while_none_of_the_destinations_lets_us) {
  EXPECT_EQ(breaker_.pause({"thumbs"}), seconds(0));
  open();
  EXPECT_EQ(breaker_.pause({"thumbs"}), seconds(1));
  EXPECT_EQ(breaker_.pause({"thumbs", "elsewhere"}), seconds(0));
  EXPECT_EQ(breaker_.pause({}), seconds(0));
  clock_.sleep_for(seconds(1));
  EXPECT_EQ(breaker_.pause({"thumbs"}), seconds(0));
  EXPECT_TRUE(goes_on());  // the probe: the others wait for what it finds
  EXPECT_EQ(breaker_.pause({"thumbs"}), seconds(1));
}

}  // namespace
}  // namespace miniatura
