#include "runtime/inbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <optional>
#include <thread>

#include "runtime/database.h"
#include "tests/support/inbox_fixture.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;
using State = InboxEntry::State;

class InboxTest : public InboxFixture {};

TEST_F(InboxTest, what_is_put_is_taken_once_and_found_until_the_end) {
  const auto inbox = open();
  const std::string bytes("\0\xff{}", 4);
  const std::string id = put(*inbox, bytes);
  EXPECT_EQ(state(*inbox, id), State::waiting);

  const auto claim = inbox->take(kLong);
  ASSERT_TRUE(claim && *claim);
  EXPECT_EQ((*claim)->id, id);
  EXPECT_EQ((*claim)->payload, bytes);
  EXPECT_EQ((*claim)->door, "webhook");
  EXPECT_EQ((*claim)->trace_id, "trace");
  EXPECT_EQ((*claim)->attempt, 1);
  EXPECT_EQ(state(*inbox, id), State::working);
  EXPECT_FALSE(inbox->take(0ms)->has_value());

  Settlement done;
  done.reply = R"({"stored":1})";
  ASSERT_TRUE(inbox->settle(**claim, done));
  const auto entry = inbox->find(id);
  ASSERT_TRUE(entry && *entry);
  EXPECT_EQ((*entry)->state, State::done);
  EXPECT_EQ((*entry)->reply, done.reply);
  EXPECT_EQ((*entry)->attempts, 1);
  EXPECT_EQ(inbox->counts()->depth, 0);
  EXPECT_FALSE(inbox->find("no such id")->has_value());
}

TEST_F(InboxTest, whoever_waits_gets_what_is_put_meanwhile) {
  const auto inbox = open();
  auto waiting = std::async(std::launch::async, [&] { return inbox->take(kLong); });
  const std::string id = put(*inbox, "x");
  EXPECT_EQ(waiting.get()->value().id, id);
}

TEST_F(InboxTest, whoever_waits_gets_what_comes_back_later) {
  setting_.backoff_base = 1ms;
  const auto inbox = open();
  put(*inbox, "x");
  const Claim claim = inbox->take(kLong)->value();
  auto waiting = std::async(std::launch::async, [&] { return inbox->take(kLong); });
  Settlement later;
  later.what = Settlement::What::later;
  later.not_before = 20ms;
  ASSERT_TRUE(inbox->settle(claim, later));
  EXPECT_EQ(waiting.get()->value().attempt, 2);
}

TEST_F(InboxTest, after_wake_nobody_waits_any_more) {
  const auto inbox = open();
  auto waiting = std::async(std::launch::async, [&] { return inbox->take(kLong); });
  inbox->wake();
  EXPECT_FALSE(waiting.get()->has_value());
  put(*inbox, "x");
  EXPECT_FALSE(inbox->take(kLong)->has_value());
}

TEST_F(InboxTest, it_is_there_after_a_restart_and_what_was_in_hand_goes_back) {
  auto inbox = open();
  const std::string id = put(*inbox, "x");
  ASSERT_TRUE(inbox->take(kLong)->has_value());
  inbox.reset();
  inbox = open();
  EXPECT_EQ(state(*inbox, id), State::waiting);
  EXPECT_EQ(inbox->take(0ms)->value().attempt, 1);
}

TEST_F(InboxTest, two_on_one_file_see_each_others_deliveries) {
  const auto one = open();
  const auto two = open();
  auto waiting = std::async(std::launch::async, [&] { return two->take(kLong); });
  const std::string id = put(*one, "x");
  const Claim claim = waiting.get()->value();
  EXPECT_EQ(claim.id, id);
  EXPECT_FALSE(one->take(0ms)->has_value());
  ASSERT_TRUE(two->settle(claim, Settlement{}));
  EXPECT_EQ(state(*one, id), State::done);
}

TEST_F(InboxTest, a_sign_of_life_is_given_while_something_is_in_hand) {
  setting_.claim_silence = 100ms;
  const auto inbox = open();
  put(*inbox, "x");
  ASSERT_TRUE(inbox->take(kLong)->has_value());
  EXPECT_TRUE(is_seen_alive());
}

TEST_F(InboxTest, a_full_inbox_refuses_and_goes_on_when_there_is_room) {
  setting_.rows_max = 1;
  const auto inbox = open();
  put(*inbox, "x");
  EXPECT_EQ(put_later(*inbox, "y").get().error().code, ErrorCode::inbox_full);
  ASSERT_TRUE(inbox->settle(inbox->take(kLong)->value(), Settlement{}));
  put(*inbox, "y");
}

TEST_F(InboxTest, a_file_that_is_found_damaged_while_in_use_is_moved_aside) {
  {
    const auto inbox = open();
    for (int i = 0; i < 50; ++i) put(*inbox, std::string(1'000, 'x'));
  }
  const auto inbox = open();
  put(*inbox, "x");
  const Claim claim = inbox->take(kLong)->value();
  {
    std::fstream file(setting_.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    const std::string garbage(100'000, '\x5a');
    file.write(garbage.data(), static_cast<std::streamsize>(garbage.size()));
  }
  // Makes it read its pages anew.
  ASSERT_TRUE(Database::open(setting_.path)->execute("PRAGMA user_version = 1"));
  const auto failed = put_later(*inbox, "y").get();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::inbox_unavailable);
  const std::string id = put(*inbox, "z");
  EXPECT_FALSE(moved_aside().empty());
  EXPECT_TRUE(inbox->settle(claim, Settlement{}));  // of nothing any more
  EXPECT_EQ(inbox->take(kLong)->value().id, id);
}

TEST_F(InboxTest, a_file_that_is_found_damaged_while_another_uses_it_stays) {
  const auto other = open();
  const auto inbox = open();
  put(*inbox, "x");
  {
    std::fstream file(setting_.path, std::ios::in | std::ios::out | std::ios::binary);
    ASSERT_TRUE(Database::open(setting_.path)->execute("PRAGMA wal_checkpoint"));
    file.seekp(4096);
    const std::string garbage(60'000, '\x5a');
    file.write(garbage.data(), static_cast<std::streamsize>(garbage.size()));
  }
  ASSERT_TRUE(Database::open(setting_.path)->execute("PRAGMA user_version = 1"));
  for (int i = 0; i < 3; ++i) {
    const auto failed = put_later(*inbox, "y").get();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::inbox_unavailable);
  }
  EXPECT_THAT(moved_aside(), testing::IsEmpty());
}

TEST_F(InboxTest, a_file_that_is_removed_while_in_use_is_begun_anew) {
  const auto inbox = open();
  put(*inbox, "lost by who removed it");
  for (const char* part : {"", "-wal", "-shm"}) std::filesystem::remove(setting_.path + part);
  const std::string id = put(*inbox, "x");
  ASSERT_TRUE(std::filesystem::exists(setting_.path));
  const auto other = open();
  EXPECT_EQ(state(*other, id), State::waiting);
}

TEST_F(InboxTest, each_state_has_a_name) {
  EXPECT_EQ(state_name(State::waiting), "waiting");
  EXPECT_EQ(state_name(State::working), "working");
  EXPECT_EQ(state_name(State::done), "done");
  EXPECT_EQ(state_name(State::dead), "dead");
}

}  // namespace
}  // namespace miniatura
