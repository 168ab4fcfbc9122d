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

TEST(DatabaseTest, a_blob_comes_back_as_it_was) {
  auto database = Database::open(":memory:");
  ASSERT_TRUE(database->execute("CREATE TABLE t (a BLOB)"));
  auto insert = database->prepare("INSERT INTO t VALUES (?), (?)");
  const std::string bytes("\0\xff\xfe", 3);
  ASSERT_TRUE(insert->bind_blob(1, bytes).bind_blob(2, {}).step());
  auto select = database->prepare("SELECT a, typeof(a) FROM t");
  ASSERT_EQ(select->step(), true);
  EXPECT_EQ(select->blob(0), bytes);
  ASSERT_EQ(select->step(), true);
  EXPECT_EQ(select->blob(0), "");
  EXPECT_EQ(select->text(1), "blob");
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

TEST(DatabaseTest, an_error_has_the_code_that_the_opener_names_and_tells_damage_from_the_rest) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/not-a-database";
  ASSERT_TRUE(write_file(path, std::string(4096, 'x')));
  const auto broken = Database::open(path, false, ErrorCode::inbox_unavailable);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, ErrorCode::inbox_unavailable);
  EXPECT_TRUE(is_damage(broken.error()));

  const auto denied = Database::open(path + "/below.db", false, ErrorCode::inbox_unavailable);
  ASSERT_FALSE(denied);
  EXPECT_FALSE(is_damage(denied.error()));

  auto sound = Database::open(directory.path() + "/sound.db", false, ErrorCode::inbox_unavailable);
  ASSERT_TRUE(sound->execute("CREATE TABLE t (a); PRAGMA max_page_count = 2"));
  auto insert = sound->prepare("INSERT INTO t VALUES (?)");
  const auto full = insert->bind_blob(1, std::string(10'000, 'x')).step();
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::inbox_unavailable);
  EXPECT_THAT(full.error().message, testing::HasSubstr("database or disk is full"));
  EXPECT_FALSE(is_damage(full.error()));
}

TEST(DatabaseTest, a_file_that_was_renamed_or_removed_has_moved) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/a.db";
  auto database = Database::open(path);
  ASSERT_TRUE(database->execute("CREATE TABLE t (a)"));
  EXPECT_FALSE(database->has_moved());
  std::filesystem::rename(path, path + ".away");
  EXPECT_TRUE(database->has_moved());
  std::filesystem::rename(path + ".away", path);
  EXPECT_FALSE(database->has_moved());
  std::filesystem::remove(path);
  EXPECT_TRUE(database->has_moved());
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
