// An HTTP/1.1 server, event-driven: one thread serves any number of connections, so that somebody
// who is silent or slow costs a socket and no more. The one place that names the server library.
//
// Everything from outside is bounded (HttpServerLimits); what is over a bound is answered by the
// server itself (400, 408, 413, 417, 431, 503) and never reaches the handler. Such an answer, and
// the 500 for a handler that gave none, is {"error":{"code":"http.…","message":"…"}}. HTTPS where
// certificate and key are given: TLS 1.2 or newer, by OpenSSL's own choice of ciphers.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "runtime/bytes.h"
#include "runtime/http.h"
#include "runtime/log.h"
#include "runtime/result.h"

namespace miniatura {

struct HttpServerLimits {
  std::size_t header_bytes = std::size_t{16} << 10;
  std::size_t body_bytes = std::size_t{1} << 20;
  std::size_t held_bytes = std::size_t{256} << 20;  // of all requests that have no answer yet
  // Beyond it the one that is idle longest goes; where none is idle, the new one is refused.
  int connections = 10'000;
  // From a request's first byte to its last; also until a new connection's first byte, and for
  // TLS's handshake.
  std::chrono::milliseconds request{30'000};
  std::chrono::milliseconds idle{75'000};   // of a kept connection between requests
  std::chrono::milliseconds reply{30'000};  // for the other side to take an answer
};

struct HttpServerSetting {
  // HOST:PORT, [V6]:PORT, or :PORT for all addresses of this machine. Port 0: any that is free. Of
  // a name's addresses the first of IPv4, or else the first.
  std::string listen = "127.0.0.1:8080";
  std::string certificate_file;  // PEM, with its chain; empty: HTTP
  std::string key_file;
  HttpServerLimits limits;
};

// A request that came whole.
struct ServedRequest {
  std::string method;   // as it came: methods are case-sensitive
  std::string path;     // begins with '/' (or is "*", of OPTIONS); without the query; not decoded
  std::string query;    // after the '?'
  HttpHeaders headers;  // names in lower case
  Bytes body;
  std::string peer;  // "127.0.0.1:50312", "[::1]:50312"
};

struct ServedReply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  HttpHeaders headers;  // further ones; those that frame a message are the server's to write
};

// Answers one request: call it once, from any thread, at once or later. Dropped without a call, the
// request is answered 500. A connection that is gone meanwhile makes it do nothing.
using RespondFn = std::function<void(ServedReply)>;

// Called on the server's thread, which it must not hold up. An exception is logged and answered
// 500.
using ServeFn = std::function<void(ServedRequest, RespondFn)>;

class HttpServer {
 public:
  virtual ~HttpServer() = default;  // stop()s

  virtual int port() const = 0;  // that it listens on
  // Takes no connection and no request any more; those under way have `patience` to be answered
  // (their replies say Connection: close), then are cut off. Returns when all is over; not for the
  // server's own thread. Again, it does nothing.
  virtual void stop(std::chrono::milliseconds patience) = 0;
};

// Listens when it returns. Errors: config_invalid, naming what of the setting cannot be (an
// address, a port that is taken or not allowed, a certificate or key that is not one, or do not
// belong together); file_unreadable. A certificate out of its time is a warning in the log. `log`
// is borrowed and outlives the server; a RespondFn may outlive it.
Result<std::unique_ptr<HttpServer>> start_http_server(const HttpServerSetting& setting,
                                                      ServeFn serve, const Log& log);

}  // namespace miniatura
