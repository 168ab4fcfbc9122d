// What a message tells of its way in headers of ours, and the messages that stand in for it on that
// way: moved on, to be tried again, dead, given another chance, done.
//
//   x-miniatura-attempt   which attempt this is, from 1; of a dead letter how many there were
//   x-miniatura-received  when it first came, in ms since 1970
//   x-miniatura-code, x-miniatura-message, x-miniatura-failure (job or worker)   the last error
//   x-miniatura-queue     of a dead letter: where it goes when it gets another chance
//   x-miniatura-died      the same: when, in ms since 1970
//   x-miniatura-bytes     the same: how long it was, where it is cut off here
//
// Pure. The sender's own headers go along: texts, numbers and booleans, 32 KiB of them.
#pragma once

#include <chrono>
#include <string>

#include "runtime/amqp_message.h"
#include "runtime/clock.h"
#include "runtime/dead_letters.h"
#include "runtime/delivery.h"

namespace miniatura {

// How the work on a message ended, all its items taken together: what is worth a retry wins over
// what is dead, as its good items cost little the second time.
struct AmqpFate {
  enum class What { done, later, dead };
  What what = What::done;
  std::optional<Error> why;  // of later and dead
  bool counts = true;        // of later: it uses up an attempt
  std::chrono::milliseconds not_before{0};
};
// `attempt` is the one that ended so; after `attempts_max` it is dead.
AmqpFate fate_of(const Handled& handled, int attempt, int attempts_max);

// Which attempt is the next to be made on it: 1 where it does not say, or says nonsense.
int attempt_of(const AmqpMessage& message);

// The shortest of kAmqpRetryDelays that is `not_before` and fits the attempt that failed: 1 s after
// the first, then 10 s, a minute, five minutes.
std::chrono::milliseconds retry_delay(int attempt, std::chrono::milliseconds not_before);

// What stands in for `arrival`, which came from `queue`.
AmqpPublish moved_on(const AmqpArrival& arrival, const std::string& to_queue, Clock::Time now);
AmqpPublish to_retry(const AmqpArrival& arrival, const std::string& queue, const AmqpFate& fate,
                     Clock::Time now);
AmqpPublish to_dead(const AmqpArrival& arrival, const std::string& queue, const Error& why,
                    Clock::Time now);
AmqpPublish completion(const AmqpArrival& arrival, const std::string& exchange, std::string reply);

// What lies in the queue of dead letters, whether we put it there or the broker did.
DeadLetter letter_of(const AmqpArrival& arrival);
AmqpPublish redriven(const AmqpArrival& arrival);

// One that starts its way here.
AmqpPublish new_work(Bytes body, Clock::Time now);

}  // namespace miniatura
