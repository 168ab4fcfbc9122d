#include "runtime/inbox_workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <stdexcept>

#include "tests/support/memory_inbox.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

Item item_of(Item::What what, ErrorCode code = ErrorCode::internal) {
  Item item;
  item.what = what;
  if (what != Item::What::ack) {
    item.why.emplace();
    item.why->code = code;
  }
  return item;
}

TEST(SettlementOfTest, the_worst_item_decides_and_a_retry_comes_before_a_dead_letter) {
  using What = Item::What;
  const auto settled = [](std::vector<Item> items) {
    return settlement_of({"{}", std::move(items)});
  };
  EXPECT_EQ(settled({}).what, Settlement::What::done);
  EXPECT_EQ(settled({item_of(What::ack)}).what, Settlement::What::done);
  EXPECT_EQ(settled({item_of(What::ack), item_of(What::dead)}).what, Settlement::What::dead);
  EXPECT_EQ(settled({item_of(What::dead), item_of(What::retry), item_of(What::ack)}).what,
            Settlement::What::later);
}

TEST(SettlementOfTest, what_the_item_says_goes_along) {
  Item item = item_of(Item::What::retry, ErrorCode::destination_denied);
  item.counts = false;
  item.retry_after = 7s;
  const Settlement settlement = settlement_of({"{\"failed\":1}", {item}});
  EXPECT_FALSE(settlement.counts);
  EXPECT_EQ(settlement.not_before, 7s);
  EXPECT_EQ(settlement.why->code, ErrorCode::destination_denied);
  EXPECT_EQ(settlement.reply, "{\"failed\":1}");
}

class InboxWorkersTest : public testing::Test {
 protected:
  void put(const std::string& payload) {
    inbox_.put({payload, "webhook", "Root=1-2"}, [](const Result<std::string>&) {});
  }
  InboxWorkers start(const HandleFn& handle, const InboxWorkers::Setting& setting = {}) {
    return {setting, inbox_, [handle] { return handle; }, clock_, log_};
  }

  MemoryInbox inbox_;
  SystemClock clock_;
  Log log_{LogLevel::off};
};

TEST_F(InboxWorkersTest, each_delivery_is_handled_with_what_the_inbox_knows_of_it_and_settled) {
  put("a");
  inbox_.waiting.front().attempt = 3;
  inbox_.waiting.front().waited = 20ms;
  Delivery seen;
  InboxWorkers workers = start([&](const Delivery& delivery) {
    seen = delivery;
    return Handled{"{\"stored\":1}", {item_of(Item::What::ack)}};
  });
  inbox_.wait_until_settled(1);
  EXPECT_TRUE(workers.stop(60s));
  EXPECT_EQ(seen.payload, "a");
  EXPECT_EQ(seen.door, "webhook");
  EXPECT_EQ(seen.id, "id-1");
  EXPECT_EQ(seen.trace_id, "Root=1-2");
  EXPECT_EQ(seen.attempt, 3);
  EXPECT_EQ(seen.waited, 20ms);
  EXPECT_TRUE(seen.deadline.is_set());
  EXPECT_EQ(inbox_.settled.at(0).first, "id-1");
  EXPECT_EQ(inbox_.settled.at(0).second.what, Settlement::What::done);
  EXPECT_EQ(inbox_.settled.at(0).second.reply, "{\"stored\":1}");
}

TEST_F(InboxWorkersTest, a_fault_of_ours_is_tried_again) {
  put("a");
  InboxWorkers workers =
      start([](const Delivery&) -> Handled { throw std::runtime_error("oh no"); });
  inbox_.wait_until_settled(1);
  EXPECT_EQ(inbox_.settled.at(0).second.what, Settlement::What::later);
  EXPECT_NE(inbox_.settled.at(0).second.why->message.find("oh no"), std::string::npos);
}

TEST_F(InboxWorkersTest, an_end_that_cannot_be_written_is_written_later) {
  put("a");
  inbox_.settle_failures = 1;
  InboxWorkers workers = start([](const Delivery&) { return Handled{}; });
  inbox_.wait_until_settled(1);
  EXPECT_EQ(inbox_.settled.at(0).second.what, Settlement::What::done);
}

TEST_F(InboxWorkersTest, as_many_are_worked_on_at_a_time_as_there_are_jobs) {
  for (int i = 0; i < 3; ++i) put(std::to_string(i));
  std::mutex mutex;
  std::condition_variable changed;
  int inside = 0;
  InboxWorkers::Setting setting;
  setting.jobs = 3;
  InboxWorkers workers = start(
      [&](const Delivery&) {
        std::unique_lock lock(mutex);
        ++inside;
        changed.notify_all();
        changed.wait(lock, [&] { return inside == 3; });  // each waits for the others
        return Handled{};
      },
      setting);
  inbox_.wait_until_settled(3);
}

TEST_F(InboxWorkersTest, nothing_is_taken_while_the_door_had_better_pause) {
  put("a");
  std::atomic<int> asked{0};
  InboxWorkers::Setting setting;
  setting.pause = [&] { return ++asked <= 2 ? 1ms : 0ms; };
  std::atomic<int> asked_before_first{0};
  InboxWorkers workers = start(
      [&](const Delivery&) {
        asked_before_first = asked.load();
        return Handled{};
      },
      setting);
  inbox_.wait_until_settled(1);
  EXPECT_GE(asked_before_first, 3);
}

TEST_F(InboxWorkersTest, stopping_waits_for_what_is_in_hand_and_says_when_it_gave_up) {
  put("a");
  put("b");
  std::mutex mutex;
  std::condition_variable changed;
  bool has_begun = false, may_end = false;
  InboxWorkers workers = start([&](const Delivery&) {
    std::unique_lock lock(mutex);
    has_begun = true;
    changed.notify_all();
    changed.wait(lock, [&] { return may_end; });
    return Handled{};
  });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return has_begun; });
  }
  EXPECT_FALSE(workers.stop(1ms));
  {
    const std::lock_guard lock(mutex);
    may_end = true;
    changed.notify_all();
  }
  EXPECT_TRUE(workers.stop(60s));
  EXPECT_EQ(inbox_.settled.size(), 1u);
  EXPECT_EQ(inbox_.waiting.size(), 1u) << "the second one is not begun any more";
}

}  // namespace
}  // namespace miniatura
