#include "tests/support/scripted_server.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace miniatura {

// Blocking reads and writes of one accepted socket, which it closes.
class ScriptedServer::Connection {
 public:
  explicit Connection(int descriptor) : descriptor_(descriptor) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { ::close(descriptor_); }

  // Waits for the first byte of the next request.
  bool has_more() { return !arrived_.empty() || receive(); }

  std::optional<ScriptedRequest> read_request() {
    std::size_t end = 0;
    while ((end = arrived_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return std::nullopt;
    }
    ScriptedRequest request = parse_head(std::string_view(arrived_).substr(0, end));
    const std::string length = request.headers.get_or("Content-Length", "0");
    const std::size_t body_size = std::strtoull(length.c_str(), nullptr, 10);
    while (arrived_.size() < end + 4 + body_size) {
      if (!receive()) return std::nullopt;
    }
    request.body = arrived_.substr(end + 4, body_size);
    arrived_.erase(0, end + 4 + body_size);
    return request;
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Closing now sends RST in place of FIN.
  void reset_on_close() {
    const linger at_once{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }

 private:
  bool receive() {
    char buffer[65536];
    const ssize_t got = ::recv(descriptor_, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    arrived_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }

  static ScriptedRequest parse_head(std::string_view head) {
    ScriptedRequest request;
    std::size_t line_end = head.find("\r\n");
    const std::string_view first = head.substr(0, line_end);
    const std::size_t space = first.find(' ');
    request.method = first.substr(0, space);
    request.target = first.substr(space + 1, first.rfind(' ') - space - 1);
    while (line_end != std::string_view::npos) {
      head.remove_prefix(line_end + 2);
      line_end = head.find("\r\n");
      const std::string_view line = head.substr(0, line_end);
      const std::size_t colon = line.find(':');
      std::string_view value = line.substr(std::min(line.size(), colon + 1));
      value.remove_prefix(std::min(value.size(), value.find_first_not_of(' ')));
      request.headers.add(std::string(line.substr(0, colon)), std::string(value));
    }
    return request;
  }

  int descriptor_;
  Bytes arrived_;  // received and not yet part of a request
};

ScriptedServer::ScriptedServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::bind(listener_, generic, length) != 0 || ::listen(listener_, 128) != 0 ||
      ::getsockname(listener_, generic, &length) != 0) {
    throw std::runtime_error("scripted server: no port on 127.0.0.1");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
  }
  stopped_.notify_all();
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

void ScriptedServer::push(ScriptedReply reply) {
  const std::lock_guard lock(mutex_);
  queue_.push_back(std::move(reply));
}

void ScriptedServer::push(int status, Bytes body, HttpHeaders headers) {
  ScriptedReply reply;
  reply.status = status;
  reply.headers = std::move(headers);
  reply.body = std::move(body);
  push(std::move(reply));
}

std::string ScriptedServer::host_port() const { return fmt::format("127.0.0.1:{}", port_); }

std::string ScriptedServer::url(std::string_view target) const {
  return fmt::format("http://{}{}", host_port(), target);
}

std::vector<ScriptedRequest> ScriptedServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void ScriptedServer::accept_all() {
  for (;;) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) return;
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      ::close(descriptor);
      return;
    }
    open_.push_back(descriptor);
    threads_.emplace_back([this, descriptor, number = ++accepted_] { serve(descriptor, number); });
  }
}

void ScriptedServer::serve(int descriptor, int number) {
  Connection connection(descriptor);
  while (connection.has_more()) {
    if (resets_before_request()) {
      connection.reset_on_close();
      break;
    }
    auto request = connection.read_request();
    if (!request) break;
    request->connection = number;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(*request);
    }
    if (!send_reply(connection, *request, reply_to(*request))) break;
  }
  // Before the descriptor is closed and its number used again.
  const std::lock_guard lock(mutex_);
  std::erase(open_, descriptor);
}

bool ScriptedServer::resets_before_request() {
  const std::lock_guard lock(mutex_);
  if (queue_.empty() || queue_.front().fault != ScriptedReply::Fault::reset_before_request) {
    return false;
  }
  queue_.pop_front();
  return true;
}

ScriptedReply ScriptedServer::reply_to(const ScriptedRequest& request) {
  if (handler_) return handler_(request);
  const std::lock_guard lock(mutex_);
  ScriptedReply reply;
  if (queue_.empty()) {
    reply.status = 599;
    reply.body = "the script has no reply for this request";
    return reply;
  }
  reply = std::move(queue_.front());
  queue_.pop_front();
  return reply;
}

// False ends the connection.
bool ScriptedServer::send_reply(Connection& connection, const ScriptedRequest& request,
                                const ScriptedReply& reply) {
  if (!pause(reply.delay)) return false;
  if (reply.fault == ScriptedReply::Fault::reset_before_reply) {
    connection.reset_on_close();
    return false;
  }
  std::string head = reply.raw;
  if (head.empty()) {
    head = fmt::format("HTTP/1.1 {} Scripted\r\n", reply.status);
    for (const auto& [name, value] : reply.headers) head += fmt::format("{}: {}\r\n", name, value);
    const bool has_length = reply.status >= 200 && reply.status != 204 && reply.status != 304 &&
                            !reply.headers.get("Transfer-Encoding");
    if (has_length) {
      head +=
          fmt::format("Content-Length: {}\r\n", reply.announced_bytes.value_or(reply.body.size()));
    }
    head += "\r\n";
  }
  if (!connection.send(head)) return false;
  const ByteView body = request.method == "HEAD" ? ByteView() : ByteView(reply.body);
  const std::size_t first = std::min(body.size(), reply.stall_after_bytes);
  if (!connection.send(body.substr(0, first)) || !pause(reply.stall)) return false;
  if (!connection.send(body.substr(first))) return false;
  if (reply.fault == ScriptedReply::Fault::reset_after_body) connection.reset_on_close();
  return reply.fault == ScriptedReply::Fault::none;
}

bool ScriptedServer::pause(std::chrono::milliseconds duration) {
  std::unique_lock lock(mutex_);
  if (duration.count() > 0) stopped_.wait_for(lock, duration, [this] { return stopping_; });
  return !stopping_;
}

}  // namespace miniatura
