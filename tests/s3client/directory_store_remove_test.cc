// Removing from a directory: what is left of it on the disk.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>
#include <vector>

#include "runtime/crypto.h"
#include "s3client/directory_store.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {
namespace {

namespace fs = std::filesystem;

class DirectoryStoreRemove : public testing::Test {
 protected:
  DirectoryStoreRemove() { fs::create_directory(bucket_); }

  static Result<PutResult> put(ObjectStore& store, const std::string& key) {
    PutRequest request;
    request.bucket = "photos";
    request.key = key;
    request.body = "body";
    return store.put(request, {});
  }
  Result<void> remove(const std::string& key) { return store_->remove({"photos", key, ""}, {}); }

  // All that is under ROOT, the lock and the directories of the state left out.
  std::vector<std::string> left() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(root_.path())) {
      const std::string name = entry.path().lexically_relative(root_.path()).string();
      const bool state = name.rfind(".miniatura", 0) == 0;
      if (!state || (entry.is_regular_file() && entry.path().filename() != "lock")) {
        names.push_back(name);
      }
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  TemporaryDirectory root_;
  std::string bucket_ = root_.path() + "/photos";
  std::unique_ptr<ObjectStore> store_ = make_directory_store(root_.path());
};

TEST_F(DirectoryStoreRemove, nothing_is_left_but_the_bucket) {
  for (const char* key : {"k", "2024/03/cat.png", "a", "a/b", "x//y/", "..", "up/%"}) {
    ASSERT_TRUE(put(*store_, key));
    ASSERT_TRUE(remove(key)) << key;
  }
  ASSERT_TRUE(put(*store_, "a"));
  ASSERT_TRUE(put(*store_, "a/b"));
  for (const char* key : {"a/b", "a"}) ASSERT_TRUE(remove(key)) << key;
  EXPECT_EQ(left(), std::vector<std::string>{"photos"});
}

TEST_F(DirectoryStoreRemove, directories_that_hold_something_else_stay) {
  fs::create_directories(bucket_ + "/2024/03");
  fs::create_directory(bucket_ + "/2024/kept");
  std::ofstream(bucket_ + "/2024/03/k") << "by hand";
  ASSERT_TRUE(remove("2024/03/k"));
  EXPECT_EQ(left(), (std::vector<std::string>{"photos", "photos/2024", "photos/2024/kept"}));
}

TEST_F(DirectoryStoreRemove, what_is_no_object_stays) {
  fs::create_directory(bucket_ + "/directory");
  ASSERT_EQ(::mkfifo((bucket_ + "/pipe").c_str(), 0600), 0);
  for (const char* key : {"directory", "pipe", "directory/absent"}) EXPECT_TRUE(remove(key));
  EXPECT_TRUE(fs::exists(bucket_ + "/pipe"));
}

TEST_F(DirectoryStoreRemove, of_a_link_the_link_goes) {
  std::ofstream(root_.path() + "/outside") << "x";
  fs::create_symlink(root_.path() + "/outside", bucket_ + "/link");
  ASSERT_TRUE(remove("link"));
  EXPECT_TRUE(fs::exists(root_.path() + "/outside"));
  EXPECT_FALSE(fs::is_symlink(bucket_ + "/link"));
}

TEST_F(DirectoryStoreRemove, after_it_a_file_by_hand_has_no_headers_of_the_old) {
  PutRequest request;
  request.bucket = "photos";
  request.key = "k";
  request.body = "body";
  request.metadata = {{"of", "old"}};
  request.tags = {{"a", "1"}};
  request.cache_control = "no-store";
  ASSERT_TRUE(store_->put(request, {}));
  const std::string notes = root_.path() + "/.miniatura/photos/notes/" + sha256_hex("k") + ".json";
  const auto text = read_file(notes, 1 << 20, ErrorCode::internal);
  EXPECT_NE(text.value().find("\"tags\":{\"a\":\"1\"}"), std::string::npos) << *text;
  ASSERT_TRUE(remove("k"));
  std::ofstream(bucket_ + "/k") << "body";
  const auto info = store_->head({"photos", "k", ""}, {});
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->metadata.empty());
  EXPECT_EQ(info->cache_control, "");
}

TEST_F(DirectoryStoreRemove, a_version_is_nothing_that_could_be_removed) {
  ASSERT_TRUE(put(*store_, "k"));
  EXPECT_TRUE(store_->remove({"photos", "k", "v1"}, {}));
  EXPECT_TRUE(store_->head({"photos", "k", ""}, {}));
}

TEST_F(DirectoryStoreRemove, a_place_that_may_not_be_written_denies_it) {
  ASSERT_TRUE(put(*store_, "dir/k"));
  const bool root = ::geteuid() == 0;
  constexpr uid_t kNobody = 65534;
  fs::permissions(root_.path(), fs::perms(0755));
  fs::permissions(root_.path() + "/.miniatura/photos/lock", fs::perms(0666));
  for (const char* part : {"notes", "reserve"}) {
    fs::permissions(root_.path() + "/.miniatura/photos/" + part, fs::perms(0777));
  }
  if (!root) fs::permissions(bucket_ + "/dir", fs::perms(0555));
  ASSERT_TRUE(!root || ::seteuid(kNobody) == 0);
  const auto removed = remove("dir/k");
  ASSERT_TRUE(!root || ::seteuid(0) == 0);
  fs::permissions(bucket_ + "/dir", fs::perms(0755));
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, ErrorCode::store_denied);
  EXPECT_EQ(removed.error().message.find(bucket_ + "/dir/k"), 0U) << removed.error().message;
  EXPECT_TRUE(store_->head({"photos", "dir/k", ""}, {}));
}

TEST_F(DirectoryStoreRemove, no_put_fails_because_its_directory_just_went) {
  std::atomic<bool> done{false};
  std::atomic<int> failed{0};
  std::thread remover([&] {
    const auto store = make_directory_store(root_.path());
    while (!done) {
      if (!store->remove({"photos", "a/b/c/1", ""}, {})) ++failed;
    }
  });
  for (int i = 0; i < 300; ++i) {
    if (!put(*store_, i % 2 == 0 ? "a/b/c/1" : "a/b/2")) ++failed;
    if (i % 2 != 0 && !remove("a/b/2")) ++failed;
  }
  done = true;
  remover.join();
  EXPECT_EQ(failed, 0);
}

TEST_F(DirectoryStoreRemove, a_directory_has_no_urls) {
  const auto url = store_->presign({"GET", {"photos", "k", ""}, std::chrono::seconds(60)});
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().code, ErrorCode::store_rejected);
  EXPECT_NE(url.error().message.find("directory"), std::string::npos);
}

}  // namespace
}  // namespace miniatura
