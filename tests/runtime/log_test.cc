#include "runtime/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace miniatura {
namespace {

class LogTest : public testing::Test {
 protected:
  ~LogTest() override { static_cast<void>(std::fclose(file_)); }
  std::string text() const {
    std::string text(65536, '\0');
    text.resize(static_cast<std::size_t>(::pread(fileno(file_), text.data(), text.size(), 0)));
    return text;
  }

  std::FILE* file_ = std::tmpfile();
};

TEST_F(LogTest, a_line_is_one_json_object_with_what_lambda_needs) {
  const Log log(LogLevel::info, fileno(file_));
  log.write(LogLevel::warn, "two\nlines", {{"bucket", "photos"}, {"key", "a\xff.jpg"}});
  const std::string line = text();
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto json = parse_json(line, "the line");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(string_at(*json, "level"), "WARN");
  EXPECT_EQ(string_at(*json, "message"), "two\nlines");
  EXPECT_EQ(string_at(*json, "service"), "miniatura");
  EXPECT_EQ(string_at(*json, "bucket"), "photos");
  EXPECT_TRUE(std::regex_match(string_at(*json, "timestamp"),
                               std::regex("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z")))
      << line;
}

TEST_F(LogTest, what_is_below_the_level_is_not_written) {
  const Log log(LogLevel::warn, fileno(file_));
  log.write(LogLevel::info, "no");
  EXPECT_EQ(text(), "");
  log.write(LogLevel::error, "yes");
  EXPECT_NE(text(), "");
}

TEST_F(LogTest, what_is_always_written_is_unless_the_log_is_off) {
  Log(LogLevel::off, fileno(file_)).write_always(LogLevel::info, "no", {});
  EXPECT_EQ(text(), "");
  const Log log(LogLevel::error, fileno(file_));
  EXPECT_FALSE(log.takes(LogLevel::info));
  log.write_always(LogLevel::info, "yes", {{"stored", 1}});
  EXPECT_EQ(string_at(*parse_json(text(), "the line"), "level"), "INFO");
}

TEST_F(LogTest, constant_fields_stand_in_every_line_in_place_of_the_service) {
  const Log log =
      Log(LogLevel::info, fileno(file_)).with({{"service", "a\"b"}, {"function_memory_size", 128}});
  log.write(LogLevel::info, "one");
  log.write(LogLevel::info, "two", {{"stored", 1}});
  std::istringstream lines(text());
  for (const char* message : {"one", "two"}) {
    std::string line;
    std::getline(lines, line);
    const auto json = parse_json(line, "the line");
    ASSERT_TRUE(json) << line;
    EXPECT_EQ(string_at(*json, "message"), message);
    EXPECT_EQ(string_at(*json, "service"), "a\"b");
    EXPECT_EQ((*json)["function_memory_size"], 128);
    EXPECT_EQ(json->contains("stored"), std::string(message) == "two");
  }
}

TEST_F(LogTest, on_a_terminal_a_line_is_text_that_bites_no_terminal) {
  const Log log(LogLevel::info, fileno(file_), LogFormat::text);
  log.write(LogLevel::warn, "not all\nhandled",
            {{"stored", 1}, {"key", "a b\x1b[31m\xff.jpg"}, {"events", {{{"bucket", "p"}}}}});
  const std::string line = text();
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_EQ(line.substr(24),
            " WARN  not all handled  stored=1 key=\"a b\\u001b[31m\xEF\xBF\xBD.jpg\" "
            "events=[{\"bucket\":\"p\"}]\n");
}

TEST_F(LogTest, only_a_terminal_gets_text) {
  EXPECT_EQ(log_format(fileno(file_)), LogFormat::json);
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(terminal, 0);
  EXPECT_EQ(log_format(terminal), LogFormat::text);
  ::close(terminal);
}

// A log that is read through a pipe, as Lambda's and a shell's are.
class PipedLogTest : public testing::Test {
 protected:
  PipedLogTest() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0); }
  ~PipedLogTest() override {
    ::close(ends_[0]);
    close_writer();
  }
  int writer() const { return ends_[1]; }
  void close_writer() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }
  void do_not_block() const { ASSERT_EQ(::fcntl(writer(), F_SETFL, O_NONBLOCK), 0); }

  // Until the writer is closed, a little at a time: the pipe is full most of the while.
  std::string read_slowly() const {
    std::string text;
    std::array<char, 5'000> buffer;
    ssize_t got = 0;
    while ((got = ::read(ends_[0], buffer.data(), buffer.size())) > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(got));
      std::this_thread::yield();
    }
    return text;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

TEST_F(PipedLogTest, long_lines_of_several_threads_do_not_mix) {
  constexpr int kThreads = 4;
  constexpr int kLines = 20;
  std::string text;
  std::thread reader([&] { text = read_slowly(); });
  std::vector<std::thread> writers;
  for (int i = 0; i < kThreads; ++i) {
    writers.emplace_back([this, i] {
      const Log log(LogLevel::info, writer());  // one each, of one descriptor
      const std::string message(30'000, static_cast<char>('a' + i));
      for (int line = 0; line < kLines; ++line) log.write(LogLevel::info, message);
    });
  }
  for (std::thread& thread : writers) thread.join();
  close_writer();
  reader.join();
  std::istringstream lines(text);
  int whole = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto json = parse_json(line, "the line");
    ASSERT_TRUE(json) << json.error().message;
    const std::string message = string_at(*json, "message");
    EXPECT_EQ(message, std::string(30'000, message.at(0)));
    ++whole;
  }
  EXPECT_EQ(whole, kThreads * kLines);
}

TEST_F(PipedLogTest, a_full_pipe_that_does_not_block_is_waited_for) {
  do_not_block();
  std::string text;
  std::thread reader([&] { text = read_slowly(); });
  Log(LogLevel::info, writer()).write(LogLevel::info, std::string(1'000'000, 'x'));
  close_writer();
  reader.join();
  EXPECT_TRUE(parse_json(text, "the line")) << text.size() << " bytes";
}

TEST_F(PipedLogTest, a_full_pipe_that_nobody_reads_costs_the_line_and_not_the_program) {
  do_not_block();
  const auto start = std::chrono::steady_clock::now();
  Log(LogLevel::info, writer()).write(LogLevel::info, std::string(1'000'000, 'x'));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(ClosedLogTest, a_closed_descriptor_is_no_fault) {
  Log(LogLevel::info, -1).write(LogLevel::info, "to nobody");
}

TEST(LogLevelTest, names_are_those_of_lambda_in_any_case) {
  EXPECT_EQ(log_level("DEBUG"), LogLevel::debug);
  EXPECT_EQ(log_level("trace"), LogLevel::debug);
  EXPECT_EQ(log_level("Warning"), LogLevel::warn);
  EXPECT_EQ(log_level("FATAL"), LogLevel::error);
  EXPECT_EQ(log_level(""), LogLevel::info);
  EXPECT_EQ(log_level("loud"), LogLevel::info);
}

}  // namespace
}  // namespace miniatura
