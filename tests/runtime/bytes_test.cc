#include "runtime/bytes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace miniatura {
namespace {

namespace fs = std::filesystem;

// Gives a few bytes at a time, then an error or the end, and says what it was asked.
class DrippingSource : public ByteSource {
 public:
  DrippingSource(Bytes bytes, std::optional<Error> error = std::nullopt,
                 std::optional<std::uint64_t> announced = std::nullopt)
      : bytes_(std::move(bytes)), error_(std::move(error)), announced_(announced) {}
  std::optional<std::uint64_t> size_bytes() const override { return announced_; }
  int pulls() const { return pulls_; }
  bool cancelled() const { return cancelled_; }

 private:
  void stop() override { cancelled_ = true; }
  Result<std::size_t> pull(std::span<char> buffer) override {
    ++pulls_;
    if (position_ == bytes_.size() && error_) return fail(*error_);
    const std::size_t count =
        bytes_.copy(buffer.data(), std::min<std::size_t>(buffer.size(), 3), position_);
    position_ += count;
    return count;
  }

  Bytes bytes_;
  std::optional<Error> error_;
  std::optional<std::uint64_t> announced_;
  std::size_t position_ = 0;
  int pulls_ = 0;
  bool cancelled_ = false;
};

Error broken() { return {ErrorCode::network_unreachable, "cut", 0, {}, {}, {}}; }

TEST(ByteSourceTest, peeking_takes_nothing) {
  DrippingSource source("abcdefgh");
  EXPECT_EQ(source.peek(5).value(), "abcde");
  EXPECT_EQ(source.peek(2).value(), "ab");
  EXPECT_EQ(read_all(source, 100, ErrorCode::internal, "it").value(), "abcdefgh");
}

TEST(ByteSourceTest, after_a_cancel_nothing_comes_not_even_what_was_peeked) {
  DrippingSource source("abcdefgh");
  ASSERT_EQ(source.peek(4).value(), "abcd");
  source.cancel();
  EXPECT_TRUE(source.cancelled());
  char two[2];
  EXPECT_EQ(source.read(two).value(), 0U);
  EXPECT_EQ(source.peek(4).value(), "");
}

TEST(ByteSourceTest, peeking_goes_on_after_a_read) {
  DrippingSource source("abcdefgh");
  ASSERT_EQ(source.peek(4).value(), "abcd");
  char two[2];
  ASSERT_EQ(source.read(two).value(), 2U);
  EXPECT_EQ(source.peek(4).value(), "cdef");
  EXPECT_EQ(source.peek(100).value(), "cdefgh");
}

TEST(ByteSourceTest, an_error_comes_after_the_bytes_before_it) {
  DrippingSource source("abc", broken());
  char buffer[8];
  EXPECT_EQ(source.read(buffer).value(), 3U);
  EXPECT_EQ(source.read(buffer).error().code, ErrorCode::network_unreachable);
}

TEST(ReadAllTest, binary_stays_as_it_is) {
  MemorySource source(Bytes("a\0b", 3));
  EXPECT_EQ(read_all(source, 3, ErrorCode::internal, "it").value(), Bytes("a\0b", 3));
}

TEST(ReadAllTest, an_announced_size_over_the_limit_reads_nothing) {
  DrippingSource source("abc", std::nullopt, 1'000);
  const auto all = read_all(source, 999, ErrorCode::source_too_large, "photos/a.jpg");
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().code, ErrorCode::source_too_large);
  EXPECT_EQ(all.error().message, "photos/a.jpg: 1000 bytes, over the limit of 999");
  EXPECT_EQ(source.pulls(), 0);
  EXPECT_TRUE(source.cancelled());
}

TEST(ReadAllTest, an_announced_size_is_only_a_hint) {
  DrippingSource longer("abcdef", std::nullopt, 2);
  EXPECT_EQ(read_all(longer, 6, ErrorCode::internal, "it").value(), "abcdef");
  DrippingSource over("abcdef", std::nullopt, 2);
  EXPECT_EQ(read_all(over, 5, ErrorCode::event_too_large, "it").error().code,
            ErrorCode::event_too_large);
}

TEST(ReadAllTest, takes_no_more_memory_than_was_announced) {
  for (const std::size_t size : {10U, 300'000U, 2'000'000U}) {
    MemorySource source(Bytes(size, 'x'));
    const auto all = read_all(source, size, ErrorCode::internal, "it");
    ASSERT_EQ(all->size(), size);
    EXPECT_LE(all->capacity(), size + 16);
  }
}

TEST(ReadAllTest, an_error_on_the_way_is_handed_on) {
  DrippingSource source("abc", broken());
  EXPECT_EQ(read_all(source, 10, ErrorCode::internal, "it").error().message, "cut");
}

class FileTest : public testing::Test {
 protected:
  FileTest() {
    std::string name = (fs::temp_directory_path() / "miniatura-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~FileTest() override { fs::remove_all(directory_); }
  std::string path(const std::string& name) const { return (directory_ / name).string(); }

  fs::path directory_;
};

TEST_F(FileTest, what_is_written_is_read_again) {
  const Bytes bytes("a\0\xff\n", 4);
  ASSERT_TRUE(write_file(path("f"), bytes));
  EXPECT_EQ(read_file(path("f"), 4, ErrorCode::event_too_large).value(), bytes);
  ASSERT_TRUE(write_file(path("f"), "over it"));
  EXPECT_EQ(read_file(path("f"), 100, ErrorCode::event_too_large).value(), "over it");
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), {}), 1) << "a temporary file is left";
}

TEST_F(FileTest, what_a_process_of_the_same_id_left_behind_is_not_in_the_way) {
  // In a container every process has the same id, and every count starts at 0.
  for (int serial = 0; serial < 100; ++serial) {
    std::ofstream(path("f") + "." + std::to_string(::getpid()) + "." + std::to_string(serial) +
                  ".tmp");
  }
  const auto written = write_file(path("f"), "new");
  EXPECT_TRUE(written) << written.error().message;
  EXPECT_EQ(read_file(path("f"), 100, ErrorCode::event_too_large).value(), "new");
}

TEST_F(FileTest, a_file_over_the_limit_names_size_and_limit) {
  ASSERT_TRUE(write_file(path("f"), "12345"));
  const auto read = read_file(path("f"), 4, ErrorCode::event_too_large);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::event_too_large);
  EXPECT_EQ(read.error().message, path("f") + ": 5 bytes, over the limit of 4");
}

TEST_F(FileTest, what_announces_no_size_is_read_and_bounded) {
  EXPECT_FALSE(read_file("/proc/self/status", 1 << 20, ErrorCode::internal)->empty());
  EXPECT_EQ(read_file("/dev/zero", 1000, ErrorCode::event_too_large).error().code,
            ErrorCode::event_too_large);
}

TEST_F(FileTest, a_stream_is_read_from_where_it_stands) {
  ASSERT_TRUE(write_file(path("f"), "taken,left"));
  const int file = ::open(path("f").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::lseek(file, 6, SEEK_SET), 6);
  EXPECT_EQ(read_stream(file, "f", 4, ErrorCode::event_too_large).value(), "left");
  ASSERT_EQ(::lseek(file, 5, SEEK_SET), 5);
  EXPECT_EQ(read_stream(file, "f", 4, ErrorCode::event_too_large).error().message,
            "f: 5 bytes, over the limit of 4");
  ::close(file);
  EXPECT_EQ(read_stream(file, "it", 4, ErrorCode::event_too_large).error().message,
            "it: Bad file descriptor");
}

TEST_F(FileTest, a_socket_is_read_to_its_end) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  ASSERT_EQ(::write(ends[0], "abc", 3), 3);
  ::close(ends[0]);
  EXPECT_EQ(read_stream(ends[1], "it", 3, ErrorCode::event_too_large).value(), "abc");
  ::close(ends[1]);
}

TEST_F(FileTest, comes_as_it_is_read_and_announces_its_size) {
  ASSERT_TRUE(write_file(path("f"), "some bytes"));
  const auto file = LocalFile::open(path("f"));
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->size_bytes(), 10U);
  EXPECT_EQ((*file)->peek(4).value(), "some");
  EXPECT_EQ(read_all(**file, 10, ErrorCode::internal, "f").value(), "some bytes");
  EXPECT_EQ(LocalFile::open("/proc/self/status").value()->size_bytes(), std::nullopt);
  for (const std::string& name : {path("absent"), directory_.string()}) {
    const auto none = LocalFile::open(name);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::file_unreadable);
    EXPECT_EQ(none.error().message.find(name), 0U) << none.error().message;
  }
}

TEST_F(FileTest, what_cannot_be_read_or_written_is_named) {
  for (const std::string& name : {path("absent"), directory_.string()}) {
    const auto read = read_file(name, 10, ErrorCode::internal);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::file_unreadable);
    EXPECT_EQ(read.error().message.find(name), 0U) << read.error().message;
  }
  EXPECT_EQ(write_file(path("no/such/directory"), "x").error().code, ErrorCode::file_unwritable);
  fs::create_directory(path("d"));
  EXPECT_EQ(write_file(path("d"), "x").error().code, ErrorCode::file_unwritable);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), {}), 1) << "a temporary file is left";
}

}  // namespace
}  // namespace miniatura
