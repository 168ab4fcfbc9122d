// Sends messages to a broker and sees to it that they arrived.
//
// For one thread. Nothing is taken to have arrived before the broker confirmed it; after an error
// what was confirmed is there, and the rest may be.
#pragma once

#include <cstdint>
#include <memory>

#include "runtime/amqp_connection.h"
#include "runtime/amqp_topology.h"
#include "runtime/result.h"

namespace miniatura {

class AmqpPublisher {
 public:
  // Uses this connection, which outlives it; whatever else comes on it meanwhile is lost.
  explicit AmqpPublisher(AmqpConnection& connection) : connection_(connection) {}

  // Waits only while 256 are under way. Errors: queue_rejected, of this message or an earlier one:
  // the broker refused it, or has no queue for it.
  Result<void> publish(const AmqpPublish& publish);
  // Waits until all of them are confirmed.
  Result<void> finish();
  // Looks after the connection while there is nothing to publish: every few seconds.
  Result<void> rest();

  std::uint64_t confirmed() const { return confirmed_; }
  std::uint64_t unconfirmed() const { return unconfirmed_; }

 private:
  Result<void> take_confirmations(std::uint64_t unconfirmed_max);
  Result<bool> take_one(std::chrono::milliseconds wait_max);

  AmqpConnection& connection_;
  std::uint64_t confirmed_ = 0;
  std::uint64_t unconfirmed_ = 0;
};

}  // namespace miniatura
