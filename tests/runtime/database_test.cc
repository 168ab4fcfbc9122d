#include "runtime/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "runtime/bytes.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {
namespace {

TEST(DatabaseTest, what_is_bound_comes_back) {
  auto database = Database::open(":memory:");
  ASSERT_TRUE(database);
  ASSERT_TRUE(database->execute("CREATE TABLE t (a TEXT, b INTEGER, c REAL, d TEXT)"));
  auto insert = database->prepare("INSERT INTO t VALUES (?,?,?,?)");
  ASSERT_TRUE(insert);
  insert->bind(1, std::string_view("it's \0 here", 11))
      .bind(2, std::int64_t{1} << 60)
      .bind(3, 1.5)
      .bind_null(4);
  ASSERT_TRUE(insert->step());
  auto select = database->prepare("SELECT * FROM t");
  ASSERT_TRUE(select);
  ASSERT_EQ(select->step(), true);
  EXPECT_EQ(select->text(0), std::string("it's \0 here", 11));
  EXPECT_EQ(select->integer(1), std::int64_t{1} << 60);
  EXPECT_EQ(select->real(2), 1.5);
  EXPECT_TRUE(select->is_null(3));
  EXPECT_EQ(select->text(3), "");
  EXPECT_EQ(select->step(), false);
}

TEST(DatabaseTest, an_error_names_the_file) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/not-a-database";
  ASSERT_TRUE(write_file(path, std::string(4096, 'x')));
  const auto database = Database::open(path);
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().code, ErrorCode::journal_unavailable);
  EXPECT_THAT(database.error().message, testing::HasSubstr(path));
}

TEST(DatabaseTest, directories_are_made_for_writing_only) {
  const TemporaryDirectory directory;
  EXPECT_FALSE(Database::open(directory.path() + "/a/b/c.db", true));
  EXPECT_FALSE(std::filesystem::exists(directory.path() + "/a"));
  EXPECT_TRUE(Database::open(directory.path() + "/a/b/c.db"));
}

TEST(DatabaseTest, a_failed_transaction_leaves_nothing) {
  auto database = Database::open(":memory:");
  ASSERT_TRUE(database->execute("CREATE TABLE t (a)"));
  const auto done = in_transaction(*database, [&]() -> Result<void> {
    CHECKED(database->execute("INSERT INTO t VALUES (1)"));
    return fail(ErrorCode::internal, "no");
  });
  EXPECT_FALSE(done);
  auto count = database->prepare("SELECT count(*) FROM t");
  ASSERT_EQ(count->step(), true);
  EXPECT_EQ(count->integer(0), 0);
}

}  // namespace
}  // namespace miniatura
