#include "runtime/amqp_session.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "runtime/amqp_topology.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

constexpr auto kAgainMin =
    1s;  // before a publish that was not taken is tried again; doubled, up to
constexpr int kAgainDoublings = 5;
constexpr auto kWaitingMax = 10min;

Error error_of(ErrorCode code, std::string message) {
  return {code, std::move(message), 0, {}, {}, {}};
}

std::string name_of(const AmqpArrival& arrival) {
  return arrival.message.message_id.empty() ? fmt::format("{}#{}", arrival.consumer, arrival.tag)
                                            : arrival.message.message_id;
}

}  // namespace

Result<void> AmqpSession::take(AmqpEvent event, TimePoint now) {
  if (auto* arrival = std::get_if<AmqpArrival>(&event))
    return take_arrival(std::move(*arrival), now);
  if (const auto* confirmed = std::get_if<AmqpConfirmed>(&event))
    return take_confirmed(*confirmed, now);
  return fail(ErrorCode::queue_unavailable,
              fmt::format("the broker gave up its consumer: queue {} is gone or moves",
                          std::get<AmqpCancelled>(event).consumer));
}

Result<void> AmqpSession::take_arrival(AmqpArrival arrival, TimePoint now) {
  if (is_stopping_) return channel_.give_back(arrival.tag);
  if (arrival.body_bytes > arrival.message.body.size()) {
    return bury(arrival, error_of(ErrorCode::event_too_large,
                                  fmt::format("a message of {} bytes, over the limit of {}",
                                              arrival.body_bytes, arrival.message.body.size())));
  }
  if (arrival.consumer == kAmqpWorkQueue) return route(arrival);
  waiting_.push_back({std::move(arrival), now});
  return {};
}

Result<void> AmqpSession::route(const AmqpArrival& arrival) {
  const auto capability = setting_.route(arrival.message.body);
  if (!capability) return bury(arrival, capability.error());
  return send(
      {arrival.tag, moved_on(arrival, amqp_work_queue(*capability), setting_.clock->now()), 0});
}

Result<void> AmqpSession::bury(const AmqpArrival& arrival, const Error& why) {
  setting_.log->write(LogLevel::warn, "to the dead letters",
                      {{"door", "amqp"},
                       {"delivery", name_of(arrival)},
                       {"queue", arrival.consumer},
                       {"attempt", attempt_of(arrival.message)},
                       {"error", error_json(why)}});
  return send({arrival.tag, to_dead(arrival, arrival.consumer, why, setting_.clock->now()), 0});
}

std::optional<AmqpSession::Job> AmqpSession::next_job() {
  if (waiting_.empty()) return std::nullopt;
  AmqpArrival arrival = std::move(waiting_.front().arrival);
  waiting_.pop_front();
  Job job;
  job.ticket = ++tickets_;
  job.delivery.payload = arrival.message.body;
  job.delivery.door = "amqp";
  job.delivery.id = name_of(arrival);
  job.delivery.deadline = Deadline::after(*setting_.clock, setting_.job_time);
  job.delivery.attempt = attempt_of(arrival.message);
  working_.emplace(job.ticket, std::move(arrival));
  return job;
}

Result<bool> AmqpSession::settle(std::uint64_t ticket, const Handled& handled) {
  const auto found = working_.find(ticket);
  if (found == working_.end()) return false;
  const AmqpArrival arrival = std::move(found->second);
  working_.erase(found);
  const AmqpFate fate = fate_of(handled, attempt_of(arrival.message), setting_.attempts_max);
  switch (fate.what) {
    case AmqpFate::What::done:
      CHECKED(send({arrival.tag, completion(arrival, setting_.completions, handled.reply), 0}));
      break;
    case AmqpFate::What::later:
      CHECKED(
          send({arrival.tag, to_retry(arrival, arrival.consumer, fate, setting_.clock->now()), 0}));
      break;
    case AmqpFate::What::dead:
      CHECKED(bury(arrival, *fate.why));
      break;
  }
  return true;
}

Result<void> AmqpSession::send(Moving moving) {
  TRY(number, channel_.publish(moving.publish));
  unconfirmed_.emplace(number, std::move(moving));
  return {};
}

Result<void> AmqpSession::take_confirmed(const AmqpConfirmed& confirmed, TimePoint now) {
  const auto found = unconfirmed_.find(confirmed.number);
  if (found == unconfirmed_.end()) return {};
  Moving moving = std::move(found->second);
  unconfirmed_.erase(found);
  // The one acknowledgement there is: a message leaves its queue when what stands in for it is
  // confirmed to be safe in another. Whatever breaks before this line, the message is still there.
  if (confirmed.what == AmqpConfirmed::What::taken) return channel_.ack(moving.tag);
  misses_a_queue_ = misses_a_queue_ || confirmed.what == AmqpConfirmed::What::unroutable;
  const auto pause = kAgainMin * (1 << std::min(moving.tries, kAgainDoublings));
  ++moving.tries;
  setting_.log->write(LogLevel::warn, "the broker did not take a message; tried again",
                      {{"door", "amqp"},
                       {"exchange", moving.publish.exchange},
                       {"routing_key", moving.publish.routing_key},
                       {"tries", moving.tries}});
  again_.push_back({now + pause, std::move(moving)});
  return {};
}

Result<void> AmqpSession::tick(TimePoint now) {
  std::vector<Again> due_now;
  const auto is_due = [&](const Again& again) { return again.when <= now; };
  std::copy_if(again_.begin(), again_.end(), std::back_inserter(due_now), is_due);
  std::erase_if(again_, is_due);
  for (Again& again : due_now) CHECKED(send(std::move(again.moving)));
  while (!waiting_.empty() && waiting_.front().since + kWaitingMax <= now) {
    const AmqpArrival arrival = std::move(waiting_.front().arrival);
    waiting_.pop_front();
    AmqpFate fate;
    fate.what = AmqpFate::What::later;
    fate.counts = false;
    CHECKED(
        send({arrival.tag, to_retry(arrival, arrival.consumer, fate, setting_.clock->now()), 0}));
  }
  return {};
}

std::optional<AmqpSession::TimePoint> AmqpSession::due() const {
  std::optional<TimePoint> first;
  for (const Again& again : again_) first = first ? std::min(*first, again.when) : again.when;
  return first;
}

Result<void> AmqpSession::stop() {
  is_stopping_ = true;
  for (const Waiting& waiting : std::exchange(waiting_, {})) {
    CHECKED(channel_.give_back(waiting.arrival.tag));
  }
  return {};
}

}  // namespace miniatura
