#include "runtime/inbox_owners.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "runtime/bytes.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {
namespace {

class InboxOwnersTest : public testing::Test {
 protected:
  InboxOwners open() const { return *InboxOwners::open(directory_.path() + "/inbox.db"); }

  const TemporaryDirectory directory_;
};

TEST_F(InboxOwnersTest, an_owner_is_held_until_it_lets_go_or_is_gone) {
  const InboxOwners one = open();
  std::optional<InboxOwners> two = open();
  ASSERT_TRUE(two->hold(7));
  EXPECT_EQ(one.is_held(7), true);
  EXPECT_EQ(one.is_held(8), false);
  two->let_go(7);
  EXPECT_EQ(one.is_held(7), false);
  ASSERT_TRUE(two->hold(7));
  two.reset();
  EXPECT_EQ(one.is_held(7), false);
}

TEST_F(InboxOwnersTest, one_that_is_killed_is_held_no_more) {
  const InboxOwners survivor = open();
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const InboxOwners owners = open();
    const char answer = owners.hold(7) ? 'y' : 'n';
    (void)!::write(ready[1], &answer, 1);
    ::pause();
    ::_exit(0);
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  EXPECT_EQ(survivor.is_held(7), true);
  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ(survivor.is_held(7), false);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(InboxOwnersTest, nobody_is_alone_beside_an_owner_or_a_visitor) {
  const InboxOwners one = open();
  const InboxOwners two = open();
  ASSERT_TRUE(one.hold(7));
  EXPECT_EQ(one.is_alone(), true);
  EXPECT_EQ(two.is_alone(), false);
  one.let_go(7);
  EXPECT_EQ(two.is_alone(), true);
  ASSERT_TRUE(one.visit());
  EXPECT_EQ(two.is_alone(), false);
  ASSERT_TRUE(two.visit());  // as many as like
}

TEST_F(InboxOwnersTest, whoever_is_in_the_gate_is_no_owner) {
  const InboxOwners one = open();
  const auto gate = one.enter();
  ASSERT_TRUE(gate);
  EXPECT_EQ(open().is_alone(), true);
}

TEST_F(InboxOwnersTest, a_place_that_cannot_be_written_is_named) {
  ASSERT_TRUE(write_file(directory_.path() + "/file", ""));
  const auto owners = InboxOwners::open(directory_.path() + "/file/inbox.db");
  ASSERT_FALSE(owners);
  EXPECT_EQ(owners.error().code, ErrorCode::inbox_unavailable);
  EXPECT_THAT(owners.error().message, testing::HasSubstr(directory_.path() + "/file/inbox.db"));
}

}  // namespace
}  // namespace miniatura
