// One request of an HTTP server, read from its bytes as they come. Pure: neither sockets nor time.
//
// What two readers could understand differently is refused, as somebody in between may have read it
// the other way (request smuggling): a length given twice or beside chunks, a transfer coding other
// than "chunked", a header name that is none.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "runtime/bytes.h"
#include "runtime/http_server.h"

namespace miniatura {

// Why the server answers by itself.
struct HttpRefusal {
  int status = 400;
  std::string code;  // "http.malformed"
  std::string message;
};

class RequestReader {
 public:
  enum class Progress {
    more,     // needs more bytes
    head,     // the head is there, and a body is to come; said once
    whole,    // take() it
    refused,  // see refusal()
  };

  explicit RequestReader(const HttpServerLimits& limits);
  RequestReader(RequestReader&&) noexcept;
  RequestReader& operator=(RequestReader&&) noexcept;
  ~RequestReader();

  // Takes from the front of `input` what it understands; what is left, with more behind it, is for
  // the next call, or, after `whole`, for the next request. Not after `whole` or `refused`.
  Progress feed(Bytes& input);

  // Known from the head on.
  bool wants_continue() const;  // "Expect: 100-continue"
  bool keeps_connection() const;

  bool is_head() const;            // HEAD, whose answer has no body
  bool is_old() const;             // HTTP/1.0
  std::size_t held_bytes() const;  // what was taken so far
  const HttpRefusal& refusal() const;
  ServedRequest take();  // the peer is the caller's to add

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace miniatura
