#include "runtime/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <thread>

namespace miniatura {
namespace {

// What posix_spawn does between fork and exec.
class SpawnPlan {
 public:
  explicit SpawnPlan(HandedOn handed_on) {
    ::posix_spawn_file_actions_init(&actions_);
    // First, as ours may be 0 or 1 where we were started without; onto itself it loses O_CLOEXEC.
    ::posix_spawn_file_actions_adddup2(&actions_, handed_on.ours, handed_on.theirs);
    ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    if (handed_on.theirs != 1) {
      ::posix_spawn_file_actions_addopen(&actions_, 1, "/dev/null", O_WRONLY, 0);
    }
    // Libraries open sockets and files without O_CLOEXEC.
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, std::max(handed_on.theirs, 2) + 1);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    // We may block or ignore signals that the program relies on.
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD}) {
      ::sigaddset(&signals, signal);
    }
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  pid_t spawn(std::vector<std::string>& words, std::vector<std::string>& variables) const {
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> all;
      all.reserve(texts.size() + 1);
      for (std::string& text : texts) all.push_back(text.data());
      all.push_back(nullptr);
      return all;
    };
    const std::vector<char*> arguments = pointers(words);
    const std::vector<char*> environment = pointers(variables);
    pid_t child = -1;
    const int error = ::posix_spawnp(&child, arguments[0], &actions_, &attributes_,
                                     arguments.data(), environment.data());
    return error == 0 ? child : -error;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

}  // namespace

pid_t spawn(std::vector<std::string> words, const Environment& environment, HandedOn handed_on) {
  std::vector<std::string> variables = environment.lines();
  return SpawnPlan(handed_on).spawn(words, variables);
}

Child::~Child() {
  if (pid_ <= 0) return;
  kill();
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
}

void Child::kill() const { ::kill(-pid_, SIGKILL); }

std::optional<int> Child::wait_until(std::chrono::steady_clock::time_point until) {
  std::chrono::milliseconds pause{1};
  for (;;) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return status;
    }
    if (std::chrono::steady_clock::now() >= until) return std::nullopt;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(50));
  }
}

}  // namespace miniatura
