// Where a broker is and who we are to it: amqp://user:password@host:port/vhost, amqps:// over TLS.
// Pure. Source: https://www.rabbitmq.com/uri-spec.html
#pragma once

#include <string>
#include <string_view>

#include "runtime/result.h"

namespace miniatura {

struct AmqpAddress {
  bool is_tls = false;
  std::string host;
  int port = 5672;  // of amqps 5671
  std::string vhost = "/";
  std::string user = "guest";
  std::string password = "guest";

  // "amqp://host:port/vhost", for messages: without user and password.
  std::string text() const;
};

// Strict: what is not understood is an error, and none is passed over. No path and "/" are the
// vhost "/". Errors: config_invalid, which repeats nothing of the URL, for it holds a password.
Result<AmqpAddress> parse_amqp_url(std::string_view url);

}  // namespace miniatura
