#include "runtime/inbox_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/support/inbox_file_fixture.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;
using State = InboxEntry::State;
using What = Settlement::What;

class InboxFileTest : public InboxFileFixture {};

TEST_F(InboxFileTest, the_oldest_that_is_due_is_claimed_first) {
  InboxFile file = open();
  const std::string first = put(file, "1");
  now_.boot_ms += 10;
  const std::string second = put(file, "2");
  const std::string third = put(file, "3");  // in the same millisecond
  EXPECT_EQ(claim(file)->id, first);
  EXPECT_EQ(claim(file)->id, second);
  EXPECT_EQ(claim(file)->id, third);
  EXPECT_FALSE(claim(file));
}

TEST_F(InboxFileTest, ids_sort_by_time_and_are_not_to_be_guessed) {
  InboxFile file = open();
  const std::string first = put(file, "");
  now_.wall_ms += 1;
  const std::string second = put(file, "");
  EXPECT_LT(first, second);
  EXPECT_THAT(first, testing::MatchesRegex("[0-9a-f]+"));
  EXPECT_EQ(first.size(), 32U);
  EXPECT_NE(first.substr(12), second.substr(12));
}

TEST_F(InboxFileTest, later_waits_for_a_backoff_and_as_long_as_it_was_asked_to) {
  setting_.backoff_base = 1'000ms;
  InboxFile file = open();
  put(file, "");
  settle(file, *claim(file), later(0ms), 0.5);  // 0.5 * 1000 * 2^1
  now_.boot_ms += 999;
  EXPECT_FALSE(claim(file));
  now_.boot_ms += 1;
  const auto second = claim(file);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->attempt, 2);
  settle(file, *second, later(5'000ms), 0.0);
  now_.boot_ms += 4'999;
  EXPECT_FALSE(claim(file));
  now_.boot_ms += 1;
  EXPECT_TRUE(claim(file));
}

TEST_F(InboxFileTest, the_last_attempt_that_fails_makes_it_dead_with_the_last_error) {
  setting_.attempts_max = 2;
  InboxFile file = open();
  const std::string id = put(file, "x");
  settle(file, *claim(file), later(0ms, ErrorCode::store_unavailable));
  EXPECT_EQ(find(file, id).state, State::waiting);
  EXPECT_EQ(find(file, id).code, "store.unavailable");
  settle(file, *claim(file), later(0ms, ErrorCode::network_timeout));
  const InboxEntry entry = find(file, id);
  EXPECT_EQ(entry.state, State::dead);
  EXPECT_EQ(entry.attempts, 2);
  EXPECT_EQ(entry.code, "network.timeout");
  EXPECT_EQ(entry.message, "why");
  EXPECT_EQ(entry.failure_type, FailureType::worker);
  EXPECT_EQ(counts(file).depth, 0);
  EXPECT_EQ(counts(file).dead, 1);
}

TEST_F(InboxFileTest, what_does_not_count_and_what_is_released_uses_up_no_attempt) {
  setting_.attempts_max = 1;
  InboxFile file = open();
  const std::string id = put(file, "");
  for (int i = 0; i < 3; ++i) {
    const auto claimed = claim(file);
    ASSERT_TRUE(claimed);
    EXPECT_EQ(claimed->attempt, 1);
    Settlement settlement = later(0ms);
    settlement.counts = false;
    if (i == 1) settlement = Settlement{What::released, true, 0ms, {}, ""};
    settle(file, *claimed, settlement);
    EXPECT_EQ(find(file, id).state, State::waiting);
    EXPECT_EQ(find(file, id).attempts, 0);
  }
}

TEST_F(InboxFileTest, released_is_due_as_it_was) {
  InboxFile file = open();
  const std::string first = put(file, "");
  now_.boot_ms += 10;
  put(file, "");
  settle(file, *claim(file), Settlement{What::released, true, 0ms, {}, ""});
  EXPECT_EQ(claim(file)->id, first);
}

TEST_F(InboxFileTest, an_old_ticket_settles_nothing) {
  InboxFile file = open();
  const std::string id = put(file, "");
  const Claim old = *claim(file);
  settle(file, old, Settlement{What::released, true, 0ms, {}, ""});
  const Claim current = *claim(file);
  EXPECT_GT(current.ticket, old.ticket);
  settle(file, old, Settlement{});
  EXPECT_EQ(find(file, id).state, State::working);
  settle(file, current, Settlement{});
  EXPECT_EQ(find(file, id).state, State::done);
  settle(file, current, Settlement{What::dead, true, 0ms, {}, ""});
  EXPECT_EQ(find(file, id).state, State::done);
}

TEST_F(InboxFileTest, more_rows_or_bytes_than_allowed_are_refused_and_disturb_nobody) {
  setting_.rows_max = 3;
  setting_.bytes_max = 10;
  InboxFile file = open();
  ASSERT_TRUE(file.begin(true));
  ASSERT_TRUE(file.put(InboxPut{"12345678", "webhook", ""}, now_));
  const auto refused = file.put(InboxPut{"123", "webhook", ""}, now_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::inbox_full);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("8 of 10 bytes"));
  ASSERT_TRUE(file.commit());
  EXPECT_TRUE(counts(file).is_below_mark);
  put(file, "1");
  EXPECT_FALSE(counts(file).is_below_mark);  // 9 of 10 bytes
  put(file, "");
  ASSERT_TRUE(file.begin(true));
  EXPECT_EQ(file.put(InboxPut{}, now_).error().code, ErrorCode::inbox_full);
  file.rollback();
  settle(file, *claim(file), Settlement{});
  put(file, "12345678");
}

TEST_F(InboxFileTest, what_is_done_has_no_payload_and_the_oldest_are_forgotten) {
  setting_.finished_max = 2;
  InboxFile file = open();
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(put(file, "payload"));
  for (int i = 0; i < 4; ++i) settle(file, *claim(file), Settlement{});
  EXPECT_EQ(number("SELECT count(*) FROM payloads"), 0);
  EXPECT_EQ(counts(file).bytes, 0);
  trim(file);
  ASSERT_TRUE(file.begin(false));
  EXPECT_FALSE(file.find(ids[0])->has_value());
  EXPECT_FALSE(file.find(ids[1])->has_value());
  EXPECT_TRUE(file.find(ids[2])->has_value());
  EXPECT_TRUE(file.find(ids[3])->has_value());
  file.rollback();
}

TEST_F(InboxFileTest, the_dead_have_an_allowance_of_their_own_and_the_oldest_go_first) {
  setting_.rows_max = 2;
  setting_.bytes_max = 100;
  InboxFile file = open();
  std::vector<std::string> ids;
  const auto die = [&](const Bytes& payload) {
    ids.push_back(put(file, payload));
    settle(file, *claim(file), Settlement{What::dead, true, 0ms, {}, ""});
  };
  die("1");
  die("2");
  EXPECT_THAT(trim(file), testing::IsEmpty());
  EXPECT_EQ(counts(file).dead, 2);
  EXPECT_TRUE(counts(file).is_below_mark);  // a full office does not stop the work
  die("3");
  EXPECT_THAT(trim(file), testing::ElementsAre(ids[0]));
  die(std::string(100, 'x'));
  EXPECT_THAT(trim(file), testing::ElementsAre(ids[1], ids[2]));
  EXPECT_EQ(number("SELECT count(*) FROM payloads"), 1);
}

TEST_F(InboxFileTest, the_age_is_of_the_oldest_that_is_open) {
  InboxFile file = open();
  EXPECT_EQ(counts(file).oldest_age, 0ms);
  put(file, "");
  now_.boot_ms += 500;
  put(file, "");
  now_.boot_ms += 500;
  EXPECT_EQ(counts(file).oldest_age, 1'000ms);
  const Claim oldest = *claim(file);
  EXPECT_EQ(oldest.waited, 1'000ms);
  EXPECT_EQ(counts(file).oldest_age, 1'000ms);
  settle(file, oldest, Settlement{});
  EXPECT_EQ(counts(file).oldest_age, 500ms);
}

TEST_F(InboxFileTest, the_tally_is_what_a_count_gives) {
  setting_.attempts_max = 1;
  setting_.finished_max = 3;
  InboxFile file = open();
  const What ends[] = {What::done, What::later, What::released, What::dead};
  for (int i = 0; i < 40; ++i) {
    put(file, std::string(static_cast<std::size_t>(i), 'x'));
    if (i % 3 == 0) continue;
    Settlement settlement = later(0ms);
    settlement.what = ends[i % 4];
    settlement.reply = std::string(static_cast<std::size_t>(i % 7), 'y');
    settle(file, *claim(file), settlement);
    trim(file);
    ASSERT_EQ(number("SELECT count(*) FROM tally AS t WHERE "
                     "rows != (SELECT count(*) FROM deliveries WHERE state = t.state) OR bytes != "
                     "(SELECT total(size) FROM deliveries WHERE state = t.state)"),
              0)
        << "after " << i;
    ASSERT_EQ(number("SELECT count(*) FROM deliveries AS d WHERE size != length(reply) + "
                     "ifnull((SELECT length(bytes) FROM payloads WHERE row = d.row), 0)"),
              0)
        << "after " << i;
  }
}

TEST_F(InboxFileTest, a_reply_is_kept_up_to_64_KiB_and_a_message_up_to_4) {
  InboxFile file = open();
  const std::string id = put(file, "");
  Settlement settlement = later(0ms);
  settlement.reply = std::string(100'000, 'r');
  settlement.why->message = std::string(100'000, 'm');
  settle(file, *claim(file), settlement);
  EXPECT_GT(find(file, id).reply.size(), 65'500U);
  EXPECT_LE(find(file, id).reply.size(), 65'536U);
  EXPECT_LE(find(file, id).message->size(), 4'096U);
}

}  // namespace
}  // namespace miniatura
