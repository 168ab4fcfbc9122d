#include "runtime/inbox_owners.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/core.h>

#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

namespace miniatura {
namespace {

constexpr std::int64_t kGate = 0;
constexpr std::int64_t kFirstOwner = 1;
constexpr std::int64_t kVisitors = InboxOwners::kOwnerMax + 1;  // shared by them
constexpr std::int64_t kToTheEnd = 0;                           // a count of all that follows

constexpr std::chrono::seconds kGateWaitMax{60};
constexpr std::chrono::milliseconds kGatePause{20};

struct flock range(int type, std::int64_t first, std::int64_t count) {
  struct flock bytes {};
  bytes.l_type = static_cast<short>(type);
  bytes.l_whence = SEEK_SET;
  bytes.l_start = first;
  bytes.l_len = count;
  return bytes;
}

bool lock(int descriptor, int type, std::int64_t byte) {
  struct flock bytes = range(type, byte, 1);
  return ::fcntl(descriptor, F_OFD_SETLK, &bytes) == 0;
}

tl::unexpected<Error> failure(const std::string& path) {
  return fail(ErrorCode::inbox_unavailable,
              fmt::format("{}: {}", path, std::system_category().message(errno)));
}

}  // namespace

InboxOwners::Gate::Gate(Gate&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

InboxOwners::Gate::~Gate() {
  if (descriptor_ >= 0) (void)lock(descriptor_, F_UNLCK, kGate);
}

Result<InboxOwners> InboxOwners::open(const std::string& inbox_path) {
  InboxOwners owners;
  owners.path_ = inbox_path + "-owners";
  std::error_code ignored;  // open() says it, right below
  std::filesystem::create_directories(std::filesystem::path(inbox_path).parent_path(), ignored);
  owners.file_ = Descriptor(::open(owners.path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!owners.file_.is_open()) return failure(owners.path_);
  return owners;
}

Result<InboxOwners::Gate> InboxOwners::enter() const {
  const auto until = std::chrono::steady_clock::now() + kGateWaitMax;
  while (!lock(file_.get(), F_WRLCK, kGate)) {
    if (errno != EAGAIN && errno != EACCES) return failure(path_);
    if (std::chrono::steady_clock::now() >= until) {
      return fail(ErrorCode::inbox_unavailable,
                  fmt::format("{}: another process has been opening the inbox for {} s", path_,
                              kGateWaitMax.count()));
    }
    std::this_thread::sleep_for(kGatePause);
  }
  return Gate(file_.get());
}

Result<void> InboxOwners::hold(std::int64_t owner) const {
  if (!lock(file_.get(), F_WRLCK, owner)) return failure(path_);
  return {};
}

void InboxOwners::let_go(std::int64_t owner) const { (void)lock(file_.get(), F_UNLCK, owner); }

Result<void> InboxOwners::visit() const {
  if (!lock(file_.get(), F_RDLCK, kVisitors)) return failure(path_);
  return {};
}

Result<bool> InboxOwners::is_free(std::int64_t first, std::int64_t count) const {
  struct flock bytes = range(F_WRLCK, first, count);
  if (::fcntl(file_.get(), F_OFD_GETLK, &bytes) != 0) return failure(path_);
  return bytes.l_type == F_UNLCK;
}

Result<bool> InboxOwners::is_held(std::int64_t owner) const {
  TRY(free, is_free(owner, 1));
  return !free;
}

Result<bool> InboxOwners::is_alone() const { return is_free(kFirstOwner, kToTheEnd); }

}  // namespace miniatura
