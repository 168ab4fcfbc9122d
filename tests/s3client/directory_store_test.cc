// What is a directory's alone; what it shares with every store is in object_store_test.cc.
#include "s3client/directory_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigaction is POSIX's
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "runtime/crypto.h"
#include "runtime/json.h"
#include "s3client/key_path.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {
namespace {

namespace fs = std::filesystem;

class DirectoryStoreFiles : public testing::Test {
 protected:
  DirectoryStoreFiles() { fs::create_directory(bucket_); }

  Result<PutResult> put(const std::string& key, ByteView body, PutCondition condition = Always{}) {
    PutRequest request;
    request.bucket = "photos";
    request.key = key;
    request.body = body;
    request.content_type = "image/png";
    request.metadata = {{"of", std::string(body.substr(0, 20))}};
    request.condition = std::move(condition);
    return store_->put(request, {});
  }
  Result<ObjectInfo> head(const std::string& key) { return store_->head({"photos", key, ""}, {}); }
  std::string content(const std::string& key) {
    auto object = store_->get({"photos", key, ""}, {});
    if (!object) return "error " + std::string(code_name(object.error().code));
    return read_all(*object->body, 1 << 20, ErrorCode::internal, key).value();
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(bucket_ + "/" + name, std::ios::binary) << text;
  }
  // All files under ROOT, the lock left out.
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(root_.path())) {
      if (entry.is_regular_file() && entry.path().filename() != "lock") {
        names.push_back(entry.path().lexically_relative(root_.path()).string());
      }
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string notes_of(const std::string& key) const {
    return ".miniatura/photos/notes/" + sha256_hex(key) + ".json";
  }

  TemporaryDirectory root_;
  std::string bucket_ = root_.path() + "/photos";
  std::unique_ptr<ObjectStore> store_ = make_directory_store(root_.path());
};

TEST_F(DirectoryStoreFiles, an_object_is_a_file_of_its_name_and_nothing_else_is_left) {
  ASSERT_TRUE(put("2024/cat.png", "meow"));
  EXPECT_EQ(files(), (std::vector<std::string>{notes_of("2024/cat.png"), "photos/2024/cat.png"}));
}

TEST_F(DirectoryStoreFiles, a_file_put_there_by_hand_is_an_object) {
  write("by hand.jpg", "bytes");
  const auto info = head("by hand.jpg");
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->etag, md5_hex("bytes"));
  EXPECT_EQ(info->size, 5U);
  EXPECT_EQ(info->content_type, "application/octet-stream");
  EXPECT_EQ(content("by hand.jpg"), "bytes");
  EXPECT_TRUE(put("by hand.jpg", "newer", IfMatches{info->etag}));
}

TEST_F(DirectoryStoreFiles, a_change_by_hand_is_seen_at_once_even_of_the_same_size) {
  ASSERT_TRUE(put("k", "first"));
  write("k", "other");
  const auto info = head("k");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->etag, md5_hex("other"));
  EXPECT_TRUE(info->metadata.empty());
}

TEST_F(DirectoryStoreFiles, a_tree_that_was_copied_keeps_its_headers) {
  ASSERT_TRUE(put("k", "body"));
  const TemporaryDirectory copy;
  fs::copy(root_.path(), copy.path(), fs::copy_options::recursive);
  const auto info = make_directory_store(copy.path())->head({"photos", "k", ""}, {});
  ASSERT_TRUE(info);
  EXPECT_EQ(info->content_type, "image/png");
  EXPECT_EQ(info->metadata.at("of"), "body");
}

// The side file is written first: after a crash it knows a content that never came.
TEST_F(DirectoryStoreFiles, a_crash_between_side_file_and_rename_leaves_the_old_object_whole) {
  ASSERT_TRUE(put("k", "old"));
  const std::string path = root_.path() + "/" + notes_of("k");
  Json notes = parse_json(read_file(path, 1 << 20, ErrorCode::internal).value(), path).value();
  Json never_came = notes["notes"][0];
  never_came["inode"] = 1;
  never_came["etag"] = md5_hex("new");
  never_came["metadata"]["of"] = "new";
  notes["notes"].insert(notes["notes"].begin(), never_came);
  ASSERT_TRUE(write_file(path, to_text(notes)));
  EXPECT_EQ(head("k").value().metadata.at("of"), "old");
}

TEST_F(DirectoryStoreFiles, the_side_file_knows_the_content_before_too) {
  for (const char* body : {"1", "2", "3"}) ASSERT_TRUE(put("k", body));
  const std::string path = root_.path() + "/" + notes_of("k");
  const Json notes =
      parse_json(read_file(path, 1 << 20, ErrorCode::internal).value(), path).value();
  ASSERT_EQ(notes["notes"].size(), 2U);
  EXPECT_EQ(notes["notes"][0]["etag"], md5_hex("3"));
  EXPECT_EQ(notes["notes"][1]["etag"], md5_hex("2"));
}

TEST_F(DirectoryStoreFiles, a_side_file_that_makes_no_sense_is_as_good_as_none) {
  for (const char* text :
       {"", "[]", "{\"notes\":7}", "{\"notes\":[7]}", "{\"notes\":[{\"size\":\"x\"}]}",
        "{\"notes\":[{\"metadata\":{\"a\":7}}]}"}) {
    ASSERT_TRUE(put("k", "body"));
    ASSERT_TRUE(write_file(root_.path() + "/" + notes_of("k"), text));
    const auto info = head("k");
    ASSERT_TRUE(info) << text;
    EXPECT_EQ(info->etag, md5_hex("body"));
    EXPECT_TRUE(info->metadata.empty());
  }
}

TEST_F(DirectoryStoreFiles, a_reader_keeps_the_object_that_it_opened) {
  ASSERT_TRUE(put("k", "the old one"));
  auto object = store_->get({"photos", "k", ""}, {});
  ASSERT_TRUE(object);
  ASSERT_TRUE(put("k", "new"));
  EXPECT_EQ(read_all(*object->body, 100, ErrorCode::internal, "k").value(), "the old one");
  EXPECT_EQ(content("k"), "new");
}

TEST_F(DirectoryStoreFiles, a_file_changed_by_hand_while_it_is_read_says_so) {
  write("k", "the old one");
  auto object = store_->get({"photos", "k", ""}, {});
  ASSERT_TRUE(object);
  ASSERT_EQ(object->body->peek(3).value(), "the");
  write("k", "cut");
  const auto bytes = read_all(*object->body, 100, ErrorCode::internal, "k");
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::source_changed);
}

TEST_F(DirectoryStoreFiles, the_second_of_a_key_and_one_below_it_goes_to_the_reserve_and_back) {
  ASSERT_TRUE(put("a", "file"));
  ASSERT_TRUE(put("a/b", "below"));
  const std::string reserve = ".miniatura/photos/reserve/" + sha256_hex("a/b");
  EXPECT_TRUE(fs::exists(root_.path() + "/" + reserve));
  EXPECT_EQ(head("a/b").value().metadata.at("of"), "below");

  fs::remove(bucket_ + "/a");
  EXPECT_EQ(content("a/b"), "below");
  ASSERT_TRUE(put("a/b", "again", IfMatches{md5_hex("below")}));
  EXPECT_EQ(content("a/b"), "again");
  EXPECT_FALSE(fs::exists(root_.path() + "/" + reserve));
  EXPECT_TRUE(fs::exists(bucket_ + "/a/b"));
}

TEST_F(DirectoryStoreFiles, what_is_no_file_is_no_object) {
  ASSERT_EQ(::mkfifo((bucket_ + "/pipe").c_str(), 0600), 0);
  fs::create_directory(bucket_ + "/directory");
  EXPECT_EQ(content("pipe"), "error store.not_found");
  EXPECT_EQ(content("directory"), "error store.not_found");
}

TEST_F(DirectoryStoreFiles, no_key_leads_out_of_its_bucket) {
  std::ofstream(root_.path() + "/outside") << "secret";
  for (const char* key :
       {"../outside", "a/../../outside", "/../outside", "..", "../.miniatura/x"}) {
    EXPECT_EQ(content(key), "error store.not_found") << key;
    ASSERT_TRUE(put(key, "inside")) << key;
  }
  EXPECT_EQ(read_file(root_.path() + "/outside", 100, ErrorCode::internal).value(), "secret");
  EXPECT_FALSE(fs::exists(root_.path() + "/.miniatura/x"));
}

TEST_F(DirectoryStoreFiles, a_write_that_fails_leaves_the_old_object_and_no_file) {
  ASSERT_TRUE(put("k", "old"));
  const auto before = files();
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit full{64 << 10, limit.rlim_max};
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &full);
  const auto stored = put("k", std::string(1 << 20, 'x'));
  const auto fresh = put("fresh/k", std::string(1 << 20, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &limit);
  static_cast<void>(::signal(SIGXFSZ, handler));

  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code, ErrorCode::store_unavailable);
  EXPECT_NE(stored.error().message.find(root_.path()), std::string::npos);
  EXPECT_FALSE(fresh);
  EXPECT_EQ(files(), before);
  EXPECT_EQ(content("k"), "old");
  EXPECT_EQ(head("k").value().metadata.at("of"), "old");
}

TEST_F(DirectoryStoreFiles, a_side_file_that_cannot_be_written_keeps_the_put_from_happening) {
  ASSERT_TRUE(put("other", "x"));
  fs::create_directory(root_.path() + "/" + notes_of("k"));
  const auto before = files();
  const auto stored = put("k", "body");
  ASSERT_FALSE(stored);
  EXPECT_NE(stored.error().message.find(notes_of("k")), std::string::npos);
  EXPECT_EQ(files(), before);
}

TEST_F(DirectoryStoreFiles, what_may_only_be_read_is_read_and_a_put_is_denied) {
  write("k", "body");
  fs::permissions(root_.path(), fs::perms(0755));
  const bool root = ::geteuid() == 0;
  constexpr uid_t kNobody = 65534;
  ASSERT_TRUE(!root || ::seteuid(kNobody) == 0);
  if (!root) fs::permissions(root_.path(), fs::perms(0555));
  const std::string seen = content("k");
  const auto stored = put("other", "x");
  ASSERT_TRUE(!root || ::seteuid(0) == 0);
  fs::permissions(root_.path(), fs::perms(0755));

  EXPECT_EQ(seen, "body");
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code, ErrorCode::store_denied);
  EXPECT_NE(stored.error().message.find(root_.path() + "/.miniatura"), std::string::npos)
      << stored.error().message;
}

TEST_F(DirectoryStoreFiles, what_may_only_be_read_is_out_of_reach_and_the_directory_is_named) {
  ASSERT_TRUE(put("k", "body"));
  EXPECT_TRUE(store_->reach("photos", {}));
  const std::string state = root_.path() + "/.miniatura/photos";
  for (const std::string& directory : {bucket_, state}) {
    fs::permissions(root_.path(), fs::perms(0777));
    for (const std::string& each : {bucket_, root_.path() + "/.miniatura", state}) {
      fs::permissions(each, each == directory ? fs::perms(0555) : fs::perms(0777));
    }
    const bool root = ::geteuid() == 0;
    constexpr uid_t kNobody = 65534;
    ASSERT_TRUE(!root || ::seteuid(kNobody) == 0);
    const auto reached = store_->reach("photos", {});
    ASSERT_TRUE(!root || ::seteuid(0) == 0);
    fs::permissions(directory, fs::perms(0755));

    ASSERT_FALSE(reached) << directory;
    EXPECT_EQ(reached.error().code, ErrorCode::store_denied);
    EXPECT_EQ(reached.error().message.find(directory + ": "), 0U) << reached.error().message;
  }
}

// A bucket that is a link to another file system, and a directory in a bucket that is one.
class DirectoryStoreElsewhere : public DirectoryStoreFiles {
 protected:
  void SetUp() override {
    struct stat here {};
    struct stat there {};
    if (::stat(root_.path().c_str(), &here) != 0 || ::stat("/dev/shm", &there) != 0 ||
        here.st_dev == there.st_dev) {
      GTEST_SKIP() << "no second file system at /dev/shm";
    }
    std::string name = "/dev/shm/miniatura-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    elsewhere_ = name;
  }
  ~DirectoryStoreElsewhere() override {
    if (!elsewhere_.empty()) fs::remove_all(elsewhere_);
  }

  fs::path elsewhere_;
};

TEST_F(DirectoryStoreElsewhere, a_bucket_on_another_file_system_is_as_any_other) {
  fs::remove(bucket_);
  fs::create_directory_symlink(elsewhere_, bucket_);
  EXPECT_TRUE(store_->reach("photos", {}));
  for (const char* key : {"k", "2024/k", "k/below"}) {
    auto stored = put(key, "old", IfAbsent{});
    ASSERT_TRUE(stored) << stored.error().message;
    stored = put(key, "new", IfMatches{stored->etag});
    ASSERT_TRUE(stored) << stored.error().message;
    EXPECT_EQ(content(key), "new");
    EXPECT_EQ(head(key).value().metadata.at("of"), "new");
  }
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(elsewhere_)) {
    if (entry.is_regular_file()) names.push_back(entry.path().lexically_relative(elsewhere_));
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"2024/k", "k"})) << "or a temporary file is left";
}

TEST_F(DirectoryStoreElsewhere, so_is_a_directory_in_a_bucket) {
  fs::create_directory_symlink(elsewhere_, bucket_ + "/2024");
  ASSERT_TRUE(put("2024/k", "body"));
  EXPECT_EQ(content("2024/k"), "body");
  EXPECT_EQ(head("2024/k").value().metadata.at("of"), "body");
}

TEST_F(DirectoryStoreElsewhere, what_a_crash_leaves_there_is_no_object_and_is_overwritten) {
  fs::create_directory_symlink(elsewhere_, bucket_ + "/2024");
  write("2024/%incoming", "half");
  EXPECT_EQ(content("2024/%incoming"), "error store.not_found");
  EXPECT_FALSE(key_of_path("2024/%incoming"));
  ASSERT_TRUE(put("2024/%incoming", "an object of that name"));
  EXPECT_EQ(content("2024/%incoming"), "an object of that name");
  EXPECT_FALSE(fs::exists(elsewhere_ / "%incoming"));
}

TEST_F(DirectoryStoreFiles, a_lock_held_by_another_is_waited_for_until_the_deadline) {
  ASSERT_TRUE(put("k", "old"));
  const std::string path = root_.path() + "/.miniatura/photos/lock";
  const int lock = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);
  Context late;
  late.deadline = Deadline(Clock::Time(std::chrono::seconds(1)));
  PutRequest request;
  request.bucket = "photos";
  request.key = "k";
  EXPECT_EQ(store_->put(request, late).error().code, ErrorCode::deadline_exceeded);
  EXPECT_EQ(store_->head({"photos", "k", ""}, late).error().code, ErrorCode::deadline_exceeded);
  ::close(lock);
  EXPECT_TRUE(store_->put(request, late));
}

TEST_F(DirectoryStoreFiles, a_version_is_not_found) {
  ASSERT_TRUE(put("k", "body"));
  EXPECT_EQ(store_->head({"photos", "k", "v1"}, {}).error().code, ErrorCode::store_not_found);
}

}  // namespace
}  // namespace miniatura
