// What the bookkeeping of a door needs of a connection; a test brings its own.
#pragma once

#include <cstdint>

#include "runtime/amqp_message.h"
#include "runtime/result.h"

namespace miniatura {

class AmqpChannel {
 public:
  virtual ~AmqpChannel() = default;

  // Persistent. Gives the number by which its AmqpConfirmed will come.
  virtual Result<std::uint64_t> publish(const AmqpPublish& publish) = 0;
  virtual Result<void> ack(std::uint64_t tag) = 0;
  // Back to its queue; it counts as a delivery there.
  virtual Result<void> give_back(std::uint64_t tag) = 0;
};

}  // namespace miniatura
