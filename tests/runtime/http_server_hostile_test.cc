// The HTTP server among those who mean it harm, or are merely broken: each costs a socket and no
// more, and a good request is answered all the while.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/runtime/http_server_client.h"

namespace miniatura {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kShort{300};
constexpr std::chrono::hours kNever{1};

// How many descriptors this process may have; set back at the end.
class DescriptorLimit {
 public:
  DescriptorLimit() { ::getrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  bool set(rlim_t limit) const {
    const rlimit now{limit, before_.rlim_max};
    return ::setrlimit(RLIMIT_NOFILE, &now) == 0;
  }

 private:
  rlimit before_{};
};

class HttpServerHostileTest : public HttpServerTest {
 protected:
  // Each has its request or idle time alone: no other limit of a test can be what it sees.
  HttpServerHostileTest() {
    setting_.limits.request = kNever;
    setting_.limits.idle = kNever;
    setting_.limits.reply = kNever;
    setting_.limits.header_bytes = 4096;
    setting_.limits.body_bytes = std::size_t{1} << 20;
  }
  void expect_well() const { EXPECT_EQ(client().ask(get()).status, 200); }
  // What is sent in whole and answered with `status` and the end, and not handed on.
  void expect_refused(const std::string& bytes, int status) {
    const int before = served_;
    RawClient bad = client();
    bad.send(bytes);
    const HttpReply reply = bad.reply();
    EXPECT_EQ(reply.status, status) << bytes.substr(0, 100);
    EXPECT_EQ(reply.headers.get("Connection"), "close");
    EXPECT_NE(reply.body.find(R"({"error":{"code":"http.)"), std::string::npos) << reply.body;
    EXPECT_TRUE(bad.is_at_end());
    EXPECT_EQ(served_, before);
  }
};

TEST_F(HttpServerHostileTest, whoever_drips_is_told_when_the_time_of_the_request_is_over) {
  setting_.limits.request = kShort;
  start();
  const std::string request = post(std::string(1000, 'x'), "X: " + std::string(3000, 'y') + "\r\n");
  for (const std::size_t at_once : {std::size_t{1}, std::size_t{3100}}) {  // in the head, the body
    Descriptor socket = connected_to(port());
    ASSERT_EQ(::send(socket.get(), request.data(), at_once, MSG_NOSIGNAL),
              static_cast<ssize_t>(at_once));
    std::string answer;
    // A byte each 20 ms: the last would be sent after more than 15 seconds.
    for (std::size_t at = at_once; at < request.size() && answer.empty(); ++at) {
      ASSERT_EQ(::send(socket.get(), &request[at], 1, MSG_NOSIGNAL), 1);
      pollfd readable{socket.get(), POLLIN, 0};
      if (::poll(&readable, 1, 20) == 1) {
        char buffer[1000];
        const ssize_t got = ::recv(socket.get(), buffer, sizeof buffer, 0);
        answer.assign(buffer, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
      }
    }
    EXPECT_EQ(answer.substr(0, 13), "HTTP/1.1 408 ");
  }
  EXPECT_EQ(served_, 0);
  expect_well();
}

TEST_F(HttpServerHostileTest, a_later_request_has_its_time_as_the_first) {
  setting_.limits.request = kShort;
  start();
  RawClient kept = client();
  EXPECT_EQ(kept.ask(get()).status, 200);
  EXPECT_EQ(kept.ask(get().substr(0, 5)).status, 408);
}

TEST_F(HttpServerHostileTest, whoever_is_silent_is_hung_up_on) {
  setting_.limits.request = kShort;
  start();
  RawClient silent = client();
  EXPECT_TRUE(silent.is_at_end());
}

TEST_F(HttpServerHostileTest, a_kept_connection_ends_after_its_idle_time) {
  setting_.limits.idle = kShort;
  start();
  RawClient kept = client();
  EXPECT_EQ(kept.ask(get()).status, 200);
  EXPECT_TRUE(kept.is_at_end());
}

TEST_F(HttpServerHostileTest, the_time_of_a_request_begins_with_its_first_byte) {
  setting_.limits.request = milliseconds(1000);
  start();
  RawClient kept = client();
  EXPECT_EQ(kept.ask(get()).status, 200);
  std::this_thread::sleep_for(milliseconds(1300));
  EXPECT_EQ(kept.ask(get()).status, 200);
}

TEST_F(HttpServerHostileTest, a_body_that_is_announced_too_large_is_refused_before_it_comes) {
  start();
  expect_refused("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 104857600\r\n\r\n", 413);
  expect_refused(
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 104857600\r\nExpect: 100-continue\r\n\r\n",
      413);
}

TEST_F(HttpServerHostileTest, whoever_sends_a_hundred_megabytes_first_still_reads_why_not) {
  start();
  const std::string megabyte(1 << 20, 'x');
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\n";
  for (const bool is_chunked : {false, true}) {
    RawClient bad = client();
    bad.send(head + (is_chunked ? "Transfer-Encoding: chunked\r\n\r\n"
                                : "Content-Length: 104857600\r\n\r\n"));
    for (int i = 0; i < 100; ++i) {
      if (is_chunked && !bad.send("100000\r\n")) break;
      if (!bad.send(megabyte)) break;
      if (is_chunked && !bad.send("\r\n")) break;
    }
    EXPECT_EQ(bad.reply().status, 413);
    EXPECT_TRUE(bad.is_at_end());  // no reset, which takes back what was not read yet
  }
  EXPECT_EQ(served_, 0);
  expect_well();
}

TEST_F(HttpServerHostileTest, a_head_without_end_is_refused) {
  start();
  expect_refused("GET /" + std::string(1 << 20, 'x'), 431);
  expect_refused(get("/", "X: " + std::string(1 << 20, 'x') + "\r\n"), 431);
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "X-" + std::to_string(i) + ": 1\r\n";
  expect_refused(get("/", many), 431);
}

TEST_F(HttpServerHostileTest, what_follows_a_refused_request_is_no_request) {
  start();
  const std::string smuggled = get("/admin");
  expect_refused(
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
      "\r\n0\r\n\r\n" +
          smuggled,
      400);
  expect_refused("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, x\r\n\r\n" + smuggled,
                 400);
  expect_refused("\x16\x03\x01\x02\xfc\x03\x03\r\n\r\n" + smuggled, 400);
  expect_refused(std::string(1000, '\0') + smuggled, 400);
}

TEST_F(HttpServerHostileTest, a_request_that_breaks_off_is_none) {
  start();
  RawClient bad = client();
  bad.send(post("abc").substr(0, post("abc").size() - 1));
  bad.end_sending();
  EXPECT_EQ(bad.reply().status, 400);
  EXPECT_EQ(served_, 0);
}

TEST_F(HttpServerHostileTest, whoever_goes_without_a_word_harms_nobody) {
  serve_ = [](const ServedRequest&, const RespondFn& respond) {
    ServedReply reply;
    reply.body = std::string(1 << 20, 'x');
    respond(std::move(reply));
  };
  start();
  const std::string request = post("abc");
  for (std::size_t size = 0; size <= request.size(); size += 7) {
    RawClient bad = client();
    bad.send(request.substr(0, size));
    bad.reset();
  }
  for (int i = 0; i < 20; ++i) {  // in the middle of the answer
    RawClient bad(port(), 4096);
    for (int n = 0; n < 3; ++n) bad.send(request);
    bad.reset();
  }
  expect_well();
}

TEST_F(HttpServerHostileTest, whoever_does_not_take_the_answer_is_hung_up_on) {
  setting_.limits.reply = kShort;
  serve_ = [](const ServedRequest& request, const RespondFn& respond) {
    ServedReply reply;
    reply.body = std::string(request.path == "/" ? 1 : 64 << 20, 'x');
    respond(std::move(reply));
  };
  start();
  RawClient slow(port(), 4096);
  slow.send(get("/large"));
  RawClient other = client();
  EXPECT_EQ(other.ask(get()).status, 200);
  std::this_thread::sleep_for(3 * kShort);
  EXPECT_EQ(slow.reply().status, 0);  // not the whole of it
}

TEST_F(HttpServerHostileTest, the_one_that_is_idle_longest_makes_room_for_another) {
  setting_.limits.connections = 3;
  start();
  RawClient first = client();
  RawClient second = client();
  RawClient third = client();
  for (RawClient* one : {&first, &second, &third, &first}) {
    EXPECT_EQ(one->ask(get()).status, 200);
  }
  RawClient fourth = client();
  EXPECT_EQ(fourth.ask(get()).status, 200);
  EXPECT_TRUE(second.is_at_end());
  EXPECT_EQ(third.ask(get()).status, 200);
  EXPECT_EQ(first.ask(get()).status, 200);
  RawClient fifth = client();
  EXPECT_EQ(fifth.ask(get()).status, 200);
  EXPECT_TRUE(fourth.is_at_end());
}

TEST_F(HttpServerHostileTest, where_none_is_idle_the_new_one_is_turned_away) {
  setting_.limits.connections = 2;
  start();
  const std::string half = post("abc").substr(0, 20);
  const std::string rest = post("abc").substr(20);
  RawClient first = client();
  RawClient second = client();
  EXPECT_EQ(first.ask(get()).status, 200);
  EXPECT_EQ(second.ask(get()).status, 200);
  second.send(half);
  // Its answer says that what was sent before has arrived; then it is in the middle, too.
  EXPECT_EQ(first.ask(get() + half).status, 200);
  for (int i = 0; i < 3; ++i) {
    RawClient more = client();
    const HttpReply reply = more.ask(get());
    EXPECT_EQ(reply.status, 503);
    EXPECT_NE(reply.body.find("http.busy"), std::string::npos);
    EXPECT_EQ(reply.headers.get("Retry-After"), "1");
    EXPECT_TRUE(more.is_at_end());
  }
  EXPECT_EQ(first.ask(rest).status, 200);
  EXPECT_EQ(second.ask(rest).status, 200);
  expect_well();
}

TEST_F(HttpServerHostileTest, whoever_has_the_last_answer_and_does_not_go_makes_room) {
  setting_.limits.connections = 1;
  start();
  RawClient last = client();
  EXPECT_EQ(last.ask(get("/", "Connection: close\r\n")).status, 200);
  expect_well();
}

TEST_F(HttpServerHostileTest, what_all_hold_together_is_bounded) {
  setting_.limits.held_bytes = std::size_t{2} << 20;
  start();
  const std::string large = post(std::string((1 << 20) - 100, 'x'));
  std::vector<RawClient> halfway;
  int refused = 0;
  for (int i = 0; i < 4; ++i) {
    halfway.emplace_back(port());
    halfway.back().send(large.substr(0, large.size() - 1));
  }
  for (RawClient& one : halfway) {
    one.send(large.substr(large.size() - 1));
    const int status = one.reply().status;
    EXPECT_TRUE(status == 200 || status == 503) << status;
    refused += status == 503 ? 1 : 0;
  }
  EXPECT_GE(refused, 1);
  // All is given back.
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client().ask(large).status, 200);
}

TEST_F(HttpServerHostileTest, a_good_request_is_answered_among_a_thousand_silent_and_fifty_slow) {
  const DescriptorLimit descriptors;
  if (!descriptors.set(4096)) GTEST_SKIP() << "this process may not have 4,096 descriptors";
  start();
  std::vector<RawClient> silent;
  for (int i = 0; i < 1000; ++i) {
    silent.emplace_back(port());
    ASSERT_TRUE(silent.back().is_connected());
  }
  std::vector<RawClient> slow;
  const std::string request = post("abc");
  for (int i = 0; i < 50; ++i) slow.emplace_back(port());
  const auto before = steady_clock::now();
  for (std::size_t at = 0; at + 1 < request.size(); ++at) {
    for (RawClient& one : slow) ASSERT_TRUE(one.send(request.substr(at, 1)));
    if (at % 10 == 0) expect_well();
  }
  EXPECT_LT(steady_clock::now() - before, kHangTime);
  for (RawClient& one : slow) EXPECT_EQ(one.ask(request.substr(request.size() - 1)).status, 200);
  for (RawClient& one : silent) EXPECT_EQ(one.ask(get()).status, 200);
}

TEST_F(HttpServerHostileTest, without_descriptors_it_waits_and_goes_on) {
  setting_.limits.connections = 10'000;
  start();
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string request = get();
  {
    const DescriptorLimit descriptors;
    const int next = ::dup(socket.get());
    ::close(next);
    ASSERT_TRUE(descriptors.set(static_cast<rlim_t>(next)));
    ASSERT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_GT(::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL), 0);
    const auto until = steady_clock::now() + kHangTime;
    while (log_file_.text().find("no connection can be taken") == std::string::npos &&
           steady_clock::now() < until) {
      std::this_thread::sleep_for(milliseconds(5));
    }
    std::this_thread::sleep_for(kShort);  // it has tried again meanwhile
  }
  char buffer[1000];
  const timeval patience{kHangTime.count(), 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const ssize_t got = ::recv(socket.get(), buffer, sizeof buffer, 0);
  ASSERT_GT(got, 0);
  EXPECT_EQ(std::string(buffer, 13), "HTTP/1.1 200 ");
  const std::string log = log_file_.text();
  const std::size_t first = log.find("no connection can be taken");
  ASSERT_NE(first, std::string::npos);
  EXPECT_NE(log.find("Too many open files"), std::string::npos);
  EXPECT_EQ(log.find("no connection can be taken", first + 1), std::string::npos);
}

}  // namespace
}  // namespace miniatura
