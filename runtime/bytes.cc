#include "runtime/bytes.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "runtime/descriptor.h"

namespace miniatura {
namespace {

std::string reason() { return std::strerror(errno); }

Result<void> write_whole(int descriptor, ByteView bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(ErrorCode::file_unwritable, fmt::format("{}: {}", path, reason()));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

Result<ByteView> ByteSource::peek(std::size_t count) {
  ahead_.erase(0, taken_);
  taken_ = 0;
  while (ahead_.size() < count && !cancelled_) {
    const std::size_t had = ahead_.size();
    ahead_.resize(count);
    auto got = pull(std::span(ahead_).subspan(had));
    ahead_.resize(had + (got ? *got : 0));
    if (!got) return fail(std::move(got).error());
    if (*got == 0) break;
  }
  return ByteView(ahead_).substr(0, count);
}

Result<std::size_t> ByteSource::read(std::span<char> buffer) {
  if (taken_ < ahead_.size()) {
    const std::size_t count = std::min(buffer.size(), ahead_.size() - taken_);
    std::memcpy(buffer.data(), ahead_.data() + taken_, count);
    taken_ += count;
    return count;
  }
  return cancelled_ ? 0 : pull(buffer);
}

void ByteSource::cancel() {
  if (cancelled_) return;
  cancelled_ = true;
  ahead_.clear();
  taken_ = 0;
  stop();
}

Result<std::size_t> MemorySource::pull(std::span<char> buffer) {
  const std::size_t count = std::min(buffer.size(), bytes_.size() - position_);
  if (count > 0) std::memcpy(buffer.data(), bytes_.data() + position_, count);
  position_ += count;
  return count;
}

LocalFile::LocalFile(int descriptor, std::optional<std::uint64_t> size_bytes)
    : descriptor_(descriptor), size_bytes_(size_bytes) {}
LocalFile::~LocalFile() { ::close(descriptor_); }

Result<std::unique_ptr<LocalFile>> LocalFile::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const auto unreadable = [&](const std::string& why) {
    return fail(ErrorCode::file_unreadable, fmt::format("{}: {}", path, why));
  };
  if (descriptor < 0) return unreadable(reason());
  struct stat status {};
  const bool known = ::fstat(descriptor, &status) == 0;
  std::optional<std::uint64_t> size_bytes;
  // Pipes announce 0, and so does what the kernel makes up.
  if (known && S_ISREG(status.st_mode) && status.st_size > 0) {
    size_bytes = static_cast<std::uint64_t>(status.st_size);
  }
  std::unique_ptr<LocalFile> file(new LocalFile(descriptor, size_bytes));
  if (known && S_ISDIR(status.st_mode)) return unreadable("is a directory");
  return file;
}

Result<std::size_t> LocalFile::pull(std::span<char> buffer) {
  for (;;) {
    const ssize_t got = ::read(descriptor_, buffer.data(), buffer.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EINTR) continue;
    return fail(ErrorCode::file_unreadable, reason());
  }
}

Result<Bytes> read_all(ByteSource& source, std::uint64_t limit_bytes, ErrorCode over_limit,
                       std::string_view what) {
  const std::uint64_t announced = source.size_bytes().value_or(0);
  if (announced > limit_bytes) {
    source.cancel();
    return fail(over_limit,
                fmt::format("{}: {} bytes, over the limit of {}", what, announced, limit_bytes));
  }
  constexpr std::size_t kStep = std::size_t{256} * 1024;
  Bytes bytes;
  bytes.reserve(static_cast<std::size_t>(announced) + 1);
  for (;;) {
    const std::size_t had = bytes.size();
    // As far as there is room: a step more at the end would copy all of it.
    const std::size_t room = std::min(bytes.capacity() - had, 4 * kStep);
    bytes.resize(had + (room > 0 ? room : kStep));
    auto got = source.read(std::span(bytes).subspan(had));
    bytes.resize(had + (got ? *got : 0));
    if (!got) return fail(std::move(got).error());
    if (*got == 0) return bytes;
    if (bytes.size() > limit_bytes) {
      source.cancel();
      return fail(over_limit,
                  fmt::format("{}: more than the limit of {} bytes", what, limit_bytes));
    }
  }
}

Result<Bytes> read_stream(int descriptor, const std::string& what, std::uint64_t limit_bytes,
                          ErrorCode over_limit) {
  const auto unreadable = [&](const std::string& why) {
    return fail(ErrorCode::file_unreadable, fmt::format("{}: {}", what, why));
  };
  const auto over = [&](std::uint64_t size) {
    return fail(over_limit,
                fmt::format("{}: {} bytes, over the limit of {}", what, size, limit_bytes));
  };
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return unreadable(reason());
  if (S_ISDIR(status.st_mode)) return unreadable("is a directory");
  // Pipes, sockets and /proc announce 0, or have no position.
  const off_t position = std::max<off_t>(::lseek(descriptor, 0, SEEK_CUR), 0);
  const auto left = static_cast<std::size_t>(std::max<off_t>(status.st_size - position, 0));
  if (left > limit_bytes) return over(left);
  Bytes bytes;
  for (;;) {
    const std::size_t had = bytes.size();
    bytes.resize(std::max(left + 1, had + 65536));
    const ssize_t got = ::read(descriptor, bytes.data() + had, bytes.size() - had);
    bytes.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(reason());
    if (got == 0) return bytes;
    if (bytes.size() > limit_bytes) return over(bytes.size());
  }
}

Result<Bytes> read_file(const std::string& path, std::uint64_t limit_bytes, ErrorCode over_limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) {
    return fail(ErrorCode::file_unreadable, fmt::format("{}: {}", path, reason()));
  }
  return read_stream(file.get(), path, limit_bytes, over_limit);
}

Result<void> write_file(const std::string& path, ByteView bytes) {
  static std::atomic<unsigned> serial{0};
  std::string temporary;
  int descriptor = -1;
  do {  // past what a process of the same id, in another container or before a crash, left there
    temporary = fmt::format("{}.{}.{}.tmp", path, ::getpid(), serial++);
    descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  } while (descriptor < 0 && errno == EEXIST);
  if (descriptor < 0) {
    return fail(ErrorCode::file_unwritable, fmt::format("{}: {}", path, reason()));
  }
  auto written = [&]() -> Result<void> {
    const Descriptor file(descriptor);
    CHECKED(write_whole(file.get(), bytes, path));
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
      return fail(ErrorCode::file_unwritable, fmt::format("{}: {}", path, reason()));
    }
    return {};
  }();
  if (!written) ::unlink(temporary.c_str());
  return written;
}

}  // namespace miniatura
