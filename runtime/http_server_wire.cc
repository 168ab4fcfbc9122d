#include "runtime/http_server_wire.h"

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace miniatura {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

void shut_down(tcp::socket& socket) {
  Wire::ErrorCode ignored;  // the other side may be gone
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

class PlainWire : public Wire {
 public:
  explicit PlainWire(tcp::socket socket) : socket_(std::move(socket)) {}

  void handshake(Done done) override { later(std::move(done)); }
  void read_some(asio::mutable_buffer buffer, Done done) override {
    socket_.async_read_some(buffer, std::move(done));
  }
  void write(asio::const_buffer bytes, Done done) override {
    asio::async_write(socket_, bytes, std::move(done));
  }
  void end_writing(Done done) override {
    shut_down(socket_);
    later(std::move(done));
  }
  tcp::socket& socket() override { return socket_; }

 private:
  void later(Done done) {
    asio::post(socket_.get_executor(), [done = std::move(done)] { done({}, 0); });
  }

  tcp::socket socket_;
};

class TlsWire : public Wire {
 public:
  TlsWire(tcp::socket socket, asio::ssl::context& tls) : stream_(std::move(socket), tls) {}

  void handshake(Done done) override {
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [done = std::move(done)](const ErrorCode& error) { done(error, 0); });
  }
  void read_some(asio::mutable_buffer buffer, Done done) override {
    stream_.async_read_some(buffer, std::move(done));
  }
  void write(asio::const_buffer bytes, Done done) override {
    asio::async_write(stream_, bytes, std::move(done));
  }
  void end_writing(Done done) override {
    // Ends when the other side says the same, or sends what is no answer to that.
    stream_.async_shutdown([this, done = std::move(done)](const ErrorCode& /*error*/) {
      shut_down(socket());
      done({}, 0);
    });
  }
  tcp::socket& socket() override { return stream_.next_layer(); }

 private:
  asio::ssl::stream<tcp::socket> stream_;
};

}  // namespace

std::unique_ptr<Wire> make_wire(tcp::socket socket, asio::ssl::context* tls) {
  if (tls == nullptr) return std::make_unique<PlainWire>(std::move(socket));
  return std::make_unique<TlsWire>(std::move(socket), *tls);
}

}  // namespace miniatura
