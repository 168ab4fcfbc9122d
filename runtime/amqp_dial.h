// How a connection begins: the socket, TLS, the handshake of AMQP.
#pragma once

#include <amqp.h>

#include <memory>
#include <type_traits>

#include "runtime/amqp_connection.h"
#include "runtime/result.h"

namespace miniatura {

struct DestroyAmqpConnection {
  void operator()(amqp_connection_state_t connection) const { amqp_destroy_connection(connection); }
};
using AmqpHandle =
    std::unique_ptr<std::remove_pointer_t<amqp_connection_state_t>, DestroyAmqpConnection>;

// Logged in, without a channel. Errors as AmqpConnection's, without the broker's name.
Result<AmqpHandle> dial(const AmqpSetting& setting);

}  // namespace miniatura
