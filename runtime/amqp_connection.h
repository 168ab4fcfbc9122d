// A connection to a RabbitMQ broker with one channel in confirm mode: AMQP 0-9-1 by librabbitmq.
//
// For one thread. It has to be called every few seconds (next() will do): heartbeats go out and are
// looked for then. After an error it is of no more use: close it, and the broker gives what was not
// acknowledged to somebody again. Every call has its time: 10 s to connect and as much for the
// handshake, 30 s for an answer, 60 s for a broker that takes no bytes.
//
// Errors, naming the broker: queue_unavailable (away, broke off), queue_denied (user, password,
// vhost, permission), queue_conflict (something is there of that name with other arguments),
// queue_rejected (any other no), network_untrusted (its certificate), config_invalid (ours).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "runtime/amqp_channel.h"
#include "runtime/amqp_url.h"
#include "runtime/result.h"
#include "runtime/trust.h"

namespace miniatura {

struct AmqpSetting {
  AmqpAddress address;
  std::shared_ptr<const Authorities> trusted = nullptr;  // over TLS; null: the system's
  std::string name;  // of the connection, for whoever looks at the broker
  // Of a message's body: what is over it is read and dropped, so that it costs no memory.
  std::size_t body_bytes_max = std::size_t{1} << 20;
  // 0: none are looked for, and nobody has to call every few seconds.
  int heartbeat_s = 30;
};

struct AmqpExchange {
  std::string name;
  std::string kind;  // "direct", "fanout"
};
struct AmqpQueue {
  std::string name;
  AmqpTable arguments;
};
struct AmqpBinding {
  std::string queue;
  std::string exchange;
  std::string routing_key;
};

class AmqpConnection : public AmqpChannel {
 public:
  static Result<std::unique_ptr<AmqpConnection>> open(const AmqpSetting& setting);
  AmqpConnection(const AmqpConnection&) = delete;
  AmqpConnection& operator=(const AmqpConnection&) = delete;
  ~AmqpConnection() override;  // without a word to the broker

  // All of them durable. Once declared, it stays; declaring what is there is fine.
  Result<void> declare(const AmqpExchange& exchange);
  Result<void> declare(const AmqpQueue& queue);
  Result<void> bind(const AmqpBinding& binding);
  // Messages in a queue which wait for somebody. queue_rejected where there is no such queue.
  Result<std::uint32_t> count(const std::string& queue);

  Result<std::uint64_t> publish(const AmqpPublish& publish) override;
  Result<void> ack(std::uint64_t tag) override;
  Result<void> give_back(std::uint64_t tag) override;

  // At most so many messages not acknowledged, for each consumer from now on.
  Result<void> prefetch(std::uint16_t count);
  // The consumer has its queue's name.
  Result<void> consume(const std::string& queue);
  // What is under way still comes.
  Result<void> cancel(const std::string& consumer);

  // One message, if there is one.
  Result<std::optional<AmqpArrival>> get(const std::string& queue);

  // What came; nothing when the time is over.
  Result<std::optional<AmqpEvent>> next(std::chrono::milliseconds wait_max);
  // Readable when next(0) may have something that it has not yet.
  int descriptor() const;
  // It has, whatever the descriptor says: a call that waited or wrote has read it along.
  bool has_input() const;

  // From now on an answer has 3 s: somebody waits for the end.
  void hurry();
  // Says good-bye; errors do not matter any more.
  void close();

 private:
  class State;
  explicit AmqpConnection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace miniatura
