#include "runtime/walls.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <thread>

#include "runtime/bytes.h"
#include "tests/support/sanitized.h"

namespace miniatura {
namespace {

constexpr Walls kWalls{std::uint64_t{64} << 20, 1000};

// What `attempt` says in a process of its own, walled in; "signal N" if it ends by one.
std::string inside(const std::function<std::string()>& attempt, const Walls& walls = kWalls) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    const auto locked = lock_up(walls);
    const std::string said = locked ? attempt() : locked.error().message;
    ::_exit(::write(pipe[1], said.data(), said.size()) < 0 ? 1 : 0);
  }
  ::close(pipe[1]);
  const auto said = read_stream(pipe[0], "pipe", 10'000, ErrorCode::internal);
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status)) : *said;
}

// "" for a system call that was refused with `error`, else what became of it.
std::string refused(const char* name, long result, int error = EPERM) {
  if (result < 0 && errno == error) return "";
  return std::string(name) + (result < 0 ? std::string(": ") + std::strerror(errno) : ": done") +
         "\n";
}
template <class... Arguments>
std::string refused_call(const char* name, long number, Arguments... arguments) {
  return refused(name, ::syscall(number, arguments...));
}

TEST(WallsTest, can_be_built_here) { EXPECT_TRUE(walls_exist()); }

TEST(WallsTest, keep_programs_and_processes_out) {
  const pid_t parent = ::getpid();
  EXPECT_EQ(inside([&] {
              std::array<char*, 1> none{nullptr};
              std::array<char, 8> there{};
              iovec here{there.data(), there.size()};
              return refused("execve", ::execve("/bin/true", none.data(), none.data())) +
                     refused_call("execveat", SYS_execveat, 0, "/bin/true", none.data(),
                                  none.data(), 0) +
                     refused_call("fork", SYS_clone, SIGCHLD, 0, 0, 0, 0) +
                     refused_call("vm", SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0) +
                     refused("clone3", ::syscall(SYS_clone3, nullptr, 0), ENOSYS) +
                     refused("ptrace", ::ptrace(PTRACE_ATTACH, parent, nullptr, nullptr)) +
                     refused("kill", ::kill(parent, 0)) +
                     refused_call("tgkill", SYS_tgkill, parent, parent, 0) +
                     refused("queue", ::sigqueue(parent, 0, {})) +
                     refused("vm_readv", ::process_vm_readv(parent, &here, 1, &here, 1, 0)) +
                     refused_call("pidfd", SYS_pidfd_open, parent, 0) +
                     refused_call("unshare", SYS_unshare, CLONE_NEWUSER);
            }),
            "");
}

TEST(WallsTest, keep_files_and_sockets_out) {
  EXPECT_EQ(inside([] {
              std::array<int, 2> two{};
              struct stat status {};
              return refused("open", ::open("/etc/passwd", O_RDONLY | O_CLOEXEC)) +
                     refused_call("openat", SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY) +
                     refused_call("openat2", SYS_openat2, AT_FDCWD, "/etc/passwd", nullptr, 0) +
                     refused("creat", ::open("/tmp/miniatura-x", O_CREAT | O_WRONLY, 0600)) +
                     refused("stat", ::stat("/etc/passwd", &status)) +
                     refused("unlink", ::unlink("/tmp/miniatura-none")) +
                     refused("inet", ::socket(AF_INET, SOCK_STREAM, 0)) +
                     refused("unix", ::socket(AF_UNIX, SOCK_STREAM, 0)) +
                     refused("pair", ::socketpair(AF_UNIX, SOCK_STREAM, 0, two.data())) +
                     refused_call("connect", SYS_connect, 0, nullptr, 0) +
                     refused_call("io_uring", SYS_io_uring_setup, 1, nullptr) +
                     refused_call("bpf", SYS_bpf, 0, nullptr, 0);
            }),
            "");
}

TEST(WallsTest, cannot_be_lowered_from_inside) {
  EXPECT_EQ(inside([] {
              const rlimit other{8, 8};
              const long page = ::sysconf(_SC_PAGESIZE);
              void* const memory =
                  ::mmap(nullptr, static_cast<std::size_t>(page), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              if (memory == MAP_FAILED) return std::string("no memory");
              const long code = reinterpret_cast<long>(
                  ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
              return refused("mmap of code", code) +
                     refused("mprotect to code", ::mprotect(memory, 4096, PROT_READ | PROT_EXEC)) +
                     refused("setrlimit", ::setrlimit(RLIMIT_NOFILE, &other)) +
                     refused("prlimit", ::prlimit(0, RLIMIT_NOFILE, &other, nullptr)) +
                     refused("dumpable", ::prctl(PR_SET_DUMPABLE, 1)) +
                     refused("orphan", ::prctl(PR_SET_PDEATHSIG, 0)) + refused("dup", ::dup(1));
            }),
            "");
}

TEST(WallsTest, let_work_be_done) {
  EXPECT_EQ(inside([] {
              int made = 0;
              std::thread([&] { made = 7; }).join();  // as decoders have them
              const int file = ::memfd_create("made", MFD_CLOEXEC);
              if (file < 0 || ::write(file, "text", 4) != 4) return std::string("no memory file");
              const std::string much(std::size_t{8} << 20, 'x');
              return std::to_string(made) + much.substr(0, 1);
            }),
            "7x");
}

TEST(WallsTest, hold_what_is_built_up_inside) {
  EXPECT_EQ(inside([] {
              const int file = ::memfd_create("large", MFD_CLOEXEC);
              static_cast<void>(::signal(SIGXFSZ, SIG_IGN));
              return ::ftruncate(file, 1001) == 0 ? std::string("large")
                                                  : std::string(std::strerror(errno));
            }),
            "File too large");
  EXPECT_EQ(inside([] {
              int count = 0;
              while (count < 1000 && ::memfd_create("many", MFD_CLOEXEC) >= 0) ++count;
              return std::string(count < 20 ? "few" : "many");
            }),
            "few");
  if (kSanitized) GTEST_SKIP() << "a sanitizer's memory is not limited";
  EXPECT_EQ(inside([] {
              void* const memory = ::mmap(nullptr, std::size_t{65} << 20, PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              return std::string(memory == MAP_FAILED ? "none left" : "memory");
            }),
            "none left");
}

TEST(WallsTest, fall_with_whoever_built_them_up) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    const pid_t child = ::fork();
    if (child != 0) {
      char byte = 0;
      ::_exit(::read(pipe[0], &byte, 1) == 1 ? 0 : 1);  // it is walled in
    }
    if (lock_up(kWalls) && ::write(pipe[1], "y", 1) == 1) {
      for (int i = 0; i < 60; ++i) ::poll(nullptr, 0, 1000);
      static_cast<void>(::write(pipe[1], "n", 1) == 1);
    }
    ::_exit(0);
  }
  ::close(pipe[1]);
  int status = 1;
  ::waitpid(parent, &status, 0);
  EXPECT_EQ(status, 0);
  char byte = 0;
  EXPECT_EQ(::read(pipe[0], &byte, 1), 0);  // nobody is left who could write
  ::close(pipe[0]);
}

TEST(WallsTest, are_told_by_the_kernel) {
  std::array<int, 2> ready{}, wait{};
  ASSERT_EQ(::pipe2(ready.data(), O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(wait.data(), O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(wait[1]);
    char byte = lock_up(kWalls) ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) == 1) static_cast<void>(::read(wait[0], &byte, 1) == 1);
    ::_exit(0);
  }
  char byte = 0;
  EXPECT_EQ(::read(ready[0], &byte, 1), 1);
  const auto process = "/proc/" + std::to_string(child);
  const auto status = read_file(process + "/status", 100'000, ErrorCode::internal);
  const auto limits = read_file(process + "/limits", 100'000, ErrorCode::internal);
  for (const int end : {ready[0], ready[1], wait[0], wait[1]}) ::close(end);
  ::waitpid(child, nullptr, 0);
  EXPECT_THAT(*status, testing::HasSubstr("NoNewPrivs:\t1\n"));
  EXPECT_THAT(*status, testing::HasSubstr("Seccomp:\t2\n"));
  EXPECT_THAT(*limits, testing::ContainsRegex("Max core file size +0 +0 "));
}

}  // namespace
}  // namespace miniatura
