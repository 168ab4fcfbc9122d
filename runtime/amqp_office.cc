#include "runtime/amqp_office.h"

#include <utility>

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
    TRY(count, connection->count(kAmqpDeadQueue));
    for (std::uint32_t i = 0; i < count; ++i) {
      TRY(arrival, connection->get(kAmqpDeadQueue));
      if (!arrival) break;  // somebody else took the rest
      const DeadLetter letter = letter_of(*arrival);
      if (!takes(filter, letter)) continue;
      CHECKED(settle(*connection, *arrival, decide(letter)));
    }
    connection->close();  // gives back what is not acknowledged
    return {};
  }

 private:
  static constexpr std::size_t kLetterBytesMax = std::size_t{128} << 20;  // the broker's own limit

  static Result<void> settle(AmqpConnection& connection, const AmqpArrival& arrival,
                             Verdict verdict) {
    switch (verdict) {
      case Verdict::keep:
        return {};
      case Verdict::drop:
        return connection.ack(arrival.tag);
      case Verdict::redrive:
        break;
    }
    AmqpPublisher publisher(connection);
    CHECKED(publisher.publish(redriven(arrival)));
    CHECKED(publisher.finish());  // it is back at work before it is gone from here
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
