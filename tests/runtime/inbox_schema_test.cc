#include "runtime/inbox_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "runtime/bytes.h"
#include "tests/support/inbox_file_fixture.h"

namespace miniatura {
namespace {

class InboxSchemaTest : public InboxFileFixture {
 protected:
  // A file with some hundred deliveries in it, closed.
  void fill() {
    InboxFile file = open();
    ASSERT_TRUE(file.begin(false));
    for (int i = 0; i < 300; ++i) {
      ASSERT_TRUE(file.put(InboxPut{std::string(500, 'x'), "webhook", ""}, now_));
    }
    ASSERT_TRUE(file.commit());
  }

  std::vector<std::string> moved_aside() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      const std::string name = entry.path().filename().string();
      if (name.find(".corrupt-") != std::string::npos) found.push_back(name);
    }
    return found;
  }

  Bytes content(const std::string& path) const {
    return read_file(path, 10'000'000, ErrorCode::internal).value_or("");
  }
};

struct Damage {
  const char* what;
  std::uint64_t offset;
};

class InboxSchemaDamageTest : public InboxSchemaTest, public testing::WithParamInterface<Damage> {};

TEST_P(InboxSchemaDamageTest, a_damaged_file_is_moved_aside_whole_and_a_new_one_begun) {
  fill();
  Bytes bytes = content(setting_.path);
  ASSERT_GT(bytes.size(), 100'000U);
  bytes.replace(GetParam().offset, 64, std::string(64, '\x5a'));
  ASSERT_TRUE(write_file(setting_.path, bytes));

  InboxFile file = open();
  ASSERT_THAT(moved_aside(), testing::ElementsAre("inbox.db.corrupt-20231114T221320Z"));
  EXPECT_EQ(content(directory_.path() + "/" + moved_aside()[0]), bytes);
  EXPECT_EQ(counts(file).depth, 0);
  put(file, "x");
}

INSTANTIATE_TEST_SUITE_P(Where, InboxSchemaDamageTest,
                         testing::Values(Damage{"magic", 0}, Damage{"page_size", 16},
                                         Damage{"schema", 100}, Damage{"tables", 4096},
                                         Damage{"inside", 40'960}),
                         [](const auto& at) { return std::string(at.param.what); });

TEST_F(InboxSchemaTest, half_a_file_is_moved_aside) {
  fill();
  std::filesystem::resize_file(setting_.path, std::filesystem::file_size(setting_.path) / 2);
  open();
  EXPECT_EQ(moved_aside().size(), 1U);
}

TEST_F(InboxSchemaTest, two_in_the_same_second_do_not_meet) {
  ASSERT_TRUE(write_file(setting_.path, std::string(4096, 'x')));
  open();
  ASSERT_TRUE(write_file(setting_.path, std::string(4096, 'y')));
  open();
  EXPECT_THAT(moved_aside(), testing::UnorderedElementsAre("inbox.db.corrupt-20231114T221320Z",
                                                           "inbox.db.corrupt-20231114T221320Z-2"));
}

TEST_F(InboxSchemaTest, a_damaged_file_that_others_use_is_left_to_them) {
  fill();
  const InboxOwners others = *InboxOwners::open(setting_.path);
  ASSERT_TRUE(others.hold(1'000));
  ASSERT_TRUE(write_file(setting_.path, std::string(4096, 'x')));
  const auto file = try_open(*owners_);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::inbox_unavailable);
  EXPECT_THAT(file.error().message, testing::HasSubstr("in use by another process"));
  EXPECT_THAT(moved_aside(), testing::IsEmpty());
  others.let_go(1'000);
  EXPECT_TRUE(try_open(*owners_));
}

TEST_F(InboxSchemaTest, an_empty_file_becomes_an_inbox) {
  ASSERT_TRUE(write_file(setting_.path, ""));
  InboxFile file = open();
  put(file, "x");
  EXPECT_THAT(moved_aside(), testing::IsEmpty());
}

TEST_F(InboxSchemaTest, a_newer_version_and_another_programs_file_are_left_alone) {
  open();
  ASSERT_TRUE(Database::open(setting_.path)->execute("PRAGMA user_version = 99"));
  const auto newer = try_open(*owners_);
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, ErrorCode::inbox_unavailable);
  EXPECT_THAT(newer.error().message, testing::HasSubstr("newer version (99)"));

  setting_.path = directory_.path() + "/other.db";
  ASSERT_TRUE(Database::open(setting_.path)->execute("CREATE TABLE deliveries (a)"));
  const auto other = try_open(*owners_);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, testing::HasSubstr("no inbox"));
  EXPECT_THAT(moved_aside(), testing::IsEmpty());
}

TEST_F(InboxSchemaTest, what_cannot_be_opened_is_named_and_not_moved) {
  std::filesystem::create_directory(setting_.path);
  const auto file = try_open(*owners_);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::inbox_unavailable);
  EXPECT_THAT(file.error().message, testing::HasSubstr(setting_.path));
  EXPECT_THAT(moved_aside(), testing::IsEmpty());
}

}  // namespace
}  // namespace miniatura
