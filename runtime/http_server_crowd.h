// All connections of an HTTP server, and what they share: how many there may be, which has been
// idle longest, how much they hold in memory. Lives on the server's thread, and ends after it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "runtime/http_server.h"
#include "runtime/http_server_tls.h"

namespace miniatura {

class Connection;

class Crowd {
 public:
  using Io = std::shared_ptr<boost::asio::io_context>;

  Crowd(Io io, const HttpServerLimits& limits, TlsContext tls, ServeFn serve, const Log& log);
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  ~Crowd();

  void admit(boost::asio::ip::tcp::socket socket);
  bool make_room();  // closes the one that is idle longest; false: none is
  // Each ends with the answer that it waits for, at once if with none. `on_last` is called when
  // there is none left.
  void stop(std::function<void()> on_last);
  void cut_off();  // all

  // For a connection.
  const Io& io() const { return io_; }
  const HttpServerLimits& limits() const { return limits_; }
  const ServeFn& serve() const { return serve_; }
  const Log& log() const { return log_; }
  bool is_stopping() const { return is_stopping_; }
  void set_idle(Connection& connection, bool is_idle);
  // How many bytes of a request it holds from now on; false: too much for all together.
  bool hold(Connection& connection, std::size_t bytes);
  void leave(Connection& connection);

 private:
  struct Member {
    std::shared_ptr<Connection> connection;
    std::list<Connection*>::iterator idle_at;  // idle_.end(): it is not
    std::size_t held_bytes = 0;
  };

  std::vector<std::shared_ptr<Connection>> all() const;

  Io io_;
  HttpServerLimits limits_;
  TlsContext tls_;
  ServeFn serve_;
  const Log& log_;
  bool is_stopping_ = false;
  std::function<void()> on_last_;
  std::unordered_map<Connection*, Member> members_;
  std::list<Connection*> idle_;  // the longest first
  std::size_t held_bytes_ = 0;
};

}  // namespace miniatura
