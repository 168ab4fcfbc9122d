#include "runtime/worker.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/support/open_files.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

Worker sh(const std::string& script, std::map<std::string, std::string> variables = {}) {
  return Worker::start({{"/bin/sh", "-c", script}, Environment(std::move(variables))}).value();
}

// What it says; nothing if it hangs up.
std::optional<Message> heard(Worker& worker) {
  worker.socket().wait_readable(std::chrono::steady_clock::now() + 60s);
  return worker.socket().receive();
}

TEST(WorkerTest, speaks_and_is_spoken_to) {
  Worker worker = sh("line=$(head -n 1 <&3); printf %s \"$line\" >&3");
  ASSERT_TRUE(worker.socket().send('X', "hello\n"));
  const auto message = heard(worker);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->kind, 'X');
  EXPECT_EQ(message->payload, "hello");
}

TEST(WorkerTest, has_its_environment_and_its_socket_and_nothing_else) {
  const int leaked = ::fcntl(2, F_DUPFD, 50);  // without O_CLOEXEC
  Worker worker = sh("[ -e /proc/$$/fd/50 ] && more=50; printf %s \":$GIVEN$HOME$more\" >&3",
                     {{"GIVEN", "this"}});
  ::close(leaked);
  const auto message = heard(worker);
  ASSERT_TRUE(message);
  EXPECT_EQ(leaked, 50);
  EXPECT_EQ(message->payload, "this");
}

TEST(WorkerTest, tells_how_it_ended) {
  WorkerEnd end = sh("exit 3").end();
  EXPECT_EQ(end.exit_status, 3);
  EXPECT_EQ(end.signal, 0);
  end = sh("kill -SEGV $$").end();
  EXPECT_EQ(end.signal, SIGSEGV);
  EXPECT_FALSE(end.by_us);
  end = sh("exec sleep 1000").end();
  EXPECT_EQ(end.signal, SIGKILL);
  EXPECT_TRUE(end.by_us);
}

TEST(WorkerTest, leaves_neither_a_process_nor_a_descriptor_behind) {
  const auto before = open_files();
  { const Worker worker = sh("exec sleep 1000"); }
  sh("exit 0").end();
  EXPECT_EQ(open_files(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

// Until the process has been on a CPU at all.
void wait_for_its_first_work(const Worker& worker) {
  clockid_t clock{};
  ASSERT_EQ(::clock_getcpuclockid(worker.id(), &clock), 0);
  timespec used{};
  while (used.tv_sec == 0 && used.tv_nsec == 0) {
    ASSERT_EQ(::clock_gettime(clock, &used), 0);
    ::sched_yield();
  }
}

TEST(WorkerTest, ends_when_it_has_used_the_CPU_that_it_may) {
  Worker worker = sh("while :; do :; done");
  wait_for_its_first_work(worker);
  ASSERT_TRUE(worker.allow_cpu(60s));
  rlimit limit{};
  ASSERT_EQ(::prlimit(worker.id(), RLIMIT_CPU, nullptr, &limit), 0);
  EXPECT_EQ(limit.rlim_cur, 61U);  // it has used some already
  ASSERT_TRUE(worker.allow_cpu(1ms));
  EXPECT_FALSE(heard(worker));
  EXPECT_EQ(worker.end().signal, SIGXCPU);
}

TEST(WorkerTest, that_is_gone_may_use_nothing) {
  Worker worker = sh("exit 0");
  worker.end();
  EXPECT_FALSE(worker.allow_cpu(1ms));
}

TEST(WorkerTest, that_cannot_be_started_is_worth_another_attempt) {
  const auto before = open_files();
  const auto worker = Worker::start({{"/nowhere/at/all"}, {}});
  ASSERT_FALSE(worker);
  EXPECT_EQ(worker.error().code, ErrorCode::memory_exhausted);
  EXPECT_EQ(worker.error().message,
            "a worker process cannot be started: No such file or directory");
  EXPECT_EQ(open_files(), before);
}

}  // namespace
}  // namespace miniatura
