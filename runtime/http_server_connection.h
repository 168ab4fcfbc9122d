// One connection of the HTTP server, a request after the other. On the server's thread alone.
//
//   handshake -> waiting -> reading (-> continuing -> reading) -> serving -> writing -> waiting
//
// or from any of them to an answer that is the last, `lingering`, and the end. A state has its time
// (none while somebody else works on the answer); lingering is reading what nobody needs until the
// other side has seen its answer: a socket closed on unread bytes takes that answer back.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "runtime/http_server_crowd.h"
#include "runtime/http_server_request.h"
#include "runtime/http_server_wire.h"

namespace miniatura {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Crowd& crowd, std::unique_ptr<Wire> wire, std::string peer);

  void start();
  void turn_away();  // in place of start(): 503
  void stop();       // see Crowd::stop()
  void close();

 private:
  class Promise;
  enum class State {
    handshaking,
    waiting,
    reading,
    continuing,
    serving,
    writing,
    lingering,
    closed
  };
  using OnDone = void (Connection::*)(const Wire::ErrorCode&, std::size_t);

  void enter(State state, std::chrono::milliseconds time);
  void enter_serving();
  void on_time();
  template <class Step>
  void guarded(Step step);
  Wire::Done then(OnDone step);
  void log_fault(const char* what, const char* why) const;

  void on_handshake(const Wire::ErrorCode& error, std::size_t size);
  void await_request();
  void read(std::size_t size);
  void on_read(const Wire::ErrorCode& error, std::size_t size);
  void advance();
  void on_continued(const Wire::ErrorCode& error, std::size_t size);
  void serve();
  void refuse(const HttpRefusal& refusal);
  void answer(const ServedReply& reply);
  void on_written(const Wire::ErrorCode& error, std::size_t size);
  void linger();
  void drain(const Wire::ErrorCode& error, std::size_t size);

  Crowd& crowd_;
  std::unique_ptr<Wire> wire_;
  std::string peer_;
  boost::asio::steady_timer timer_;
  int waits_ = 0;  // of the timer; one that was called off may be on its way already
  State state_ = State::handshaking;
  RequestReader reader_;
  Bytes input_;                    // arrived, and not yet understood
  std::size_t arrived_bytes_ = 0;  // of input_, while a read fills the rest
  Bytes output_;
  bool is_kept_ = false;  // has had an answer
  bool is_late_ = false;  // the request's time is over
  bool is_last_ = false;  // the answer under way
};

}  // namespace miniatura
