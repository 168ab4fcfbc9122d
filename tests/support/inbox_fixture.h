// An inbox on a file of a test's own, and the real clock.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "runtime/database.h"
#include "runtime/inbox.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {

// For what has to come, however busy the machine is.
constexpr std::chrono::milliseconds kLong{60'000};

inline std::future<Result<std::string>> put_later(Inbox& inbox, Bytes payload) {
  auto answer = std::make_shared<std::promise<Result<std::string>>>();
  auto future = answer->get_future();
  inbox.put({std::move(payload), "webhook", "trace"},
            [answer](Result<std::string> id) { answer->set_value(std::move(id)); });
  return future;
}

inline std::string put(Inbox& inbox, Bytes payload) {
  const Result<std::string> id = put_later(inbox, std::move(payload)).get();
  EXPECT_TRUE(id) << id.error().message;
  return id.value_or("");
}

class InboxFixture : public testing::Test {
 protected:
  InboxFixture() { setting_.path = directory_.path() + "/a/inbox.db"; }
  std::unique_ptr<Inbox> open() {
    auto inbox = open_inbox(setting_, clock_, log_);
    EXPECT_TRUE(inbox) << inbox.error().message;
    return inbox ? std::move(*inbox) : nullptr;
  }
  InboxEntry::State state(Inbox& inbox, const std::string& id) {
    return inbox.find(id)->value().state;
  }
  // Does an owner give a sign of life from now on?
  bool is_seen_alive() const {
    auto database = Database::open(setting_.path, true);
    const auto heartbeat = [&] {
      auto row = database->prepare("SELECT max(heartbeat) FROM owners");
      EXPECT_EQ(row->step(), true);
      return row->integer(0);
    };
    const std::int64_t first = heartbeat();
    const auto until = std::chrono::steady_clock::now() + kLong;
    while (heartbeat() < first + 2 * setting_.claim_silence.count()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
  }
  // What lies beside the inbox's file under a name that begins like it.
  std::vector<std::string> moved_aside() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path() + "/a")) {
      const std::string name = entry.path().filename().string();
      if (name.find(".corrupt-") != std::string::npos) found.push_back(name);
    }
    return found;
  }

  const TemporaryDirectory directory_;
  SystemClock clock_;
  const Log log_{LogLevel::off};
  InboxSetting setting_;
};

}  // namespace miniatura
