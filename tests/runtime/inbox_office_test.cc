#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "runtime/dead_letters.h"
#include "runtime/inbox.h"
#include "tests/support/inbox_file_fixture.h"
#include "tests/support/manual_clock.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;
using Verdict = DeadLetterOffice::Verdict;

class InboxOfficeTest : public InboxFileFixture {
 protected:
  InboxOfficeTest() : file_(open()) { now_.boot_ms = boot_time().count(); }

  std::string die(const Bytes& payload, ErrorCode code) {
    std::string id = put(file_, payload);
    Settlement dead;
    dead.what = Settlement::What::dead;
    dead.why = fail(code, "why").value();
    settle(file_, *claim(file_), dead);
    now_.wall_ms += 1'000;
    return id;
  }
  std::unique_ptr<DeadLetterOffice> office() const {
    return std::move(*open_inbox_office(setting_.path, clock_));
  }
  std::vector<std::string> ids_in_it(const DeadLetterFilter& filter = {}) const {
    std::vector<std::string> ids;
    EXPECT_TRUE(office()->walk(filter, [&](const DeadLetter& letter) {
      ids.push_back(letter.id);
      return Verdict::keep;
    }));
    return ids;
  }

  InboxFile file_;
  SystemClock clock_;
};

TEST_F(InboxOfficeTest, a_letter_says_what_is_known_of_it) {
  const auto received = Clock::Time(std::chrono::milliseconds(now_.wall_ms));
  const std::string id = die(std::string("\0\xff", 2), ErrorCode::image_corrupt);
  std::optional<DeadLetter> seen;
  ASSERT_TRUE(office()->walk({}, [&](const DeadLetter& letter) {
    seen = letter;
    return Verdict::keep;
  }));
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->id, id);
  EXPECT_EQ(seen->door, "webhook");
  EXPECT_EQ(seen->received, received);
  EXPECT_EQ(seen->died, received);
  EXPECT_EQ(seen->code, "image.corrupt");
  EXPECT_EQ(seen->message, "why");
  EXPECT_EQ(seen->failure_type, FailureType::job);
  EXPECT_EQ(seen->attempts, 1);
  EXPECT_EQ(seen->payload, std::string("\0\xff", 2));
}

TEST_F(InboxOfficeTest, letters_come_in_the_order_of_their_deaths_through_the_filter) {
  const std::string a = die("a", ErrorCode::image_corrupt);
  const std::string b = die("b", ErrorCode::store_unavailable);
  const std::string c = die("c", ErrorCode::image_corrupt);
  EXPECT_THAT(ids_in_it(), testing::ElementsAre(a, b, c));
  DeadLetterFilter filter;
  filter.codes = {"image.corrupt"};
  EXPECT_THAT(ids_in_it(filter), testing::ElementsAre(a, c));
}

TEST_F(InboxOfficeTest, what_is_redriven_is_as_if_it_had_just_come_and_what_is_dropped_is_gone) {
  const std::string a = die("a", ErrorCode::image_corrupt);
  const std::string b = die("b", ErrorCode::image_corrupt);
  const std::string c = die("c", ErrorCode::image_corrupt);
  ASSERT_TRUE(office()->walk({}, [&](const DeadLetter& letter) {
    if (letter.id == c) return Verdict::keep;
    return letter.id == a ? Verdict::redrive : Verdict::drop;
  }));
  EXPECT_THAT(ids_in_it(), testing::ElementsAre(c));
  EXPECT_EQ(counts(file_).dead, 1);
  EXPECT_EQ(counts(file_).depth, 1);
  EXPECT_EQ(number("SELECT count(*) FROM payloads"), 2);
  now_.boot_ms = boot_time().count();
  const auto again = claim(file_);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->id, a);
  EXPECT_EQ(again->payload, "a");
  EXPECT_EQ(again->attempt, 1);
}

TEST_F(InboxOfficeTest, a_letter_that_dies_again_meanwhile_is_not_seen_twice) {
  die("a", ErrorCode::image_corrupt);
  int seen = 0;
  const auto office = this->office();
  ASSERT_TRUE(office->walk({}, [&](const DeadLetter&) {
    ++seen;
    die("new", ErrorCode::image_corrupt);  // no lock is held meanwhile
    return Verdict::redrive;
  }));
  EXPECT_EQ(seen, 1);
}

TEST_F(InboxOfficeTest, a_letter_that_somebody_else_redrove_meanwhile_is_left_to_him) {
  const std::string id = die("a", ErrorCode::image_corrupt);
  const auto other = office();
  ASSERT_TRUE(office()->walk({}, [&](const DeadLetter&) {
    EXPECT_TRUE(other->walk({}, [](const DeadLetter&) { return Verdict::redrive; }));
    return Verdict::drop;
  }));
  EXPECT_EQ(find(file_, id).state, InboxEntry::State::waiting);
}

TEST_F(InboxOfficeTest, no_file_is_created_and_none_is_misread) {
  const std::string absent = directory_.path() + "/absent.db";
  const auto none = open_inbox_office(absent, clock_);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::file_unreadable);
  EXPECT_FALSE(std::filesystem::exists(absent));
  EXPECT_FALSE(std::filesystem::exists(absent + "-owners"));

  const std::string other = directory_.path() + "/other.db";
  ASSERT_TRUE(Database::open(other)->execute("CREATE TABLE t (a)"));
  EXPECT_EQ(open_inbox_office(other, clock_).error().code, ErrorCode::inbox_unavailable);
}

}  // namespace
}  // namespace miniatura
