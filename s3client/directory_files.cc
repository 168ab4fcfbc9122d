#include "s3client/directory_files.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "runtime/crypto.h"
#include "runtime/json.h"

namespace miniatura {
namespace {

constexpr std::uint64_t kNotesBytesMax = std::uint64_t{1} << 20;
constexpr std::chrono::milliseconds kLockPause{1};
constexpr int kLockTriesMax = 10'000;

Result<void> write_whole(int descriptor, const std::string& path, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(file_error(path, errno));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

std::map<std::string, std::string> texts_at(const Json& json, const char* field) {
  std::map<std::string, std::string> texts;
  const Json* object = member(json, field);
  if (object == nullptr) return texts;
  for (const auto& [name, value] : object->items()) texts[name] = value;
  return texts;
}

Note note_from(const Json& json) {
  Note note;
  note.stamp.size = json.value("size", std::uint64_t{0});
  note.stamp.modified_ns = json.value("modified_ns", std::int64_t{0});
  note.stamp.inode = json.value("inode", std::uint64_t{0});
  note.etag = string_at(json, "etag");
  note.content_type = string_at(json, "content_type");
  note.cache_control = string_at(json, "cache_control");
  note.storage_class = string_at(json, "storage_class");
  note.metadata = texts_at(json, "metadata");
  note.tags = texts_at(json, "tags");
  return note;
}

class FileSource : public ByteSource {
 public:
  FileSource(OpenFile file, std::string path, const Slice& slice)
      : file_(std::move(file)), path_(std::move(path)), slice_(slice) {}
  std::optional<std::uint64_t> size_bytes() const override { return slice_.length; }

 private:
  Result<std::size_t> pull(std::span<char> buffer) override {
    const std::uint64_t left = slice_.length - taken_;
    if (ended_) return 0;
    if (left == 0) return end(0);
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size()));
    for (;;) {
      const ssize_t got = ::pread(file_.descriptor.get(), buffer.data(), count,
                                  static_cast<off_t>(slice_.first + taken_));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) {
        ended_ = true;
        return fail(file_error(path_, errno));
      }
      if (got == 0) return end(left);
      taken_ += static_cast<std::uint64_t>(got);
      return static_cast<std::size_t>(got);
    }
  }

  Result<std::size_t> end(std::uint64_t missing) {
    ended_ = true;
    struct stat now {};
    const bool same =
        ::fstat(file_.descriptor.get(), &now) == 0 && stamp_of(now) == stamp_of(file_.status);
    if (same && missing == 0) return 0;
    return fail(ErrorCode::source_changed, fmt::format("{}: changed while it was read", path_));
  }

  OpenFile file_;
  std::string path_;
  Slice slice_;
  std::uint64_t taken_ = 0;
  bool ended_ = false;
};

}  // namespace

Error file_error(const std::string& path, int error_number) {
  Error error;
  error.message = fmt::format("{}: {}", path, std::strerror(error_number));
  switch (error_number) {
    case EACCES:
    case EPERM:
    case EROFS:
      error.code = ErrorCode::store_denied;
      break;
    case ENAMETOOLONG:
      error.code = ErrorCode::store_invalid_key;
      break;
    default:  // ENOSPC, EDQUOT, EIO, EMFILE, …: may pass
      error.code = ErrorCode::store_unavailable;
  }
  return error;
}

Result<bool> make_directories(const std::string& path, std::size_t from) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return S_ISDIR(status.st_mode);
  for (std::size_t end = from; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), 0777) == 0 || errno == EEXIST) continue;
    if (errno == ENOTDIR) return false;
    return fail(file_error(part, errno));
  }
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Result<Descriptor> lock_file(const std::string& path, LockKind kind, const Deadline& deadline) {
  const int access = kind == LockKind::exclusive ? O_RDWR | O_CREAT : O_RDONLY;
  Descriptor file(::open(path.c_str(), access | O_CLOEXEC, 0666));
  if (!file.is_open()) return fail(file_error(path, errno));
  const int operation = (kind == LockKind::exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB;
  SystemClock clock;
  for (int i = 0; i < kLockTriesMax; ++i) {
    if (::flock(file.get(), operation) == 0) return file;
    if (errno != EWOULDBLOCK && errno != EINTR) return fail(file_error(path, errno));
    if (deadline.passed(clock)) {
      return fail(ErrorCode::deadline_exceeded, fmt::format("{}: locked by another", path));
    }
    clock.sleep_for(kLockPause);
  }
  return fail(ErrorCode::store_unavailable,
              fmt::format("{}: locked by another for {} tries", path, kLockTriesMax));
}

FileStamp stamp_of(const struct stat& status) {
  return {static_cast<std::uint64_t>(status.st_size),
          std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec,
          status.st_ino};
}

Result<std::optional<OpenFile>> open_regular(const std::string& path) {
  // Without O_NONBLOCK a pipe that someone left there would hold us for ever.
  OpenFile file{Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)), {}};
  if (!file.descriptor.is_open()) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return fail(file_error(path, errno));
  }
  if (::fstat(file.descriptor.get(), &file.status) != 0) return fail(file_error(path, errno));
  if (!S_ISREG(file.status.st_mode)) return std::nullopt;
  return file;
}

std::unique_ptr<ByteSource> read_slice(OpenFile file, std::string path, const Slice& slice) {
  return std::make_unique<FileSource>(std::move(file), std::move(path), slice);
}

Result<std::string> md5_of(const OpenFile& file, const std::string& path) {
  Md5 md5;
  std::vector<char> buffer(std::size_t{256} << 10);
  off_t position = 0;
  for (;;) {
    const ssize_t got = ::pread(file.descriptor.get(), buffer.data(), buffer.size(), position);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(file_error(path, errno));
    if (got == 0) return md5.finish_hex();
    md5.update(ByteView(buffer.data(), static_cast<std::size_t>(got)));
    position += got;
  }
}

Result<FileStamp> write_fresh(const std::string& path, ByteView bytes) {
  auto written = [&]() -> Result<FileStamp> {
    // A new inode each time: the one of a crash may still be read by somebody.
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail(file_error(path, errno));
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!file.is_open()) return fail(file_error(path, errno));
    CHECKED(write_whole(file.get(), path, bytes));
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const std::array<timespec, 2> times = {now, now};
    (void)::futimens(file.get(), times.data());  // finer than the kernel's own, see FileStamp
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return fail(file_error(path, errno));
    return stamp_of(status);
  }();
  if (!written) ::unlink(path.c_str());
  return written;
}

Result<bool> rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return true;
  if (errno == EXDEV) return false;
  return fail(file_error(to, errno));
}

Result<void> check_writable(std::string path) {
  for (;;) {
    if (::faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) == 0) return {};
    const std::size_t slash = path.rfind('/');
    if (errno != ENOENT || slash == 0 || slash == std::string::npos) {
      return fail(file_error(path, errno));
    }
    path.resize(slash);
  }
}

std::optional<std::string> key_of_notes(const std::string& path) {
  const auto text = read_file(path, kNotesBytesMax, ErrorCode::file_unreadable);
  if (!text) return std::nullopt;
  const auto json = parse_json(*text, path);
  std::string key = json ? string_at(*json, "key") : "";
  if (key.empty()) return std::nullopt;
  return key;
}

std::vector<Note> read_notes(const std::string& path) {
  std::vector<Note> notes;
  const auto text = read_file(path, kNotesBytesMax, ErrorCode::file_unreadable);
  if (!text) return notes;
  const auto json = parse_json(*text, path);
  const Json* list = json ? member(*json, "notes") : nullptr;
  if (list == nullptr) return notes;
  try {
    for (const Json& entry : *list) notes.push_back(note_from(entry));
  } catch (const Json::exception&) {  // a field of another type: not written by us
    notes.clear();
  }
  return notes;
}

std::string notes_text(const std::string& key, const std::vector<Note>& notes) {
  Json list = Json::array();
  for (const Note& note : notes) {
    list.push_back({{"size", note.stamp.size},
                    {"modified_ns", note.stamp.modified_ns},
                    {"inode", note.stamp.inode},
                    {"etag", note.etag},
                    {"content_type", note.content_type},
                    {"cache_control", note.cache_control},
                    {"storage_class", note.storage_class},
                    {"metadata", note.metadata},
                    {"tags", note.tags}});
  }
  return to_text(Json{{"key", key}, {"notes", std::move(list)}}) + '\n';
}

}  // namespace miniatura
