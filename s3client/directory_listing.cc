#include "s3client/directory_listing.h"

#include <dirent.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/crypto.h"
#include "runtime/text.h"
#include "s3client/directory_files.h"
#include "s3client/key_path.h"
#include "s3client/uri.h"

namespace miniatura {
namespace {

constexpr std::size_t kKeyBytesMax = 1024;

// By which a directory is known again, whichever path led to it.
using Identity = std::pair<dev_t, ino_t>;

std::optional<Identity> identity_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return Identity(status.st_dev, status.st_ino);
}

struct Entry {
  std::string name;
  unsigned char type = DT_UNKNOWN;
};

// Sorted by name, so that the keys come nearly in order and most of the walk is spared. None where
// there is no such directory (any more).
Result<std::vector<Entry>> entries_of(const std::string& path) {
  std::vector<Entry> entries;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), &::closedir);
  if (directory == nullptr) {
    // Longer than a path may be, and no get could go there.
    const bool absent = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
    if (absent || errno == ENAMETOOLONG) return entries;
    return fail(file_error(path, errno));
  }
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") entries.push_back({std::string(name), entry->d_type});
  }
  if (errno != 0) return fail(file_error(path, errno));
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return entries;
}

class Walk {
 public:
  Walk(const BucketPaths& paths, const Deadline& deadline, ListPage& page)
      : paths_(paths), deadline_(deadline), page_(page) {
    if (const auto states = identity_of(paths.all_states)) on_the_way_.push_back(*states);
  }

  Result<void> plain() { return directory(""); }

  // Their names are hashes: which key it is stands in the side file.
  Result<void> reserve() {
    TRY(entries, entries_of(paths_.reserve));
    for (const Entry& entry : entries) {
      const auto key = key_of_notes(paths_.notes + '/' + entry.name + ".json");
      if (key && sha256_hex(*key) == entry.name) take(*key);
    }
    return {};
  }

 private:
  // `relative` is "" or ends in a slash.
  Result<void> directory(const std::string& relative) {
    if (deadline_.passed(clock_)) {
      return fail(ErrorCode::deadline_exceeded,
                  fmt::format("{}: no time left to list it", paths_.bucket));
    }
    const std::string path = paths_.bucket + '/' + relative;
    const auto identity = identity_of(path);
    const bool is_loop = identity && std::find(on_the_way_.begin(), on_the_way_.end(), *identity) !=
                                         on_the_way_.end();
    if (!identity || is_loop) return {};
    TRY(entries, entries_of(path));
    on_the_way_.push_back(*identity);
    for (const Entry& entry : entries) CHECKED(visit(path, relative + entry.name, entry));
    on_the_way_.pop_back();
    return {};
  }

  Result<void> visit(const std::string& parent, const std::string& relative, const Entry& entry) {
    bool is_file = entry.type == DT_REG;
    bool is_directory = entry.type == DT_DIR;
    if (entry.type == DT_LNK || entry.type == DT_UNKNOWN) {
      struct stat status {};
      if (::stat((parent + entry.name).c_str(), &status) != 0) return {};  // leads nowhere
      is_file = S_ISREG(status.st_mode);
      is_directory = S_ISDIR(status.st_mode);
    }
    if (is_file) {
      if (const auto key = key_of_path(relative)) take(*key);
    }
    if (!is_directory) return {};
    const std::string beginning = beginning_of_keys(relative);
    if (beginning.size() > kKeyBytesMax || !page_.wants_below(beginning)) return {};
    return directory(relative + '/');
  }

  void take(const std::string& key) {
    if (key.size() <= kKeyBytesMax && is_utf8(key)) page_.take(key);
  }

  const BucketPaths& paths_;
  const Deadline& deadline_;
  ListPage& page_;
  SystemClock clock_;
  std::vector<Identity> on_the_way_;
};

}  // namespace

Result<void> take_keys(const BucketPaths& paths, const Deadline& deadline, ListPage& page) {
  Walk walk(paths, deadline, page);
  CHECKED(walk.reserve());
  return walk.plain();
}

}  // namespace miniatura
