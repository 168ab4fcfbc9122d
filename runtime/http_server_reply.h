// An answer of the HTTP server as bytes. Pure.
#pragma once

#include <ctime>

#include "runtime/bytes.h"
#include "runtime/http_server.h"
#include "runtime/http_server_request.h"

namespace miniatura {

struct ReplyFrame {
  bool is_head = false;  // the answer to HEAD: without its body
  bool is_old = false;   // to HTTP/1.0
  bool closes = false;   // it is the connection's last
};

// Whatever a header's value holds, it stays one line; one whose name is no token is left out, and a
// status that is no final one is a 500.
Bytes reply_bytes(const ServedReply& reply, const ReplyFrame& frame, std::time_t now);

// {"error":{"code","message"}}
ServedReply refusal_reply(const HttpRefusal& refusal);

}  // namespace miniatura
