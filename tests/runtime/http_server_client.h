// A client of the HTTP server that sends exactly what a test wants, right or wrong, and a server
// for it.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/descriptor.h"
#include "runtime/http.h"
#include "runtime/http_server.h"
#include "runtime/text.h"
#include "tests/support/log_file.h"

namespace miniatura {

// For whatever takes no time unless something is wrong.
inline constexpr std::chrono::seconds kHangTime{30};

inline Descriptor connected_to(int port, int receive_buffer = 0) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (receive_buffer > 0) {
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  const timeval patience{kHangTime.count(), 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(socket.get(), generic, sizeof address) != 0) socket.close();
  return socket;
}

class RawClient {
 public:
  explicit RawClient(int port, int receive_buffer = 0)
      : socket_(connected_to(port, receive_buffer)) {}

  bool is_connected() const { return socket_.is_open(); }

  // False: the other side has closed, or takes nothing for a long time.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void close() { socket_.close(); }
  void end_sending() { ::shutdown(socket_.get(), SHUT_WR); }
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    socket_.close();
  }

  // The next answer; status 0: there is none. One to HEAD has no body.
  HttpReply reply(bool to_head = false) {
    HttpReply reply;
    std::size_t end = 0;
    while ((end = arrived_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return reply;
    }
    std::string_view head = std::string_view(arrived_).substr(0, end + 2);
    reply.status =
        head.size() > 12
            ? static_cast<int>(std::strtol(std::string(head.substr(9, 3)).c_str(), nullptr, 10))
            : 0;
    for (head.remove_prefix(head.find("\r\n") + 2); !head.empty();
         head.remove_prefix(head.find("\r\n") + 2)) {
      const std::string_view line = head.substr(0, head.find("\r\n"));
      reply.headers.add(std::string(line.substr(0, line.find(": "))),
                        std::string(line.substr(line.find(": ") + 2)));
    }
    const std::size_t size =
        to_head ? 0
                : std::strtoull(reply.headers.get_or("Content-Length", "0").c_str(), nullptr, 10);
    while (arrived_.size() < end + 4 + size) {
      if (!receive()) return HttpReply{};
    }
    reply.body = arrived_.substr(end + 4, size);
    arrived_.erase(0, end + 4 + size);
    return reply;
  }
  HttpReply ask(std::string_view bytes) {
    send(bytes);
    return reply();
  }

  // Nothing more comes, and the other side has ended as one does, or (is_cut_off()) somehow.
  bool is_at_end() { return is_cut_off() && last_ == 0; }
  bool is_cut_off() { return arrived_.empty() && !receive() && !timed_out_; }

 private:
  bool receive() {
    char buffer[65536];
    const ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    last_ = got;
    timed_out_ = got < 0 && errno == EAGAIN;
    if (got <= 0) return false;
    arrived_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }

  Descriptor socket_;
  Bytes arrived_;
  ssize_t last_ = 0;
  bool timed_out_ = false;
};

// Answers each request with what it was, unless the test sets `serve` before it starts.
class HttpServerTest : public testing::Test {
 protected:
  void start() {
    auto started = start_http_server(
        setting_,
        [this](ServedRequest request, RespondFn respond) {
          ++served_;
          serve_(std::move(request), std::move(respond));
        },
        log_file_.log());
    ASSERT_TRUE(started) << started.error().message;
    server_ = std::move(*started);
  }
  int port() const { return server_->port(); }
  RawClient client() const { return RawClient(port()); }

  static std::string get(std::string_view target = "/", std::string_view headers = "") {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(headers) +
           "\r\n";
  }
  static std::string post(std::string_view body, std::string_view headers = "") {
    return "POST / HTTP/1.1\r\nHost: h\r\n" + std::string(headers) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }

  LogFile log_file_;
  HttpServerSetting setting_ = {"127.0.0.1:0", "", "", {}};
  std::atomic<int> served_{0};
  ServeFn serve_ = [](const ServedRequest& request, const RespondFn& respond) {
    ServedReply reply;
    reply.content_type = "text/plain";
    reply.body = request.method + " " + request.path + " ? " + request.query + "\n" + request.body;
    respond(std::move(reply));
  };
  std::unique_ptr<HttpServer> server_;  // before all that its thread uses
};

}  // namespace miniatura
