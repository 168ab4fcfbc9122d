#include "runtime/http_server.h"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/runtime/http_server_client.h"
#include "tests/support/open_files.h"

namespace miniatura {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A request that a test answers when it likes.
struct Pending {
  ServedRequest request;
  RespondFn respond;
};
class HttpServerPendingTest : public HttpServerTest {
 protected:
  HttpServerPendingTest() {
    serve_ = [this](ServedRequest request, RespondFn respond) {
      pending_.set_value({std::move(request), std::move(respond)});
    };
  }
  Pending next() {
    std::future<Pending> future = pending_.get_future();
    EXPECT_EQ(future.wait_for(kHangTime), std::future_status::ready);
    Pending pending = future.get();
    pending_ = {};
    return pending;
  }
  std::promise<Pending> pending_;
};

ServedReply said(std::string body) {
  ServedReply reply;
  reply.body = std::move(body);
  return reply;
}

TEST_F(HttpServerPendingTest, a_request_comes_whole_and_its_answer_goes_back) {
  start();
  RawClient client = this->client();
  client.send("POST /a/b?c=d HTTP/1.1\r\nHost: h\r\nX-Thing: t\r\nContent-Length: 3\r\n\r\nabc");
  Pending pending = next();
  EXPECT_EQ(pending.request.method, "POST");
  EXPECT_EQ(pending.request.path, "/a/b");
  EXPECT_EQ(pending.request.query, "c=d");
  EXPECT_EQ(pending.request.headers.get("x-thing"), "t");
  EXPECT_EQ(pending.request.body, "abc");
  EXPECT_EQ(pending.request.peer.substr(0, 10), "127.0.0.1:");
  ServedReply reply = said("hello");
  reply.status = 202;
  reply.headers.add("X-Answer", "a");
  pending.respond(reply);
  const HttpReply got = client.reply();
  EXPECT_EQ(got.status, 202);
  EXPECT_EQ(got.body, "hello");
  EXPECT_EQ(got.headers.get("X-Answer"), "a");
  EXPECT_EQ(got.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(got.headers.get("Server"), "miniatura");
}

TEST_F(HttpServerTest, a_connection_serves_many_requests_and_pipelined_ones_in_their_order) {
  start();
  RawClient client = this->client();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.ask(get("/one")).body, "GET /one ? \n");
  client.send(post("first") + get("/second") + post("third") + "GET /fourth HTTP/1.1\r\nHos");
  EXPECT_EQ(client.reply().body, "POST / ? \nfirst");
  EXPECT_EQ(client.reply().body, "GET /second ? \n");
  EXPECT_EQ(client.reply().body, "POST / ? \nthird");
  EXPECT_EQ(client.ask("t: h\r\n\r\n").body, "GET /fourth ? \n");
}

TEST_F(HttpServerTest, a_thousand_pipelined_requests_are_answered) {
  start();
  RawClient client = this->client();
  std::string all;
  for (int i = 0; i < 1000; ++i) all += get("/" + std::to_string(i));
  client.send(all);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(client.reply().body, "GET /" + std::to_string(i) + " ? \n");
  }
}

TEST_F(HttpServerTest, a_head_gets_no_body) {
  start();
  RawClient client = this->client();
  client.send("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.reply(true).headers.get("Content-Length"), "11");
  EXPECT_EQ(client.ask(get("/b")).body, "GET /b ? \n");
}

TEST_F(HttpServerTest, a_client_of_http_1_0_gets_its_answer_and_the_end) {
  start();
  RawClient client = this->client();
  EXPECT_EQ(client.ask("GET /a HTTP/1.0\r\n\r\n").body, "GET /a ? \n");
  EXPECT_TRUE(client.is_at_end());
  RawClient other = this->client();
  const std::string kept = "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  EXPECT_EQ(other.ask(kept).headers.get("Connection"), "keep-alive");
  EXPECT_EQ(other.ask(kept).status, 200);
}

TEST_F(HttpServerTest, who_asks_for_the_end_gets_it_after_the_answer) {
  start();
  RawClient client = this->client();
  EXPECT_EQ(client.ask(get("/", "Connection: close\r\n")).headers.get("Connection"), "close");
  EXPECT_TRUE(client.is_at_end());
}

TEST_F(HttpServerTest, who_waits_for_100_continue_is_told_so) {
  start();
  RawClient client = this->client();
  const std::string expect = "Expect: 100-continue\r\n";
  client.send("POST / HTTP/1.1\r\nHost: h\r\n" + expect + "Content-Length: 3\r\n\r\n");
  EXPECT_EQ(client.reply().status, 100);
  EXPECT_EQ(client.ask("abc").body, "POST / ? \nabc");
  // Whoever sends the body at once needs no such word.
  EXPECT_EQ(client.ask(post("abc", expect)).status, 200);
}

TEST_F(HttpServerTest, a_client_that_ends_its_side_still_gets_its_answer) {
  start();
  RawClient client = this->client();
  client.send(post("abc"));
  client.end_sending();
  EXPECT_EQ(client.reply().body, "POST / ? \nabc");
  EXPECT_TRUE(client.is_at_end());
}

TEST_F(HttpServerTest, an_answer_larger_than_any_buffer_arrives_whole) {
  serve_ = [](const ServedRequest&, const RespondFn& respond) {
    respond(said(std::string(8 << 20, 'x')));
  };
  start();
  RawClient client = this->client();
  EXPECT_EQ(client.ask(get()).body.size(), std::size_t{8} << 20);
  EXPECT_EQ(client.ask(get()).body.size(), std::size_t{8} << 20);
}

TEST_F(HttpServerPendingTest, another_thread_may_answer) {
  start();
  RawClient client = this->client();
  client.send(get());
  Pending pending = next();
  std::thread([respond = std::move(pending.respond)] { respond(said("from afar")); }).join();
  EXPECT_EQ(client.reply().body, "from afar");
}

TEST_F(HttpServerPendingTest, a_request_that_is_dropped_is_answered_500) {
  start();
  RawClient client = this->client();
  client.send(get());
  next();
  const HttpReply reply = client.reply();
  EXPECT_EQ(reply.status, 500);
  EXPECT_NE(reply.body.find("http.unanswered"), std::string::npos);
  // The connection is none the worse.
  client.send(get());
  next().respond(said("better"));
  EXPECT_EQ(client.reply().body, "better");
}

TEST_F(HttpServerPendingTest, a_second_answer_is_ignored) {
  start();
  RawClient client = this->client();
  client.send(get());
  Pending pending = next();
  pending.respond(said("first"));
  pending.respond(said("second"));
  EXPECT_EQ(client.reply().body, "first");
  client.send(get());
  Pending other = next();
  pending.respond(said("third"));
  other.respond(said("its own"));
  EXPECT_EQ(client.reply().body, "its own");
}

TEST_F(HttpServerTest, an_exception_is_answered_500_and_logged) {
  serve_ = [](const ServedRequest& request, const RespondFn&) {
    if (request.path == "/odd") throw 1;
    throw std::runtime_error("a secret fault");
  };
  start();
  RawClient client = this->client();
  const HttpReply reply = client.ask(get());
  EXPECT_EQ(reply.status, 500);
  EXPECT_NE(reply.body.find("http.fault"), std::string::npos);
  EXPECT_EQ(reply.body.find("secret"), std::string::npos);
  EXPECT_NE(log_file_.text().find("a secret fault"), std::string::npos);
  EXPECT_EQ(client.ask(get("/odd")).status, 500);
}

TEST_F(HttpServerPendingTest, an_answer_to_somebody_who_is_gone_does_nothing) {
  start();
  {
    RawClient client = this->client();
    client.send(get());
    Pending pending = next();
    client.reset();
    pending.respond(said(std::string(1 << 20, 'x')));
  }
  RawClient client = this->client();
  client.send(get());
  next().respond(said("here"));
  EXPECT_EQ(client.reply().body, "here");
}

TEST_F(HttpServerPendingTest, an_answer_may_come_after_the_server) {
  start();
  RawClient client = this->client();
  client.send(get());
  Pending pending = next();
  server_.reset();
  EXPECT_TRUE(client.is_at_end());
  pending.respond(said("too late"));
}

TEST_F(HttpServerTest, nothing_is_left_open) {
  const auto before = open_files();
  start();
  {
    std::vector<RawClient> clients;
    for (int i = 0; i < 20; ++i) {
      clients.emplace_back(port());
      EXPECT_EQ(clients.back().ask(get()).status, 200);
    }
    server_.reset();
  }
  EXPECT_EQ(open_files(), before);
}

TEST_F(HttpServerPendingTest, at_the_stop_idle_ones_end_and_a_request_under_way_is_answered) {
  start();
  RawClient idle = client();
  RawClient fresh = client();
  idle.send(get());
  next().respond(said("once"));
  EXPECT_EQ(idle.reply().body, "once");
  RawClient answered = client();
  answered.send(get("/answered"));
  Pending waiting = next();
  RawClient halfway = client();
  const std::string request = post("whole");
  halfway.send(request.substr(0, request.size() - 2));
  // One that comes after it has been answered: so what was sent before it has arrived.
  idle.send(get());
  Pending twice = next();
  twice.respond(said("twice"));
  EXPECT_EQ(idle.reply().body, "twice");

  std::thread stopping([this] { server_->stop(std::chrono::hours(1)); });
  EXPECT_TRUE(idle.is_at_end());
  EXPECT_TRUE(fresh.is_at_end());
  EXPECT_FALSE(client().is_connected());
  waiting.respond(said("at last"));
  const HttpReply last = answered.reply();
  EXPECT_EQ(last.body, "at last");
  EXPECT_EQ(last.headers.get("Connection"), "close");
  EXPECT_TRUE(answered.is_at_end());
  answered.close();
  halfway.send(request.substr(request.size() - 2) + get("/no-more"));
  Pending whole = next();
  EXPECT_EQ(whole.request.body, "whole");
  whole.respond(said("done"));
  EXPECT_EQ(halfway.reply().headers.get("Connection"), "close");
  EXPECT_TRUE(halfway.is_at_end());
  halfway.close();
  stopping.join();
  EXPECT_EQ(served_, 4);
}

TEST_F(HttpServerPendingTest, at_the_end_of_its_patience_it_stops_whoever_still_waits) {
  start();
  RawClient halfway = client();
  halfway.send(post("abc").substr(0, 20));
  RawClient unanswered = client();
  unanswered.send(get());
  const Pending pending = next();
  const auto before = steady_clock::now();
  server_->stop(milliseconds(200));
  EXPECT_GE(steady_clock::now() - before, milliseconds(200));
  EXPECT_TRUE(unanswered.is_at_end());
  EXPECT_TRUE(halfway.is_at_end());
  server_->stop(kHangTime);
}

TEST_F(HttpServerTest, it_stops_at_once_where_nobody_is) {
  start();
  const auto before = steady_clock::now();
  server_->stop(std::chrono::hours(1));
  EXPECT_LT(steady_clock::now() - before, kHangTime);
}

}  // namespace
}  // namespace miniatura
