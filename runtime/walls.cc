#include "runtime/walls.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>

#include "runtime/bytes.h"
#include "runtime/descriptor.h"

namespace miniatura {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // terabytes are reserved, and findings told on standard error
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

constexpr rlim_t kDescriptorsMax = 16;

tl::unexpected<Error> not_built(std::string_view wall, int error) {
  return fail(ErrorCode::config_invalid, fmt::format("a process cannot be walled in here: {}: {}",
                                                     wall, std::strerror(error)));
}

Result<void> check(std::string_view wall, int result) {
  if (result < 0) return not_built(wall, errno);
  return {};
}

// Landlock's, as of its sixth ABI: Debian's header ends before.
struct LandlockRuleset {
  std::uint64_t files;    // ABI 1
  std::uint64_t network;  // ABI 4
  std::uint64_t scoped;   // ABI 6
};

// No file at all, and from where the kernel knows it no TCP, no abstract socket and no signal to
// whoever is outside. A second wall: seccomp has refused the calls already.
Result<void> restrict_files() {
  const long abi =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return {};
  constexpr std::array<unsigned, 6> kFileRights = {0, 13, 14, 15, 15, 16};  // of each ABI
  const auto known = static_cast<std::size_t>(std::min<long>(abi, 5));
  LandlockRuleset ruleset{(std::uint64_t{1} << kFileRights[known]) - 1, abi >= 4 ? 3U : 0U,
                          abi >= 6 ? 3U : 0U};
  const std::size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  const Descriptor rules(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &ruleset, size, 0)));
  CHECKED(check("Landlock", rules.get()));
  return check("Landlock", static_cast<int>(::syscall(SYS_landlock_restrict_self, rules.get(), 0)));
}

// What computing takes, and speaking over what is open.
constexpr std::array kAllowed = {
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(ftruncate),
    SCMP_SYS(memfd_create),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(recvmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    // Memory.
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    // Threads.
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    // Signals to itself.
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    // Time and chance.
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
    SCMP_SYS(getrusage),
    SCMP_SYS(times),
};

constexpr std::uint64_t kNewNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                         CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

// The filter's rules; 0, or a negative errno.
int add_rules(scmp_filter_ctx filter) {
  const auto own_id = static_cast<scmp_datum_t>(::getpid());
  for (const int call : kAllowed) {
    const int added = ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
    if (added != 0) return added;
  }
  int added = 0;
  const auto add = [&](std::uint32_t action, int call, auto... conditions) {
    if (added == 0) {
      added = ::seccomp_rule_add(filter, action, call, sizeof...(conditions), conditions...);
    }
  };
  using Compare = scmp_arg_cmp;
  // No code but what was loaded.
  add(SCMP_ACT_ALLOW, SCMP_SYS(mmap), Compare{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0});
  add(SCMP_ACT_ALLOW, SCMP_SYS(mprotect), Compare{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0});
  // A thread, and no process. glibc tries clone3 first, whose flags no filter can see.
  add(SCMP_ACT_ALLOW, SCMP_SYS(clone),
      Compare{0, SCMP_CMP_MASKED_EQ, CLONE_THREAD | kNewNamespaces, CLONE_THREAD});
  add(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
  add(SCMP_ACT_ALLOW, SCMP_SYS(tgkill), Compare{0, SCMP_CMP_EQ, own_id, 0});
  add(SCMP_ACT_ALLOW, SCMP_SYS(prctl), Compare{0, SCMP_CMP_EQ, PR_SET_NAME, 0});
  // Limits are looked at and not changed.
  add(SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), Compare{2, SCMP_CMP_EQ, 0, 0});
  // UBSan tells by a pipe whether memory can be read.
  if (kSanitized) add(SCMP_ACT_ALLOW, SCMP_SYS(pipe));
  if (kSanitized) add(SCMP_ACT_ALLOW, SCMP_SYS(pipe2));
  return added;
}

Result<void> filter_calls() {
  const std::unique_ptr<void, decltype(&::seccomp_release)> filter(
      ::seccomp_init(SCMP_ACT_ERRNO(EPERM)), &::seccomp_release);
  if (!filter) return not_built("seccomp", ENOMEM);
  // All threads, those of a sanitizer among them.
  int error = ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  if (error == 0) error = add_rules(filter.get());
  if (error == 0) error = ::seccomp_load(filter.get());
  if (error != 0) return not_built("seccomp", -error);
  return {};
}

Result<void> limit(std::string_view wall, __rlimit_resource resource, rlim_t most) {
  const rlimit both{most, most};
  return check(wall, ::setrlimit(resource, &both));
}

Result<void> limit_memory(std::uint64_t more_bytes) {
  if (kSanitized) return {};
  TRY(statm, read_file("/proc/self/statm", 4096, ErrorCode::config_invalid));
  const auto pages = std::strtoull(statm.c_str(), nullptr, 10);
  const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return limit("RLIMIT_AS", RLIMIT_AS, pages * page_bytes + more_bytes);
}

Result<void> silence() {
  if (kSanitized) return {};
  const Descriptor nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  CHECKED(check("/dev/null", nowhere.get()));
  return check("standard error", ::dup2(nowhere.get(), STDERR_FILENO));
}

}  // namespace

Result<void> walls_exist() {
  const std::uint32_t action = SECCOMP_RET_ERRNO;
  return check("seccomp",
               static_cast<int>(::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action)));
}

Result<void> lock_up(const Walls& walls) {
  CHECKED(check("PR_SET_PDEATHSIG", ::prctl(PR_SET_PDEATHSIG, SIGKILL)));
  CHECKED(check("PR_SET_DUMPABLE", ::prctl(PR_SET_DUMPABLE, 0)));
  CHECKED(check("PR_SET_NO_NEW_PRIVS", ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)));
  CHECKED(silence());
  CHECKED(limit("RLIMIT_CORE", RLIMIT_CORE, 0));
  CHECKED(limit("RLIMIT_NOFILE", RLIMIT_NOFILE, kDescriptorsMax));
  CHECKED(limit("RLIMIT_FSIZE", RLIMIT_FSIZE, walls.file_bytes));
  CHECKED(limit_memory(walls.memory_bytes));
  CHECKED(restrict_files());
  return filter_calls();
}

}  // namespace miniatura
