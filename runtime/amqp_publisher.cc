#include "runtime/amqp_publisher.h"

namespace miniatura {
namespace {

constexpr std::uint64_t kWindow = 256;
constexpr std::chrono::seconds kConfirmTime{60};

}  // namespace

Result<void> AmqpPublisher::publish(const AmqpPublish& publish) {
  CHECKED(take_confirmations(kWindow - 1));
  CHECKED(connection_.publish(publish));
  ++unconfirmed_;
  return {};
}

Result<void> AmqpPublisher::finish() { return take_confirmations(0); }

Result<void> AmqpPublisher::rest() {
  for (;;) {
    TRY(came, take_one(std::chrono::milliseconds(0)));
    if (!came) return {};
  }
}

Result<void> AmqpPublisher::take_confirmations(std::uint64_t unconfirmed_max) {
  while (unconfirmed_ > unconfirmed_max) {
    TRY(came, take_one(kConfirmTime));
    if (!came) return fail(ErrorCode::queue_unavailable, "the broker confirms nothing");
  }
  return {};
}

Result<bool> AmqpPublisher::take_one(std::chrono::milliseconds wait_max) {
  TRY(event, connection_.next(wait_max));
  if (!event) return false;
  const auto* confirmed = std::get_if<AmqpConfirmed>(&*event);
  if (confirmed == nullptr) return true;
  --unconfirmed_;
  switch (confirmed->what) {
    case AmqpConfirmed::What::taken:
      ++confirmed_;
      return true;
    case AmqpConfirmed::What::refused:
      return fail(ErrorCode::queue_rejected, "the broker refused a message");
    case AmqpConfirmed::What::unroutable:
      break;
  }
  return fail(ErrorCode::queue_rejected, "the broker has no queue for a message");
}

}  // namespace miniatura
