// The door of a RabbitMQ queue: takes messages, has them handled by JobThreads, and publishes what
// became of each before it acknowledges it (amqp_session.h).
//
// One thread, the caller's, speaks to the broker. A connection that is lost is made anew, with
// growing pauses, for as long as it takes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/amqp_connection.h"
#include "runtime/amqp_session.h"
#include "runtime/amqp_topology.h"
#include "runtime/delivery.h"
#include "runtime/job_threads.h"
#include "runtime/stop_signal.h"

namespace miniatura {

struct AmqpDoor {
  AmqpSetting broker;
  AmqpTopology topology;            // declared at each connection
  std::vector<std::string> queues;  // whose messages are jobs
  bool routes = false;              // is it also the router of miniatura.work?
  int prefetch = 2;                 // messages in hand of each of the queues
  AmqpSessionSetting session;
  // Null: never. While it says so no job is begun, what is in hand waits, and so the broker sends
  // no more; afterwards one job at a time until one ends well.
  PauseFn pause;
  // Told whenever there is a connection, and when it is lost or cannot be made (why); may be null.
  std::function<void(const std::optional<Error>&)> on_connection;
};

enum class AmqpEnd {
  drained,   // what was in hand is done, the rest was given back
  given_up,  // jobs are still under way: the process has to end without waiting for them
};

// Until `stop` comes; what is in hand then has 25 s. Errors, at the start alone: a broker that
// knows us not, or has other queues by our names (amqp_connection.h); one that is away is waited
// for.
Result<AmqpEnd> run_amqp_door(const AmqpDoor& door, JobThreads& threads, const StopSignal& stop);

}  // namespace miniatura
