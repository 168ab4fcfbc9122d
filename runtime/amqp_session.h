// The books of one connection of a door: which messages wait for a job, which are worked on, what
// was published in a message's stead and is not confirmed yet.
//
// When the connection is lost its session is dropped with it: the broker gives again whatever was
// not acknowledged, and what a job says later about a ticket of it is not heard.
//
// For the door's thread. Errors are those of the channel, and end the session.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/amqp_channel.h"
#include "runtime/amqp_headers.h"
#include "runtime/delivery.h"
#include "runtime/log.h"

namespace miniatura {

// What a payload needs of who works on it: the X of miniatura.work.X. An error is its death.
using RouteFn = std::function<Result<std::string>(ByteView payload)>;

struct AmqpSessionSetting {
  std::string completions;  // the exchange for the replies of what is done
  RouteFn route;            // of what comes in miniatura.work
  int attempts_max = 8;
  std::chrono::milliseconds job_time{600'000};
  const Log* log = nullptr;  // it and the clock outlive the session
  const Clock* clock = nullptr;
};

class AmqpSession {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Counts tickets on from `tickets`, so that none is given twice in a process.
  AmqpSession(AmqpChannel& channel, const AmqpSessionSetting& setting, std::uint64_t& tickets)
      : channel_(channel), setting_(setting), tickets_(tickets) {}

  // What the broker sent.
  Result<void> take(AmqpEvent event, TimePoint now);

  // The next to be worked on; nothing when none waits.
  struct Job {
    std::uint64_t ticket = 0;
    Delivery delivery;
  };
  std::optional<Job> next_job();
  // How it ended; false for a ticket of an earlier session.
  Result<bool> settle(std::uint64_t ticket, const Handled& handled);

  // Does what is due: publishes again what was not taken, and lets go what has waited for a job for
  // minutes (a pause): the broker takes the channel from who keeps a message for half an hour.
  Result<void> tick(TimePoint now);
  std::optional<TimePoint> due() const;
  // A publish found no queue: declare them anew before the next tick.
  bool misses_a_queue() const { return misses_a_queue_; }
  void declared() { misses_a_queue_ = false; }

  // From now on nothing is begun: what waits is given back, and what still comes.
  Result<void> stop();
  // Nothing is in hand any more.
  bool is_done() const { return working_.empty() && unconfirmed_.empty() && again_.empty(); }

 private:
  struct Waiting {
    AmqpArrival arrival;
    TimePoint since;
  };
  // A message, and what was published in its stead.
  struct Moving {
    std::uint64_t tag = 0;
    AmqpPublish publish;
    int tries = 0;
  };
  struct Again {
    TimePoint when;
    Moving moving;
  };

  Result<void> take_arrival(AmqpArrival arrival, TimePoint now);
  Result<void> take_confirmed(const AmqpConfirmed& confirmed, TimePoint now);
  Result<void> route(const AmqpArrival& arrival);
  Result<void> bury(const AmqpArrival& arrival, const Error& why);
  Result<void> send(Moving moving);

  AmqpChannel& channel_;
  const AmqpSessionSetting& setting_;
  std::uint64_t& tickets_;
  std::deque<Waiting> waiting_;
  std::map<std::uint64_t, AmqpArrival> working_;  // by the ticket
  std::map<std::uint64_t, Moving> unconfirmed_;   // by the publish's number
  std::vector<Again> again_;
  bool misses_a_queue_ = false;
  bool is_stopping_ = false;
};

}  // namespace miniatura
