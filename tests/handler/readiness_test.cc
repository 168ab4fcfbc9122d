#include "handler/readiness.h"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>

#include "tests/handler/pipeline_test.h"

namespace miniatura {
namespace {

using Reasons = std::vector<std::string>;

Reasons answer_of(Readiness& readiness) {
  std::promise<Reasons> told;
  readiness.ask([&](Reasons reasons) { told.set_value(std::move(reasons)); });
  return told.get_future().get();
}

TEST(ReadinessTest, tells_each_who_asks_what_is_so_now) {
  Reasons now;
  Readiness readiness([&] { return now; });
  EXPECT_EQ(answer_of(readiness), Reasons{});
  now = {"the inbox is nearly full"};
  EXPECT_EQ(answer_of(readiness), now);
}

TEST(ReadinessTest, those_who_ask_meanwhile_share_an_answer) {
  std::promise<void> may_end;
  auto ended = may_end.get_future().share();
  std::promise<void> has_begun;
  int count = 0;
  Readiness readiness([&] {
    if (++count == 1) {
      has_begun.set_value();
      ended.wait();
    }
    return Reasons{};
  });
  std::promise<void> all_told;
  int told = 0;
  const auto tell = [&](const Reasons&) {
    if (++told == 4) all_told.set_value();
  };
  readiness.ask(tell);
  has_begun.get_future().wait();
  for (int i = 0; i < 3; ++i) readiness.ask(tell);
  may_end.set_value();
  all_told.get_future().wait();
  EXPECT_EQ(count, 2);
}

TEST(ReadinessTest, a_fault_is_a_reason) {
  Readiness readiness([]() -> Reasons { throw std::runtime_error("oh no"); });
  EXPECT_EQ(answer_of(readiness), Reasons{"oh no"});
}

TEST(ReadinessTest, what_is_being_stopped_is_not_ready) {
  Readiness readiness([] { return Reasons{}; });
  readiness.stop();
  EXPECT_EQ(answer_of(readiness), Reasons{"it is being stopped"});
}

class StoreReasonsTest : public PipelineTest {};

TEST_F(StoreReasonsTest, a_bucket_out_of_reach_and_a_destination_that_refuses_are_told) {
  Breaker breaker(clock_);
  EXPECT_EQ(store_reasons(rules_, store_, breaker, clock_), Reasons{});
  Outcome outcome;
  outcome.error.emplace();
  outcome.error->code = ErrorCode::destination_denied;
  breaker.observe("thumbs", outcome);
  EXPECT_EQ(store_reasons(rules_, store_, breaker, clock_).size(), 1U);
  rules_.rules[0].destination_bucket = "nowhere";
  const auto reasons = store_reasons(rules_, store_, breaker, clock_);
  ASSERT_EQ(reasons.size(), 2U);
  EXPECT_NE(reasons[0].find("nowhere"), std::string::npos);
}

}  // namespace
}  // namespace miniatura
