// What listing meets in a directory alone; the rest is in object_store_contract_listing.h.
#include "s3client/directory_listing.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <vector>

#include "runtime/crypto.h"
#include "s3client/directory_store.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

class DirectoryListing : public testing::Test {
 protected:
  DirectoryListing() { fs::create_directory(bucket_); }

  void put(const std::string& key) {
    PutRequest request;
    request.bucket = "photos";
    request.key = key;
    request.body = "body";
    ASSERT_TRUE(store_->put(request, {})) << key;
  }
  void write(const std::string& name, const std::string& text = "by hand") {
    fs::create_directories(fs::path(bucket_ + "/" + name).parent_path());
    std::ofstream(bucket_ + "/" + name, std::ios::binary) << text;
  }
  Names list(const std::string& delimiter = "", const std::string& prefix = "") {
    const auto page = store_->list({"photos", prefix, delimiter, "", 1000}, {});
    if (!page) return {"error " + page.error().message};
    EXPECT_EQ(page->next_page, "");
    Names names = page->prefixes;
    for (const ListedObject& object : page->objects) names.push_back(object.key);
    return names;
  }

  TemporaryDirectory root_;
  std::string bucket_ = root_.path() + "/photos";
  std::unique_ptr<ObjectStore> store_ = make_directory_store(root_.path());
};

TEST_F(DirectoryListing, files_put_there_by_hand_are_listed_with_size_and_etag) {
  write("2024/by hand.jpg", "bytes");
  put("2024/put.jpg");
  EXPECT_EQ(list(), (Names{"2024/by hand.jpg", "2024/put.jpg"}));
  const auto page = store_->list({"photos", "2024/by", "", "", 1}, {});
  EXPECT_EQ(page.value().objects[0].size, 5U);
  EXPECT_EQ(page.value().objects[0].etag, md5_hex("bytes"));
}

TEST_F(DirectoryListing, what_is_no_object_is_not_listed) {
  write("k");
  fs::create_directory(bucket_ + "/empty");
  fs::create_directories(bucket_ + "/nested/empty");
  write("%incoming");
  write("2024/%incoming");
  write("100%");
  write("bad%zz/k");
  write("latin\xE9");
  ASSERT_EQ(::mkfifo((bucket_ + "/pipe").c_str(), 0600), 0);
  fs::create_symlink("nowhere", bucket_ + "/dangling");
  EXPECT_EQ(list(), Names{"k"});
  EXPECT_EQ(list("/"), Names{"k"}) << "a prefix is of objects, not of directories";
}

TEST_F(DirectoryListing, a_tree_by_hand_deeper_than_a_key_is_long_is_left_out) {
  std::string path;
  while (path.size() < 1100) path += std::string(99, 'd') + '/';
  write(path + "k");
  write("k");
  EXPECT_EQ(list(), Names{"k"});
}

TEST_F(DirectoryListing, links_are_followed_and_loops_end) {
  const TemporaryDirectory elsewhere;
  std::ofstream(elsewhere.path() + "/far") << "x";
  write("dir/k");
  fs::create_directory_symlink(elsewhere.path(), bucket_ + "/link");
  fs::create_symlink(bucket_ + "/dir/k", bucket_ + "/same");
  for (const char* loop : {"loop1", "loop2", "dir/loop3", "dir/loop4"}) {
    fs::create_directory_symlink(bucket_, bucket_ + "/" + loop);
  }
  fs::create_directory_symlink(bucket_ + "/dir", bucket_ + "/dir/itself");
  fs::create_symlink("round", bucket_ + "/round");
  EXPECT_EQ(list(), (Names{"dir/k", "link/far", "same"}));
  EXPECT_EQ(list("/"), (Names{"dir/", "link/", "same"}));
}

TEST_F(DirectoryListing, the_state_of_the_store_is_never_listed) {
  put("a");
  put("a/b");
  EXPECT_EQ(list(), (Names{"a", "a/b"}));
  fs::create_directory_symlink(root_.path(), bucket_ + "/root");
  fs::create_directory_symlink(root_.path() + "/.miniatura", bucket_ + "/state");
  EXPECT_EQ(list(), (Names{"a", "a/b"}));
}

TEST_F(DirectoryListing, a_reserve_without_a_side_file_has_no_name_and_no_place) {
  put("a");
  put("a/b");
  const std::string reserve = root_.path() + "/.miniatura/photos/reserve/";
  std::ofstream(reserve + sha256_hex("lost")) << "x";
  std::ofstream(reserve + "not-a-hash") << "x";
  fs::copy(root_.path() + "/.miniatura/photos/notes/" + sha256_hex("a/b") + ".json",
           root_.path() + "/.miniatura/photos/notes/not-a-hash.json");
  EXPECT_EQ(list(), (Names{"a", "a/b"}));
}

TEST_F(DirectoryListing, a_directory_that_may_not_be_read_is_an_error_that_names_it) {
  write("k");
  write("closed/k");
  for (const std::string& path : {root_.path(), bucket_}) fs::permissions(path, fs::perms(0755));
  const fs::perms none{};
  fs::permissions(bucket_ + "/closed", none);
  const bool root = ::geteuid() == 0;
  constexpr uid_t kNobody = 65534;
  ASSERT_TRUE(!root || ::seteuid(kNobody) == 0);
  const Names all = list();
  const Names other = list("", "k");
  ASSERT_TRUE(!root || ::seteuid(0) == 0);
  fs::permissions(bucket_ + "/closed", fs::perms(0755));

  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].find("error " + bucket_ + "/closed"), 0U) << all[0];
  EXPECT_EQ(other, Names{"k"}) << "not on the way";
}

TEST_F(DirectoryListing, no_time_left_is_said) {
  write("k");
  Context late;
  late.deadline = Deadline(Clock::Time(std::chrono::seconds(1)));
  EXPECT_EQ(store_->list({"photos", "", "", "", 1}, late).error().code,
            ErrorCode::deadline_exceeded);
}

}  // namespace
}  // namespace miniatura
