#include "runtime/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/temporary_directory.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

Words words(std::string_view line) { return split_command_line(line).value(); }

Result<ProcessEnd> sh(const std::string& script, const ProcessLimits& limits = {},
                      std::map<std::string, std::string> variables = {}) {
  return run_process({"/bin/sh", "-c", script}, Environment(std::move(variables)), limits);
}

TEST(CommandLine, is_divided_as_a_shell_divides_it_but_nothing_is_expanded) {
  EXPECT_EQ(words(" a  b\tc "), (Words{"a", "b", "c"}));
  EXPECT_EQ(words(R"('a b' "c d" e\ f)"), (Words{"a b", "c d", "e f"}));
  EXPECT_EQ(words(R"(a'b'"c"d)"), (Words{"abcd"}));
  EXPECT_EQ(words(R"('' "")"), (Words{"", ""}));
  EXPECT_EQ(words(R"('a\b' "a\b" "a\"b\\" \'\")"), (Words{R"(a\b)", R"(a\b)", R"(a"b\)", "'\""}));
  EXPECT_EQ(words("$HOME `a` $(b) * ; | > ~"),
            (Words{"$HOME", "`a`", "$(b)", "*", ";", "|", ">", "~"}));
  EXPECT_EQ(words(""), Words{});
  EXPECT_EQ(words("caf\xC3\xA9 \"\xC3\xA9\""), (Words{"caf\xC3\xA9", "\xC3\xA9"}));
}

TEST(CommandLine, that_is_cut_short_is_refused_and_not_repeated) {
  for (const char* line : {"tool --key 'hush", "tool \"hush", "hush\\"}) {
    const auto refused = split_command_line(line);
    ASSERT_FALSE(refused) << line;
    EXPECT_EQ(refused.error().code, ErrorCode::config_invalid);
    EXPECT_EQ(refused.error().message.find("hush"), std::string::npos);
  }
}

TEST(Process, gives_what_the_program_prints_and_how_it_ended) {
  const auto end = sh("printf 'one\\ntwo'; exit 3");
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->output, "one\ntwo");
  EXPECT_EQ(end->exit_status, 3);
  EXPECT_EQ(sh("kill -TERM $$")->exit_status, 128 + SIGTERM);
}

TEST(Process, arguments_arrive_as_they_are) {
  const auto end = run_process({"printf", "%s|%s|%s", "a b", "$HOME", "'\""}, Environment());
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->output, "a b|$HOME|'\"");
}

TEST(Process, has_the_environment_that_it_is_given_and_an_empty_standard_input) {
  const auto end = sh("cat; printf %s \"$GIVEN\"", {}, {{"GIVEN", "a=b"}});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->output, "a=b");
}

TEST(Process, inherits_no_descriptor_of_ours_and_no_ignored_signal) {
  const int leaked = ::dup(2);  // without O_CLOEXEC
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  const auto end = sh("ls /proc/$$/fd; sed -n 's/^SigIgn:\t/0x/p' /proc/$$/status");
  EXPECT_EQ(::signal(SIGPIPE, before), SIG_IGN);
  ::close(leaked);
  ASSERT_TRUE(end);
  ASSERT_EQ(end->output.substr(0, 8), "0\n1\n2\n0x");
  EXPECT_EQ(std::stoull(end->output.substr(6), nullptr, 16) & (1ULL << (SIGPIPE - 1)), 0U);
}

TEST(Process, that_does_not_end_is_killed) {
  const auto end = sh("sleep 1000; echo", {300ms, 1024});
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::deadline_exceeded);
  EXPECT_EQ(end.error().message, "/bin/sh: did not end within 300 ms");
}

TEST(Process, is_killed_with_all_that_it_started) {
  const TemporaryDirectory directory;
  const std::string fifo = directory.path() + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const int reader = ::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  EXPECT_FALSE(sh("exec 3> " + fifo + "; sleep 1000 & echo too much; wait", {60s, 5}));
  // It hangs up when nobody holds the other end any more.
  pollfd ended{reader, 0, 0};
  EXPECT_EQ(::poll(&ended, 1, 60'000), 1);
  EXPECT_EQ(ended.revents, POLLHUP);
  ::close(reader);
}

TEST(Process, that_closes_its_output_and_stays_is_killed_too) {
  const auto end = sh("exec >&-; sleep 1000", {300ms, 1024});
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::deadline_exceeded);
}

TEST(Process, that_prints_without_end_is_stopped_at_the_limit) {
  const auto end = sh("while :; do echo hush; done", {60s, 1000});
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::event_too_large);
  EXPECT_EQ(end.error().message, "/bin/sh: prints more than the limit of 1000 bytes");
  EXPECT_EQ(sh("printf 12345", {60s, 5})->output, "12345");
  EXPECT_FALSE(sh("printf 123456", {60s, 5}));
}

TEST(Process, that_is_not_there_is_named_without_its_arguments) {
  const TemporaryDirectory directory;
  for (const std::string& program : {directory.path() + "/none", directory.path()}) {
    const auto end = run_process({program, "--key", "hush"}, Environment());
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().code, ErrorCode::config_invalid);
    EXPECT_EQ(end.error().message.find(program + ": cannot be started: "), 0U);
    EXPECT_EQ(end.error().message.find("hush"), std::string::npos);
  }
}

}  // namespace
}  // namespace miniatura
