#include "runtime/http_server_connection.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <ctime>
#include <exception>
#include <string_view>
#include <utility>

#include "runtime/http_server_reply.h"

namespace miniatura {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr std::size_t kFirstReadBytes = 1024;  // as much as each idle connection holds
constexpr std::size_t kReadBytes = std::size_t{16} * 1024;
constexpr milliseconds kLingerTime{2'000};
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

const HttpRefusal kNoAnswer = {500, "http.unanswered", "the request got no answer"};
const HttpRefusal kFault = {500, "http.fault", "the request could not be handled"};
const HttpRefusal kNoRoom = {503, "http.busy", "there is no room for another connection"};
const HttpRefusal kNoMemory = {503, "http.busy", "too much is being received at the same time"};
const HttpRefusal kTruncated = {400, "http.malformed", "the request ends before its end"};

}  // namespace

// The one answer to a request, from whatever thread, or from none.
class Connection::Promise {
 public:
  explicit Promise(Connection& connection)
      : io_(connection.crowd_.io()), connection_(connection.weak_from_this()) {}
  Promise(const Promise&) = delete;
  Promise& operator=(const Promise&) = delete;
  ~Promise() {
    try {
      keep(refusal_reply(kNoAnswer));
    } catch (const std::exception&) {  // no memory: the connection waits until it is stopped
    }
  }

  void keep(ServedReply reply) {
    if (is_kept_.exchange(true)) return;
    // Only there may it become more than a weak one: who lets go of the last closes the socket.
    asio::post(*io_, [connection = connection_, reply = std::move(reply)] {
      const auto alive = connection.lock();
      if (!alive || alive->state_ != State::serving) return;
      alive->guarded([&] { alive->answer(reply); });
    });
  }

 private:
  Crowd::Io io_;
  std::weak_ptr<Connection> connection_;
  std::atomic<bool> is_kept_{false};
};

Connection::Connection(Crowd& crowd, std::unique_ptr<Wire> wire, std::string peer)
    : crowd_(crowd),
      wire_(std::move(wire)),
      peer_(std::move(peer)),
      timer_(*crowd.io()),
      reader_(crowd.limits()) {}

void Connection::start() {
  enter(State::handshaking, crowd_.limits().request);
  wire_->handshake(then(&Connection::on_handshake));
}

void Connection::turn_away() { refuse(kNoRoom); }

void Connection::stop() {
  if (state_ == State::handshaking || state_ == State::waiting) close();
}

void Connection::close() {
  if (state_ == State::closed) return;
  const auto alive = shared_from_this();
  state_ = State::closed;
  timer_.cancel();
  Wire::ErrorCode ignored;
  wire_->socket().close(ignored);
  crowd_.leave(*this);
}

void Connection::enter(State state, milliseconds time) {
  state_ = state;
  crowd_.set_idle(
      *this, state == State::handshaking || state == State::waiting || state == State::lingering);
  timer_.expires_after(time);
  timer_.async_wait([self = shared_from_this(), wait = ++waits_](const Wire::ErrorCode& error) {
    if (!error && wait == self->waits_) self->on_time();
  });
}

void Connection::enter_serving() {
  state_ = State::serving;
  ++waits_;
  timer_.cancel();
}

void Connection::on_time() {
  if (state_ != State::reading) return close();
  is_late_ = true;  // answered when the read is over, as it will be now
  Wire::ErrorCode ignored;
  wire_->socket().cancel(ignored);
}

// Nothing that goes wrong (no memory, above all) leaves a connection which nobody looks at.
template <class Step>
void Connection::guarded(Step step) {
  try {
    step();
  } catch (const std::exception& fault) {
    log_fault("a connection is given up", fault.what());
    close();
  }
}

// The way of every completion back into this.
Wire::Done Connection::then(OnDone step) {
  return [self = shared_from_this(), step](const Wire::ErrorCode& error, std::size_t size) {
    if (self->state_ == State::closed) return;
    self->guarded([&] { ((*self).*step)(error, size); });
  };
}

void Connection::log_fault(const char* what, const char* why) const {
  crowd_.log().write(LogLevel::error, what, {{"peer", peer_}, {"error", why}});
}

void Connection::on_handshake(const Wire::ErrorCode& error, std::size_t /*size*/) {
  if (error) return close();
  await_request();
}

void Connection::await_request() {
  if (crowd_.is_stopping()) return linger();
  reader_ = RequestReader(crowd_.limits());
  if (!input_.empty()) {  // sent before it had the answer to the one before
    enter(State::reading, crowd_.limits().request);
    return advance();
  }
  enter(State::waiting, is_kept_ ? crowd_.limits().idle : crowd_.limits().request);
  Bytes().swap(input_);
  read(kFirstReadBytes);
}

void Connection::read(std::size_t size) {
  arrived_bytes_ = input_.size();
  input_.resize(arrived_bytes_ + size);
  wire_->read_some(asio::buffer(&input_[arrived_bytes_], size), then(&Connection::on_read));
}

void Connection::on_read(const Wire::ErrorCode& error, std::size_t size) {
  input_.resize(arrived_bytes_ + size);
  if (is_late_) {
    return refuse(
        {408, "http.timeout",
         fmt::format("the request took longer than {} ms", crowd_.limits().request.count())});
  }
  const bool is_end = error == asio::error::eof;
  if (is_end && state_ == State::reading) return refuse(kTruncated);
  if (error) return close();
  if (state_ == State::waiting) enter(State::reading, crowd_.limits().request);
  advance();
}

void Connection::advance() {
  RequestReader::Progress progress = reader_.feed(input_);
  if (progress == RequestReader::Progress::head) {
    if (reader_.wants_continue() && input_.empty()) {
      state_ = State::continuing;  // in the request's own time
      return wire_->write(asio::buffer(kContinue.data(), kContinue.size()),
                          then(&Connection::on_continued));
    }
    progress = reader_.feed(input_);
  }
  if (progress == RequestReader::Progress::refused) return refuse(reader_.refusal());
  if (!crowd_.hold(*this, reader_.held_bytes() + input_.size())) return refuse(kNoMemory);
  if (progress == RequestReader::Progress::whole) return serve();
  read(kReadBytes);
}

void Connection::on_continued(const Wire::ErrorCode& error, std::size_t /*size*/) {
  if (error) return close();
  state_ = State::reading;
  read(kReadBytes);
}

void Connection::serve() {
  enter_serving();
  ServedRequest request = reader_.take();
  request.peer = peer_;
  const auto promise = std::make_shared<Promise>(*this);
  try {
    crowd_.serve()(std::move(request),
                   [promise](ServedReply reply) { promise->keep(std::move(reply)); });
  } catch (const std::exception& fault) {
    log_fault("a request could not be handled", fault.what());
    promise->keep(refusal_reply(kFault));
  } catch (...) {
    log_fault("a request could not be handled", "what was thrown is no exception");
    promise->keep(refusal_reply(kFault));
  }
}

void Connection::refuse(const HttpRefusal& refusal) {
  crowd_.log().write(LogLevel::debug, "a request is refused",
                     {{"peer", peer_}, {"code", refusal.code}, {"error", refusal.message}});
  is_last_ = true;
  answer(refusal_reply(refusal));
}

void Connection::answer(const ServedReply& reply) {
  is_last_ = is_last_ || crowd_.is_stopping() || !reader_.keeps_connection();
  output_ = reply_bytes(reply, {reader_.is_head(), reader_.is_old(), is_last_}, std::time(nullptr));
  crowd_.hold(*this, 0);
  enter(State::writing, crowd_.limits().reply);
  wire_->write(asio::buffer(output_), then(&Connection::on_written));
}

void Connection::on_written(const Wire::ErrorCode& error, std::size_t /*size*/) {
  if (error) return close();
  Bytes().swap(output_);
  is_kept_ = true;
  if (is_last_) return linger();
  await_request();
}

void Connection::linger() {
  enter(State::lingering, std::min(kLingerTime, crowd_.limits().reply));
  wire_->end_writing(then(&Connection::drain));
}

void Connection::drain(const Wire::ErrorCode& error, std::size_t /*size*/) {
  if (error) return close();
  input_.resize(kReadBytes);
  wire_->socket().async_read_some(asio::buffer(input_), then(&Connection::drain));
}

}  // namespace miniatura
