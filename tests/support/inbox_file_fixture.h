// An inbox's file with its time in the test's hand.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "runtime/database.h"
#include "runtime/inbox_file.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {

class InboxFileFixture : public testing::Test {
 protected:
  InboxFileFixture() {
    setting_.path = directory_.path() + "/inbox.db";
    owners_.emplace(*InboxOwners::open(setting_.path));
  }

  Result<InboxFile> try_open(const InboxOwners& owners, const std::string& boot = "boot") {
    return InboxFile::open(setting_, owners, std::nullopt, boot, now_, log_);
  }
  InboxFile open(const std::string& boot = "boot") {
    auto file = try_open(*owners_, boot);
    EXPECT_TRUE(file) << file.error().message;
    return std::move(*file);
  }

  // Each a transaction.
  std::string put(InboxFile& file, const Bytes& payload) {
    return in_one(file, [&] { return file.put(InboxPut{payload, "webhook", "trace"}, now_); });
  }
  std::optional<Claim> claim(InboxFile& file) {
    return in_one(file, [&] { return file.claim(now_); });
  }
  void settle(InboxFile& file, const Claim& claim, const Settlement& settlement,
              double unit_random = 0) {
    in_one(file, [&]() -> Result<bool> {
      CHECKED(file.settle(claim, settlement, unit_random, now_));
      return true;
    });
  }
  void reclaim(InboxFile& file) {
    in_one(file, [&]() -> Result<bool> {
      CHECKED(file.reclaim(now_));
      return true;
    });
  }
  std::vector<std::string> trim(InboxFile& file) {
    return in_one(file, [&] { return file.trim(); });
  }
  InboxEntry find(InboxFile& file, const std::string& id) {
    return in_one(file, [&] { return file.find(id); }).value();
  }
  InboxCounts counts(InboxFile& file) {
    return in_one(file, [&] { return file.counts(now_); });
  }

  static Settlement later(std::chrono::milliseconds not_before,
                          ErrorCode code = ErrorCode::store_unavailable) {
    Settlement settlement;
    settlement.what = Settlement::What::later;
    settlement.not_before = not_before;
    settlement.why = fail(code, "why").value();
    return settlement;
  }

  // What a query of one number gives, on a connection of its own.
  std::int64_t number(std::string_view sql) const {
    auto database = Database::open(setting_.path, true);
    auto statement = database->prepare(sql);
    EXPECT_TRUE(statement) << statement.error().message;
    EXPECT_TRUE(statement->step());
    return statement->integer(0);
  }

  const TemporaryDirectory directory_;
  const Log log_{LogLevel::off};
  InboxSetting setting_;
  std::optional<InboxOwners> owners_;
  InboxMoment now_{1'000'000, 1'700'000'000'000};

 private:
  template <class Body>
  static auto in_one(InboxFile& file, Body body) -> typename decltype(body())::value_type {
    EXPECT_TRUE(file.begin(true));
    auto answer = body();
    EXPECT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(file.commit());
    return std::move(*answer);
  }
};

}  // namespace miniatura
