// What was answered is on the disk: fdatasync in the test's hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <vector>

#include "runtime/inbox.h"
#include "tests/support/disk_syncs.h"
#include "tests/support/inbox_fixture.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

class InboxSyncTest : public InboxFixture {
 protected:
  using Answers = std::vector<std::future<Result<std::string>>>;

  // One put that waits for the disk, and `count` more that come meanwhile.
  static Answers put_while_the_disk_is_busy(Inbox& inbox, int count) {
    Answers answers;
    DiskSyncs::hold();
    answers.push_back(put_later(inbox, "first"));
    EXPECT_TRUE(DiskSyncs::await_one());
    for (int i = 0; i < count; ++i) answers.push_back(put_later(inbox, "next"));
    return answers;
  }
  static bool is_answered(const std::future<Result<std::string>>& answer) {
    return answer.wait_for(0ms) == std::future_status::ready;
  }
};

TEST_F(InboxSyncTest, nobody_is_answered_before_the_disk_has_it) {
  const auto inbox = open();
  auto answer = std::move(put_while_the_disk_is_busy(*inbox, 0)[0]);
  EXPECT_EQ(answer.wait_for(200ms), std::future_status::timeout);
  DiskSyncs::let_go();
  EXPECT_TRUE(answer.get());

  const Claim claim = inbox->take(kLong)->value();
  DiskSyncs::hold();
  auto settled = std::async(std::launch::async, [&] { return inbox->settle(claim, {}); });
  EXPECT_TRUE(DiskSyncs::await_one());
  EXPECT_EQ(settled.wait_for(200ms), std::future_status::timeout);
  DiskSyncs::let_go();
  EXPECT_TRUE(settled.get());
}

TEST_F(InboxSyncTest, all_that_come_while_the_disk_is_busy_share_the_next_sync) {
  const auto inbox = open();
  const long before = DiskSyncs::count();
  auto answers = put_while_the_disk_is_busy(*inbox, 500);
  DiskSyncs::let_go();
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  EXPECT_EQ(DiskSyncs::count() - before, 2);
}

TEST_F(InboxSyncTest, one_that_is_refused_takes_nobody_with_it) {
  setting_.bytes_max = 13;
  const auto inbox = open();
  auto answers = put_while_the_disk_is_busy(*inbox, 3);  // 5 bytes and 3 * 4
  DiskSyncs::let_go();
  EXPECT_TRUE(answers[0].get());
  EXPECT_TRUE(answers[1].get());
  EXPECT_TRUE(answers[2].get());
  EXPECT_EQ(answers[3].get().error().code, ErrorCode::inbox_full);
  EXPECT_EQ(inbox->counts()->depth, 3);
}

TEST_F(InboxSyncTest, a_disk_that_fails_fails_all_of_that_transaction_and_no_other) {
  const auto inbox = open();
  auto answers = put_while_the_disk_is_busy(*inbox, 3);
  DiskSyncs::fail_next();  // the first one's
  DiskSyncs::let_go();
  const auto failed = answers[0].get();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::inbox_unavailable);
  EXPECT_THAT(failed.error().message, testing::HasSubstr(setting_.path));
  EXPECT_THAT(failed.error().message, testing::HasSubstr("disk I/O error"));
  for (std::size_t i = 1; i < answers.size(); ++i) EXPECT_TRUE(answers[i].get());
  EXPECT_EQ(inbox->counts()->depth, 3);

  const Claim claim = inbox->take(kLong)->value();
  DiskSyncs::fail_next();
  EXPECT_EQ(inbox->settle(claim, {}).error().code, ErrorCode::inbox_unavailable);
  EXPECT_EQ(inbox->find(claim.id)->value().state, InboxEntry::State::working);
  EXPECT_TRUE(inbox->settle(claim, {}));  // it is still its owner's
  EXPECT_EQ(inbox->find(claim.id)->value().state, InboxEntry::State::done);
}

TEST_F(InboxSyncTest, who_could_not_settle_goes_on_giving_signs_of_life) {
  setting_.claim_silence = 100ms;
  const auto inbox = open();
  put(*inbox, "x");
  const Claim claim = inbox->take(kLong)->value();
  DiskSyncs::fail_next();
  ASSERT_FALSE(inbox->settle(claim, {}));
  EXPECT_TRUE(is_seen_alive());
}

TEST_F(InboxSyncTest, a_claim_and_a_question_wait_for_no_disk) {
  const auto inbox = open();
  const std::string id = put(*inbox, "x");
  const long before = DiskSyncs::count();
  const Claim claim = inbox->take(kLong)->value();
  ASSERT_TRUE(inbox->find(id));
  ASSERT_TRUE(inbox->counts());
  EXPECT_EQ(DiskSyncs::count(), before);
  ASSERT_TRUE(inbox->settle(claim, {}));
  EXPECT_EQ(DiskSyncs::count(), before + 1);
}

}  // namespace
}  // namespace miniatura
