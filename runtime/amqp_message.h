// What goes to a broker and what comes from it, as plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "runtime/bytes.h"
#include "runtime/clock.h"

namespace miniatura {

// A header's value, or an argument's. What else AMQP knows (tables, lists, …) is not carried.
using AmqpValue = std::variant<bool, std::int64_t, std::string>;
using AmqpTable = std::map<std::string, AmqpValue>;

struct AmqpMessage {
  Bytes body;
  AmqpTable headers;
  std::string content_type;
  std::string message_id;
  std::optional<Clock::Time> timestamp;  // AMQP's, in whole seconds
};

// Where to: the exchange "" is the broker's own, which takes a queue's name as the routing key.
struct AmqpPublish {
  std::string exchange;
  std::string routing_key;
  AmqpMessage message;
  bool must_arrive = true;  // in a queue; else it is AmqpConfirmed::unroutable
};

// The last time that the broker itself took a message out of a queue (its header x-death).
struct AmqpDeath {
  std::string queue;
  std::string reason;  // "delivery_limit", "expired", "rejected", "maxlen"
  std::optional<Clock::Time> time;
};

// A message that came, not acknowledged yet.
struct AmqpArrival {
  std::uint64_t tag = 0;  // of its channel: what ack() and reject() name
  std::string consumer;   // empty for get()
  std::string exchange;   // what it was published to
  std::string routing_key;
  AmqpMessage message;
  // As announced; more than the message holds where that was over the connection's limit.
  std::uint64_t body_bytes = 0;
  std::optional<AmqpDeath> death;
};

// What became of a publish.
struct AmqpConfirmed {
  enum class What {
    taken,       // by all queues that it was for, on the disk
    refused,     // a full queue, one without a majority, …
    unroutable,  // no queue is there for it
  };
  std::uint64_t number = 0;  // as publish() gave it
  What what = What::taken;
};

// The broker gives up a consumer: its queue is gone.
struct AmqpCancelled {
  std::string consumer;
};

using AmqpEvent = std::variant<AmqpArrival, AmqpConfirmed, AmqpCancelled>;

}  // namespace miniatura
