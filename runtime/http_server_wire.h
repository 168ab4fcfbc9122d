// A connection's bytes, plain or through TLS, for the HTTP server. One thread; each call is
// asynchronous, and one at a time: `done` of the one before has been called.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>

namespace boost::asio::ssl {
class context;
}

namespace miniatura {

class Wire {
 public:
  using ErrorCode = boost::system::error_code;
  using Done = std::function<void(const ErrorCode&, std::size_t)>;

  virtual ~Wire() = default;
  virtual void handshake(Done done) = 0;
  virtual void read_some(boost::asio::mutable_buffer buffer, Done done) = 0;
  virtual void write(boost::asio::const_buffer bytes, Done done) = 0;  // all of them
  // Says that nothing more is written. What still comes is to be read from socket().
  virtual void end_writing(Done done) = 0;

  // For what takes place below TLS: closing, cancelling, and reading what nobody needs.
  virtual boost::asio::ip::tcp::socket& socket() = 0;
};

// Without `tls`, which outlives it, plain.
std::unique_ptr<Wire> make_wire(boost::asio::ip::tcp::socket socket,
                                boost::asio::ssl::context* tls);

}  // namespace miniatura
