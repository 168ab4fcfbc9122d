#include "runtime/amqp_office.h"

#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/amqp_headers.h"
#include "runtime/amqp_publisher.h"

namespace miniatura {
namespace {

class AmqpOffice : public DeadLetterOffice {
 public:
  AmqpOffice(AmqpSetting setting, AmqpTopology topology)
      : setting_(std::move(setting)), topology_(std::move(topology)) {
    // Whatever came here was small enough once; a letter that were cut off could not go back.
    setting_.body_bytes_max = kLetterBytesMax;
    setting_.heartbeat_s = 0;  // whoever decides may take his time
  }

  Result<void> walk(const DeadLetterFilter& filter, const DecideFn& decide) override {
    TRY(connection, AmqpConnection::open(setting_));
    CHECKED(declare(*connection, topology_));
    std::vector<std::uint64_t> kept;
    auto walked = walk_letters(*connection, filter, decide, kept);
    give_back(*connection, kept);
    connection->close();
    return walked;
  }

 private:
  static constexpr std::size_t kLetterBytesMax = std::size_t{128} << 20;  // the broker's own limit

  // Into `kept` come those that stay.
  static Result<void> walk_letters(AmqpConnection& connection, const DeadLetterFilter& filter,
                                   const DecideFn& decide, std::vector<std::uint64_t>& kept) {
    TRY(count, connection.count(kAmqpDeadQueue));
    for (std::uint32_t i = 0; i < count; ++i) {
      TRY(arrival, connection.get(kAmqpDeadQueue));
      if (!arrival) break;  // somebody else took the rest
      kept.push_back(arrival->tag);
      const DeadLetter letter = letter_of(*arrival);
      if (!takes(filter, letter)) continue;
      const Verdict verdict = decide(letter);
      if (verdict == Verdict::keep) continue;
      CHECKED(settle(connection, *arrival, verdict));
      kept.pop_back();
    }
    return {};
  }

  // Returns when they are there again for the next one who looks: the broker takes its time with
  // what is given back, and with what a closed connection had. A second at most: somebody else may
  // have taken them by then, and a broken connection gives them back without us.
  static void give_back(AmqpConnection& connection, const std::vector<std::uint64_t>& kept) {
    for (const std::uint64_t tag : kept) {
      if (!connection.give_back(tag)) return;
    }
    for (int look = 0; look < 100; ++look) {
      const auto count = connection.count(kAmqpDeadQueue);
      if (!count || *count >= kept.size()) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  static Result<void> settle(AmqpConnection& connection, const AmqpArrival& arrival,
                             Verdict verdict) {
    if (verdict == Verdict::redrive) {
      AmqpPublisher publisher(connection);
      CHECKED(publisher.publish(redriven(arrival)));
      CHECKED(publisher.finish());  // it is back at work before it is gone from here
    }
    return connection.ack(arrival.tag);
  }

  AmqpSetting setting_;
  AmqpTopology topology_;
};

}  // namespace

std::unique_ptr<DeadLetterOffice> open_amqp_office(AmqpSetting setting, AmqpTopology topology) {
  return std::make_unique<AmqpOffice>(std::move(setting), std::move(topology));
}

}  // namespace miniatura
