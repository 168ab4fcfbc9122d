#include "runtime/inbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "runtime/database.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

constexpr auto kLong = 60'000ms;  // for what has to come, however busy the machine is

std::future<Result<std::string>> put_later(Inbox& inbox, Bytes payload) {
  auto answer = std::make_shared<std::promise<Result<std::string>>>();
  auto future = answer->get_future();
  inbox.put({std::move(payload), "webhook", "trace"},
            [answer](Result<std::string> id) { answer->set_value(std::move(id)); });
  return future;
}

std::string put(Inbox& inbox, Bytes payload) {
  const Result<std::string> id = put_later(inbox, std::move(payload)).get();
  EXPECT_TRUE(id) << id.error().message;
  return id.value_or("");
}

class InboxTest : public testing::Test {
 protected:
  InboxTest() { setting_.path = directory_.path() + "/a/inbox.db"; }
  std::unique_ptr<Inbox> open() {
    auto inbox = open_inbox(setting_, clock_, log_);
    EXPECT_TRUE(inbox) << inbox.error().message;
    return inbox ? std::move(*inbox) : nullptr;
  }

  const TemporaryDirectory directory_;
  SystemClock clock_;
  const Log log_{LogLevel::off};
  InboxSetting setting_;
};

TEST_F(InboxTest, what_is_put_is_taken_once_and_found_until_the_end) {
  const auto inbox = open();
  const std::string bytes("\0\xff{}", 4);
  const std::string id = put(*inbox, bytes);
  EXPECT_EQ(inbox->find(id)->value().state, InboxEntry::State::waiting);

  const auto claim = inbox->take(kLong);
  ASSERT_TRUE(claim && *claim);
  EXPECT_EQ((*claim)->id, id);
  EXPECT_EQ((*claim)->payload, bytes);
  EXPECT_EQ((*claim)->door, "webhook");
  EXPECT_EQ((*claim)->trace_id, "trace");
  EXPECT_EQ((*claim)->attempt, 1);
  EXPECT_EQ(inbox->find(id)->value().state, InboxEntry::State::working);
  EXPECT_FALSE(inbox->take(0ms)->has_value());

  Settlement done;
  done.reply = R"({"stored":1})";
  ASSERT_TRUE(inbox->settle(**claim, done));
  const auto entry = inbox->find(id);
  ASSERT_TRUE(entry && *entry);
  EXPECT_EQ((*entry)->state, InboxEntry::State::done);
  EXPECT_EQ((*entry)->reply, done.reply);
  EXPECT_EQ((*entry)->attempts, 1);
  EXPECT_EQ(inbox->counts()->depth, 0);
  EXPECT_FALSE(inbox->find("no such id")->has_value());
}

}  // namespace
}  // namespace miniatura
