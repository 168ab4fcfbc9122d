// A disk without room: a small file system of the test's own, or a limit on the size of files where
// none may be mounted.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>

#include "runtime/inbox.h"
#include "tests/support/forked.h"
#include "tests/support/inbox_fixture.h"

namespace miniatura {
namespace {

class InboxFullDiskTest : public InboxFixture {
 protected:
  // In a child: puts until there is no room, makes some, goes on; says each finding.
  void fill_up(const Forked::Parent& parent, const std::function<void()>& take_room,
               const std::function<void()>& give_room) const {
    SystemClock clock;
    auto opened = open_inbox(setting_, clock, log_);
    if (!opened) return parent.say("failed " + opened.error().message);
    Inbox& inbox = **opened;
    int answered = put_later(inbox, std::string(1'000, 'x')).get() ? 1 : 0;
    take_room();
    Result<std::string> last = "";
    for (int i = 0; i < 1'000 && last; ++i) {
      last = put_later(inbox, std::string(32 << 10, 'x')).get();
      if (last) ++answered;
    }
    parent.say(last ? "never full" : std::string(code_name(last.error().code)));
    parent.say(last ? "" : last.error().message);
    // Nobody who was answered is lost, and nobody is there who was told no.
    parent.say(std::to_string(inbox.counts().value_or(InboxCounts{}).depth - answered));
    give_room();
    parent.say(put_later(inbox, std::string(32 << 10, 'x')).get() ? "goes on" : "stays full");
    int taken = 0;
    for (;;) {
      const auto claim = inbox.take(std::chrono::milliseconds(0));
      if (!claim || !*claim || !inbox.settle(**claim, {})) break;
      ++taken;
    }
    parent.say(std::to_string(taken - answered - 1));
  }
};

void expect_it_went_on(Forked& child, const char* words) {
  EXPECT_EQ(child.line(), "inbox.unavailable");
  EXPECT_THAT(child.line().value_or(""), testing::HasSubstr(words));
  EXPECT_EQ(child.line(), "0");
  EXPECT_EQ(child.line(), "goes on");
  EXPECT_EQ(child.line(), "0");
}

TEST_F(InboxFullDiskTest, a_full_disk_is_named_and_the_work_goes_on_when_there_is_room) {
  std::filesystem::create_directory(directory_.path() + "/a");
  const std::string place = directory_.path() + "/a";
  Forked child([&](const Forked::Parent& parent) {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", place.c_str(), "tmpfs", 0, "size=4m") != 0) {
      return parent.say("may not mount");
    }
    parent.say("mounted");
    const std::string ballast = place + "/ballast";
    const auto take_room = [&] {
      const Descriptor file(::open(ballast.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
      const std::string bytes(4096, 'x');
      while (::write(file.get(), bytes.data(), bytes.size()) > 0) {
      }
    };
    fill_up(parent, take_room, [&] { std::filesystem::remove(ballast); });
  });
  if (child.line() != "mounted") GTEST_SKIP() << "may not mount a file system";
  expect_it_went_on(child, "database or disk is full");
}

TEST_F(InboxFullDiskTest, a_file_that_may_not_grow_is_the_same) {
  Forked child([&](const Forked::Parent& parent) {
    (void)::signal(SIGXFSZ, SIG_IGN);
    const auto limit = [](rlim_t bytes) {
      rlimit files{};
      ::getrlimit(RLIMIT_FSIZE, &files);
      files.rlim_cur = bytes;
      ::setrlimit(RLIMIT_FSIZE, &files);
    };
    fill_up(
        parent, [&] { limit(2 << 20); }, [&] { limit(RLIM_INFINITY); });
  });
  expect_it_went_on(child, "disk");
}

}  // namespace
}  // namespace miniatura
