#include "s3client/clock_skew.h"

#include <gtest/gtest.h>

#include "runtime/json.h"
#include "tests/support/fixture.h"
#include "tests/support/manual_clock.h"

namespace miniatura {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(MeasuredSkew, is_that_of_awss_own_cases) {
  const Json cases = parse_json(read_fixture("sigv4/clock-skew-cases.json"), "cases").value();
  ASSERT_GE(cases["cases"].size(), 8U);
  for (const Json& one : cases["cases"]) {
    HttpHeaders answer;
    if (one["date"].is_string()) answer.add("Date", one["date"].get<std::string>());
    if (one["age"].get<bool>()) answer.add("Age", "17000");
    const auto skew =
        measured_skew(parse_iso_time(one["sent"].get<std::string>()).value(),
                      parse_iso_time(one["received"].get<std::string>()).value(), answer);
    const std::string name = one["name"].get<std::string>();
    ASSERT_EQ(skew.has_value(), one["skew_s"].is_number()) << name;
    if (skew) {
      EXPECT_EQ(*skew, seconds(one["skew_s"].get<int>())) << name;
    }
  }
}

TEST(MeasuredSkew, a_date_that_is_none_says_nothing) {
  for (const char* date : {"yesterday", "2026-01-01T00:00:00Z", ""}) {
    EXPECT_FALSE(measured_skew({}, {}, {{"Date", date}})) << date;
  }
}

TEST(ServerClock, follows_a_great_difference_and_heals) {
  ManualClock own;
  ServerClock clock(own);
  clock.observe(seconds(239));
  EXPECT_EQ(clock.now(), own.now());
  clock.observe(seconds(240));
  EXPECT_EQ(clock.now(), own.now() + seconds(240));
  clock.observe(seconds(-3600));
  EXPECT_EQ(clock.now(), own.now() - seconds(3600));
  clock.observe(seconds(1));
  EXPECT_EQ(clock.now(), own.now());
}

TEST(ServerClock, takes_the_servers_word_for_a_small_one) {
  ManualClock own;
  ServerClock clock(own);
  clock.set(milliseconds(90'000));
  EXPECT_EQ(clock.now(), own.now() + seconds(90));
}

}  // namespace
}  // namespace miniatura
