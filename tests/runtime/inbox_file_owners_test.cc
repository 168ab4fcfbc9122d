#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "runtime/inbox_file.h"
#include "tests/support/inbox_file_fixture.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;
using State = InboxEntry::State;

class InboxFileOwnersTest : public InboxFileFixture {
 protected:
  InboxFileOwnersTest() : others_(*InboxOwners::open(setting_.path)) {}

  InboxOwners others_;
};

TEST_F(InboxFileOwnersTest, what_a_dead_owner_had_in_hand_goes_to_the_next_at_once) {
  InboxFile survivor = open();
  const std::string id = put(survivor, "x");
  {
    InboxFile dying = *try_open(others_);
    ASSERT_TRUE(claim(dying));
    EXPECT_EQ(survivor.has_lost_owner(now_), false);
    reclaim(survivor);
    EXPECT_FALSE(claim(survivor));
  }
  EXPECT_EQ(survivor.has_lost_owner(now_), true);
  reclaim(survivor);
  EXPECT_EQ(survivor.has_lost_owner(now_), false);
  EXPECT_EQ(find(survivor, id).code, "worker.lost");
  EXPECT_EQ(find(survivor, id).failure_type, FailureType::worker);
  EXPECT_THAT(*find(survivor, id).message, testing::HasSubstr("died while working on it (1 of 3"));
  const auto again = claim(survivor);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->attempt, 2);
}

TEST_F(InboxFileOwnersTest, the_delivery_that_kills_is_dead_after_crashes_max) {
  setting_.crashes_max = 2;
  InboxFile survivor = open();
  const std::string id = put(survivor, "x");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(find(survivor, id).state, State::waiting);
    InboxFile dying = *try_open(others_);
    ASSERT_TRUE(claim(dying));
    { const InboxFile dies = std::move(dying); }
    reclaim(survivor);
  }
  EXPECT_EQ(find(survivor, id).state, State::dead);
  EXPECT_THAT(*find(survivor, id).message, testing::HasSubstr("(2 of 2"));
  EXPECT_FALSE(claim(survivor));
}

TEST_F(InboxFileOwnersTest, a_live_owner_keeps_its_claim_while_it_shows_life) {
  setting_.claim_silence = 1'000ms;
  InboxFile one = open();
  InboxFile two = *try_open(others_);
  put(one, "x");
  const Claim held = *claim(one);
  now_.boot_ms += 1'000;
  EXPECT_EQ(two.has_lost_owner(now_), false);
  ASSERT_TRUE(one.begin(false));
  ASSERT_TRUE(one.show_life(now_));
  ASSERT_TRUE(one.commit());
  now_.boot_ms += 1'000;
  EXPECT_EQ(two.has_lost_owner(now_), false);
  now_.boot_ms += 1;
  EXPECT_EQ(two.has_lost_owner(now_), true);
  reclaim(two);
  const auto taken = claim(two);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->id, held.id);
  settle(one, held, Settlement{});  // it wakes up too late
  EXPECT_EQ(find(two, held.id).state, State::working);
  settle(two, *taken, Settlement{});
  EXPECT_EQ(find(two, held.id).state, State::done);
}

TEST_F(InboxFileOwnersTest, an_owner_with_nothing_in_hand_owes_no_sign_of_life) {
  setting_.claim_silence = 1'000ms;
  InboxFile one = open();
  InboxFile two = *try_open(others_);
  put(one, "x");
  now_.boot_ms += 1'000'000;
  EXPECT_EQ(two.has_lost_owner(now_), false);
  ASSERT_TRUE(claim(one));  // is one
  EXPECT_EQ(two.has_lost_owner(now_), false);
}

TEST_F(InboxFileOwnersTest, a_wall_clock_that_jumps_changes_nothing) {
  constexpr std::int64_t kYear = std::int64_t{365} * 86'400'000;
  InboxFile one = open();
  InboxFile two = *try_open(others_);
  for (const std::int64_t jump : {kYear, -kYear}) {
    const std::string id = put(one, "x");
    const Claim held = *claim(one);
    now_.wall_ms += jump;
    EXPECT_EQ(two.has_lost_owner(now_), false);
    settle(one, held, later(1'000ms));
    EXPECT_FALSE(claim(two));
    now_.wall_ms -= 2 * jump;
    now_.boot_ms += 999;
    EXPECT_FALSE(claim(two));
    now_.boot_ms += 1;
    const auto again = claim(two);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->waited, 1'000ms);
    settle(two, *again, Settlement{});
    EXPECT_EQ(find(one, id).state, State::done);
  }
}

TEST_F(InboxFileOwnersTest, after_another_start_of_the_machine_all_is_due) {
  std::optional<InboxFile> before = open("one");
  const std::string late = put(*before, "x");
  settle(*before, *claim(*before), later(100'000ms));
  const std::string held = put(*before, "y");
  ASSERT_TRUE(claim(*before));
  before.reset();
  now_ = {5'000, now_.wall_ms + 60'000};  // counts from 0 again

  InboxFile after = open("two");
  EXPECT_EQ(counts(after).oldest_age, 60'000ms);
  reclaim(after);
  EXPECT_EQ(claim(after)->id, late);
  const auto again = claim(after);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->id, held);
  EXPECT_EQ(again->attempt, 2);
}

TEST_F(InboxFileOwnersTest, within_the_same_start_what_is_not_due_stays_so) {
  std::optional<InboxFile> before = open();
  put(*before, "x");
  settle(*before, *claim(*before), later(100'000ms));
  before.reset();
  InboxFile after = open();
  EXPECT_FALSE(claim(after));
}

TEST_F(InboxFileOwnersTest, who_leaves_gives_the_attempts_back_and_is_not_mourned) {
  InboxFile one = open();
  InboxFile two = *try_open(others_);
  const std::string id = put(one, "x");
  put(one, "y");
  ASSERT_TRUE(claim(one));
  ASSERT_TRUE(claim(two));
  ASSERT_TRUE(one.begin(true));
  ASSERT_TRUE(one.leave(now_));
  ASSERT_TRUE(one.commit());
  { const InboxFile gone = std::move(one); }
  EXPECT_EQ(two.has_lost_owner(now_), false);
  const auto again = claim(two);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->id, id);
  EXPECT_EQ(again->attempt, 1);
  EXPECT_FALSE(claim(two));  // its own claim is its own
}

}  // namespace
}  // namespace miniatura
