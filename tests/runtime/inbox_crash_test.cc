// Processes that share an inbox, and are killed in the middle.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <future>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "runtime/inbox.h"
#include "tests/support/forked.h"
#include "tests/support/inbox_fixture.h"
#include "tests/support/sanitized.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;
using State = InboxEntry::State;

class InboxCrashTest : public InboxFixture {
 protected:
  InboxCrashTest() {
    setting_.claim_silence = 3'600'000ms;  // the locks alone tell who is dead
    setting_.crashes_max = 1'000;
    setting_.finished_max = 1'000'000;
  }

  // Puts and takes until it is killed, and says so: "put ID" when it was answered, "taken ID",
  // "settles ID" before and "settled ID" after.
  void live(const Forked::Parent& parent) const {
    SystemClock clock;
    auto inbox = open_inbox(setting_, clock, log_);
    if (!inbox) return parent.say("failed " + inbox.error().message);
    std::thread([&] { work(**inbox, parent); }).detach();
    for (;;) {
      std::promise<void> answered;
      (*inbox)->put({std::string(300, 'x'), "webhook", ""}, [&](const Result<std::string>& id) {
        parent.say(id ? "put " + *id : "failed " + id.error().message);
        answered.set_value();
      });
      answered.get_future().wait();
    }
  }
  static void work(Inbox& inbox, const Forked::Parent& parent) {
    for (;;) {
      const auto claim = inbox.take(1'000ms);
      if (!claim) return parent.say("failed " + claim.error().message);
      if (!*claim) continue;
      parent.say("taken " + (*claim)->id);
      parent.say("settles " + (*claim)->id);
      const auto settled = inbox.settle(**claim, {});
      parent.say(settled ? "settled " + (*claim)->id : "failed " + settled.error().message);
    }
  }

  // The words of all the lines, by their first word.
  void note(const std::string& line) {
    const std::size_t space = line.find(' ');
    said_[line.substr(0, space)].insert(line.substr(space + 1));
  }

  std::map<std::string, std::multiset<std::string>> said_;
};

TEST_F(InboxCrashTest, what_was_answered_outlives_any_number_of_kills) {
  std::mt19937 random(20'261'125);
  const int rounds = kSanitized ? 8 : 25;
  std::array<std::optional<Forked>, 2> children;
  const auto begin = [this](std::optional<Forked>& child) {
    child.emplace([this](const Forked::Parent& parent) { live(parent); });
  };
  for (auto& child : children) begin(child);
  for (int round = 0; round < rounds; ++round) {
    std::optional<Forked>& child = children[random() % 2];
    for (auto lines = random() % 120; lines > 0; --lines) {
      const auto line = child->line();
      ASSERT_TRUE(line);
      note(*line);
    }
    child->kill();
    while (const auto line = child->line()) note(*line);
    begin(child);
  }
  for (auto& child : children) {
    child->kill();
    while (const auto line = child->line()) note(*line);
  }
  EXPECT_THAT(said_["failed"], testing::IsEmpty());

  const auto inbox = open();
  int waiting = 0;
  for (const std::string& id : said_["put"]) {
    const auto entry = inbox->find(id);
    ASSERT_TRUE(entry && *entry) << id << " was answered and is lost";
    const State state = (*entry)->state;
    if (state != State::done) ++waiting;
    EXPECT_TRUE(state != State::done || said_["settles"].contains(id)) << id;
    EXPECT_TRUE(state == State::done || !said_["settled"].contains(id)) << id;
    EXPECT_LE(said_["settled"].count(id), 1U) << id << " was worked on by two who lived";
  }
  EXPECT_FALSE(said_["settled"].empty());
  // All that is left is to be had at once, that of the dead included.
  const std::int64_t depth = inbox->counts()->depth;
  EXPECT_GE(depth, waiting);
  for (std::int64_t i = 0; i < depth; ++i) {
    const auto claim = inbox->take(0ms);
    ASSERT_TRUE(claim && *claim);
    ASSERT_TRUE(inbox->settle(**claim, {}));
  }
  for (const std::string& id : said_["put"]) EXPECT_EQ(state(*inbox, id), State::done);
  EXPECT_TRUE(moved_aside().empty());
}

TEST_F(InboxCrashTest, two_at_once_share_the_work_and_take_nothing_twice) {
  constexpr int kCount = 300;
  {
    const auto inbox = open();
    for (int i = 0; i < kCount; ++i) (void)put_later(*inbox, "x");
    while (inbox->counts()->depth < kCount) std::this_thread::yield();
  }
  const auto begin = [this](std::optional<Forked>& child) {
    child.emplace([this](const Forked::Parent& parent) {
      SystemClock clock;
      const auto inbox = open_inbox(setting_, clock, log_);
      if (!inbox) return;
      parent.say("ready");
      const auto first = (*inbox)->take(kLong);
      parent.say("taken " + (*first)->id);
      parent.await_end();  // until both have one
      (void)(*inbox)->settle(**first, {});
      for (;;) {
        const auto claim = (*inbox)->take(0ms);
        if (!claim || !*claim) return;
        parent.say("taken " + (*claim)->id);
        (void)(*inbox)->settle(**claim, {});
      }
    });
  };
  std::array<std::optional<Forked>, 2> children;
  for (auto& child : children) begin(child);
  for (auto& child : children) {
    EXPECT_EQ(child->line(), "ready");
    note(child->line().value_or("failed"));
  }
  for (auto& child : children) child->finish();
  for (auto& child : children) {
    while (const auto line = child->line()) note(*line);
  }
  const auto& taken = said_["taken"];
  EXPECT_EQ(taken.size(), std::size_t{kCount});
  EXPECT_EQ(std::set<std::string>(taken.begin(), taken.end()).size(), std::size_t{kCount});
  EXPECT_EQ(open()->counts()->depth, 0);
}

}  // namespace
}  // namespace miniatura
