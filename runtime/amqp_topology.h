// What we want of a broker: exchanges and queues, as values, and their declaring.
//
//   miniatura         direct   a queue's own name is its routing key; senders publish to it
//                              with miniatura.work
//   miniatura.work    queue    what came; a router moves each on to the queue of what it needs
//   miniatura.work.X  queue    what a worker that can do X takes
//   miniatura.retry.N both     a wait of N, after which a message is back in the queue that its
//                              routing key names: where it came from
//   miniatura.dlx     fanout   where the broker itself puts what killed worker after worker
//   miniatura.dead    queue    behind it, and for what we give up
//   (completions)     fanout   the replies of what is done, for whoever binds a queue to it
//
// All durable; all queues are quorum queues. No message is ever nowhere: what the broker moves from
// one queue to the other leaves the first when it is safe in the second (at-least-once, which needs
// reject-publish), and what we move we acknowledge when its copy is confirmed.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/amqp_connection.h"
#include "runtime/result.h"

namespace miniatura {

inline constexpr char kAmqpExchange[] = "miniatura";
inline constexpr char kAmqpWorkQueue[] = "miniatura.work";
inline constexpr char kAmqpDeadQueue[] = "miniatura.dead";
inline constexpr std::chrono::milliseconds kAmqpRetryDelays[] = {
    std::chrono::seconds(1), std::chrono::seconds(10), std::chrono::seconds(60),
    std::chrono::seconds(300)};

// "miniatura.work.X"
std::string amqp_work_queue(std::string_view capability);
// "miniatura.retry.10s", of one of the delays above.
std::string amqp_retry_exchange(std::chrono::milliseconds delay);

struct AmqpTopology {
  std::vector<AmqpExchange> exchanges;
  std::vector<AmqpQueue> queues;
  std::vector<AmqpBinding> bindings;
};
// `completions` is the name of that exchange, `capabilities` the X above.
AmqpTopology amqp_topology(const std::string& completions,
                           const std::vector<std::string>& capabilities);

// All of it, in an order in which it works from the first message on. Errors: queue_conflict names
// the queue or exchange, the argument, and both its values.
Result<void> declare(AmqpConnection& connection, const AmqpTopology& topology);

// The same in plain words, of a broker's "inequivalent arg 'x' for queue 'q' in vhost '/': received
// 'a' but current is 'b'"; any other error as it is. Pure.
Error explained(Error conflict);

}  // namespace miniatura
