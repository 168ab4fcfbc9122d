// miniatura s3 get URL: an object becomes a local file, whole or not at all, or goes to standard
// output as it arrives. In fixed memory, whatever its size.
#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): raise() of POSIX
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "handler/commands/progress.h"
#include "handler/commands/s3.h"
#include "runtime/retry.h"
#include "runtime/text.h"

namespace miniatura {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10;

struct GetOptions : S3Options {
  std::string output;
  std::string range;
};

// What a signal that ends us takes along: an interrupted download leaves nothing behind.
std::array<char, 4096> temporary_path{};

void remove_temporary(int signal_number) {
  ::unlink(temporary_path.data());
  static_cast<void>(::signal(signal_number, SIG_DFL));
  static_cast<void>(::raise(signal_number));
}

// What is ignored stays so: under nohup nobody wants to be interrupted.
void on_interruption(void (*handler)(int)) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    if (::signal(number, handler) == SIG_IGN) static_cast<void>(::signal(number, SIG_IGN));
  }
}

void watch_signals(const std::string& path) {
  if (path.size() >= temporary_path.size()) return;
  path.copy(temporary_path.data(), path.size());
  on_interruption(remove_temporary);
}

void forget_signals() {
  on_interruption(SIG_DFL);
  temporary_path.fill('\0');
}

// A reader that leaves is an error of write(), not our end.
void outlive_readers() { static_cast<void>(::signal(SIGPIPE, SIG_IGN)); }

// A file that is there under its name when all of it is: until then it has another one, in the same
// directory. What is no regular file (/dev/null, a pipe) is written as it stands.
class WholeFile {
 public:
  explicit WholeFile(std::string path) : path_(std::move(path)) {}
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;
  ~WholeFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (temporary_.empty()) return;
    ::unlink(temporary_.c_str());
    forget_signals();
  }

  Result<void> open() {
    struct stat status {};
    const bool exists = ::stat(path_.c_str(), &status) == 0;
    if (exists && S_ISDIR(status.st_mode)) return wrong("is a directory");
    if (exists && !S_ISREG(status.st_mode)) {
      outlive_readers();  // should it be a pipe
      descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    } else {
      std::error_code failed;
      // A link stays one: what it leads to is replaced.
      if (exists) target_ = std::filesystem::canonical(path_, failed).string();
      if (!exists || failed) target_ = path_;
      open_temporary();
      if (exists && descriptor_ >= 0) (void)::fchmod(descriptor_, status.st_mode & 0777);
    }
    if (descriptor_ < 0) return wrong(std::strerror(errno));
    return {};
  }

  int descriptor() const { return descriptor_; }
  const std::string& path() const { return path_; }

  Result<void> finish() {
    const int closed = ::close(std::exchange(descriptor_, -1));  // where NFS tells of a full disk
    if (closed != 0) return wrong(std::strerror(errno));
    if (temporary_.empty()) return {};
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) return wrong(std::strerror(errno));
    temporary_.clear();
    forget_signals();
    return {};
  }

 private:
  // Under a name that nobody else has thought of, so that it can be watched before it is there: no
  // signal falls between the two.
  void open_temporary() {
    const std::size_t slash = target_.rfind('/');
    const std::string directory = slash == std::string::npos ? "" : target_.substr(0, slash + 1);
    const auto serial = static_cast<std::uint64_t>(system_random()() * 0x1p53);
    temporary_ = fmt::format("{}.miniatura-{:014x}.part", directory, serial);
    watch_signals(temporary_);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ >= 0) return;
    const int why = errno;
    temporary_.clear();
    forget_signals();
    errno = why;
  }

  Result<void> wrong(std::string_view why) const {
    return fail(ErrorCode::file_unwritable, fmt::format("{}: {}", path_, why));
  }

  std::string path_;
  std::string target_;
  std::string temporary_;  // empty: there is none
  int descriptor_ = -1;
};

// "A-B" or "A-", in bytes from 0 on.
Result<ByteRange> parse_range(const std::string& text) {
  const auto wrong = [&](std::string_view what) {
    return fail(ErrorCode::usage, fmt::format("--range {}: {}", text, what));
  };
  const auto number = [](std::string_view digits) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return value;
  };
  const std::size_t dash = text.find('-');
  const auto first = number(std::string_view(text).substr(0, dash));
  if (dash == std::string::npos || !first) return wrong("is not A-B or A-, as in 0-1023");
  ByteRange range{*first, std::nullopt};
  if (dash + 1 == text.size()) return range;
  range.last = number(std::string_view(text).substr(dash + 1));
  if (!range.last) return wrong("is not A-B or A-, as in 0-1023");
  if (*range.last < range.first) return wrong("ends before it begins");
  return range;
}

// -o, or in the working directory what the key calls itself.
Result<std::string> output_path(const GetOptions& options, const ObjectId& id) {
  if (!options.output.empty()) return options.output;
  const std::string name = id.key.substr(id.key.rfind('/') + 1);
  if (name.empty() || name == "." || name == "..") {
    return fail(ErrorCode::usage,
                fmt::format("{}: the key does not end in a file's name; say -o FILE", options.url));
  }
  return name;
}

enum class Copied { whole, nobody_reads };

Result<Copied> copy(ByteSource& body, int descriptor, const std::string& what, Progress& progress) {
  std::vector<char> buffer(kBufferBytes);
  for (;;) {
    TRY(got, body.read(buffer));
    if (got == 0) return Copied::whole;
    for (std::size_t written = 0; written < got;) {
      const ssize_t count = ::write(descriptor, buffer.data() + written, got - written);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EPIPE) {
        body.cancel();
        return Copied::nobody_reads;
      }
      if (count < 0) {
        return fail(ErrorCode::file_unwritable, fmt::format("{}: {}", what, std::strerror(errno)));
      }
      written += static_cast<std::size_t>(count);
    }
    progress.add(got);
  }
}

Result<Copied> copy(Object& object, int descriptor, const std::string& what) {
  Progress progress(object.body->size_bytes());
  return copy(*object.body, descriptor, what, progress);
}

int get_to_output(Object& object) {
  outlive_readers();
  const auto copied = copy(object, STDOUT_FILENO, "standard output");
  if (!copied) return report(copied.error(), false);
  return *copied == Copied::whole ? kExitDone : kExitFailed;
}

int get_to_file(const GetOptions& options, const ObjectId& id, Object& object,
                const std::string& path) {
  WholeFile file(path);
  const auto written = [&]() -> Result<std::uint64_t> {
    CHECKED(file.open());
    TRY(copied, copy(object, file.descriptor(), path));
    if (copied != Copied::whole) {
      return fail(ErrorCode::file_unwritable, fmt::format("{}: nobody reads it", path));
    }
    struct stat status {};
    const bool known = ::fstat(file.descriptor(), &status) == 0 && S_ISREG(status.st_mode);
    CHECKED(file.finish());
    return known ? static_cast<std::uint64_t>(status.st_size) : object.info.size;
  }();
  if (!written) return report(written.error(), options.json);
  if (options.json) {
    Json json = info_json(id, object.info);
    json["file"] = path;
    json["bytes"] = *written;
    print_json(json);
  } else {
    print_line(one_line(fmt::format("{}  {}", path, human_bytes(*written))));
  }
  return kExitDone;
}

int run_get(const GetOptions& options, const Environment& environment) {
  struct Asked {
    ObjectId id;
    ByteRange range;
    std::string path;
  };
  const auto asked = [&]() -> Result<Asked> {
    TRY(id, object_named(options.url));
    TRY(path, output_path(options, id));
    Asked what{id, {}, path};
    if (!options.range.empty()) {
      TRY(range, parse_range(options.range));
      what.range = range;
    }
    if (options.json && options.output == "-") {
      return fail(ErrorCode::usage, "--json and -o -: both want standard output");
    }
    return what;
  }();
  if (!asked) return report(asked.error(), options.json && options.output != "-");
  SystemClock clock;
  const auto store = open_s3_store(options, environment, clock);
  if (!store) return report(store.error(), options.json);
  auto object = (*store)->get(asked->id, asked->range, {});
  if (!object) return report(object.error(), options.json);
  if (options.output == "-") return get_to_output(*object);
  return get_to_file(options, asked->id, *object, asked->path);
}

}  // namespace

void add_s3_get(CLI::App& s3, const Environment& environment, Run& run) {
  auto* command = s3.add_subcommand("get", "Fetches an object");
  auto options = std::make_shared<GetOptions>();
  add_s3_options(*command, *options, "s3://bucket/key");
  command->add_option("-o,--output", options->output,
                      "A file, or - for standard output (the last part of the key)");
  command->add_option("--range", options->range, "Bytes A-B, both included, from 0; or A-");
  command->callback(
      [&, options] { run = [&, options] { return run_get(*options, environment); }; });
}

}  // namespace miniatura
