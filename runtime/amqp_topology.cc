#include "runtime/amqp_topology.h"

#include <fmt/core.h>

namespace miniatura {
namespace {

constexpr char kDeadExchange[] = "miniatura.dlx";
// How often a message may be given out again without an answer (that is one delivery more). It is
// for what kills its worker: an attempt that ends in any other way is counted in a header of ours.
constexpr std::int64_t kDeliveryLimit = 5;
// Looking at the dead letters gives each out and takes it back. A newer RabbitMQ has a limit of 20
// unless one is set, and would drop them then.
constexpr std::int64_t kLookedAtMax = 1'000'000'000;

AmqpTable passing_on_to(const char* exchange) {
  return {{"x-queue-type", "quorum"},
          {"x-dead-letter-exchange", exchange},
          {"x-dead-letter-strategy", "at-least-once"},
          {"x-overflow", "reject-publish"}};
}

AmqpQueue work_queue(std::string name) {
  AmqpQueue queue{std::move(name), passing_on_to(kDeadExchange)};
  queue.arguments["x-delivery-limit"] = kDeliveryLimit;
  return queue;
}

AmqpQueue dead_queue() {
  return {kAmqpDeadQueue, {{"x-queue-type", "quorum"}, {"x-delivery-limit", kLookedAtMax}}};
}

// Without a dead-letter routing key a message keeps its own.
AmqpQueue retry_queue(std::chrono::milliseconds delay) {
  AmqpQueue queue{amqp_retry_exchange(delay), passing_on_to(kAmqpExchange)};
  queue.arguments["x-message-ttl"] = std::int64_t{delay.count()};
  return queue;
}

// What stands between the next two quotes from `at` on, which moves behind them.
std::string quoted(std::string_view text, std::size_t& at) {
  const std::size_t open = text.find('\'', at);
  const std::size_t close = open == std::string_view::npos ? open : text.find('\'', open + 1);
  if (close == std::string_view::npos) return "";
  at = close + 1;
  return std::string(text.substr(open + 1, close - open - 1));
}

}  // namespace

std::string amqp_work_queue(std::string_view capability) {
  return fmt::format("{}.{}", kAmqpWorkQueue, capability);
}

std::string amqp_retry_exchange(std::chrono::milliseconds delay) {
  return fmt::format("miniatura.retry.{}s",
                     std::chrono::duration_cast<std::chrono::seconds>(delay).count());
}

AmqpTopology amqp_topology(const std::string& completions,
                           const std::vector<std::string>& capabilities) {
  AmqpTopology topology;
  topology.exchanges = {
      {kAmqpExchange, "direct"}, {kDeadExchange, "fanout"}, {completions, "fanout"}};
  topology.queues = {dead_queue(), work_queue(kAmqpWorkQueue)};
  topology.bindings = {{kAmqpDeadQueue, kDeadExchange, ""},
                       {kAmqpWorkQueue, kAmqpExchange, kAmqpWorkQueue}};
  for (const std::string& capability : capabilities) {
    const std::string name = amqp_work_queue(capability);
    topology.queues.push_back(work_queue(name));
    topology.bindings.push_back({name, kAmqpExchange, name});
  }
  for (const auto delay : kAmqpRetryDelays) {
    const std::string name = amqp_retry_exchange(delay);
    topology.exchanges.push_back({name, "fanout"});
    topology.queues.push_back(retry_queue(delay));
    topology.bindings.push_back({name, name, ""});
  }
  return topology;
}

Result<void> declare(AmqpConnection& connection, const AmqpTopology& topology) {
  const auto declare_all = [&]() -> Result<void> {
    for (const AmqpExchange& exchange : topology.exchanges) CHECKED(connection.declare(exchange));
    for (const AmqpQueue& queue : topology.queues) CHECKED(connection.declare(queue));
    for (const AmqpBinding& binding : topology.bindings) CHECKED(connection.bind(binding));
    return {};
  };
  auto declared = declare_all();
  if (!declared) return fail(explained(declared.error()));
  return {};
}

Error explained(Error conflict) {
  if (conflict.code != ErrorCode::queue_conflict) return conflict;
  const std::string& text = conflict.message;
  const std::size_t start = text.find("inequivalent arg '");
  if (start == std::string::npos) return conflict;
  std::size_t at = start;
  const std::string argument = quoted(text, at);
  const bool is_queue = text.compare(at, 10, " for queue") == 0;
  const std::string name = quoted(text, at);
  quoted(text, at);  // the vhost
  const std::size_t values = text.find("received ", at);
  if (argument.empty() || name.empty() || values == std::string::npos) return conflict;
  const auto value_after = [&](std::string_view words) -> std::string {
    std::size_t from = text.find(words, values);
    if (from == std::string::npos) return "?";
    from += words.size();
    if (text.compare(from, 5, "none ") == 0) return "none";
    return quoted(text, from);
  };
  // "received none but current is the value '5' of type 'long'", or "received the value …"
  conflict.message =
      fmt::format("{}{} {} is there with another {}: {}, and not {}",
                  text.substr(0, text.find("PRECONDITION")), is_queue ? "queue" : "exchange", name,
                  argument, value_after("current is "), value_after("received "));
  return conflict;
}

}  // namespace miniatura
