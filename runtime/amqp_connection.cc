#include "runtime/amqp_connection.h"

#include <fmt/core.h>

#include <charconv>
#include <deque>
#include <set>

#include "runtime/amqp_dial.h"
#include "runtime/amqp_wire.h"

namespace miniatura {
namespace {

using std::chrono::milliseconds;

constexpr amqp_channel_t kChannel = 1;
constexpr timeval kHurriedTime{3, 0};
constexpr milliseconds kBodyTime{30'000};  // between two frames of a message that was asked for

timeval timeval_of(milliseconds duration) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return {us / 1'000'000, us % 1'000'000};
}

}  // namespace

class AmqpConnection::State {
 public:
  explicit State(const AmqpSetting& setting)
      : place_(setting.address.text()), body_bytes_max_(setting.body_bytes_max) {}

  Result<void> open(const AmqpSetting& setting) {
    auto dialed = dial(setting);
    if (!dialed) return named(dialed.error());
    handle_ = *std::move(dialed);
    amqp_channel_open(handle_.get(), kChannel);
    CHECKED(answered());
    amqp_confirm_select(handle_.get(), kChannel);
    return answered();
  }

  amqp_connection_state_t handle() const { return handle_.get(); }

  // After a call that waits for its answer.
  Result<void> answered() {
    if (auto error = error_of(amqp_get_rpc_reply(handle_.get()))) return named(*error);
    amqp_maybe_release_buffers(handle_.get());
    return {};
  }
  Result<void> sent(int status) {
    if (status != AMQP_STATUS_OK) return named(library_error(status));
    return {};
  }

  Result<std::uint64_t> publish(const AmqpPublish& publish) {
    const std::uint64_t number = published_ + 1;
    const std::string number_text = std::to_string(number);
    WireTable headers(publish.message.headers);
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_HEADERS_FLAG;
    properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
    properties.headers = headers.get();
    const auto set = [&](amqp_flags_t flag, amqp_bytes_t& field, std::string_view value) {
      if (value.empty()) return;
      properties._flags |= flag;
      field = bytes_of(value);
    };
    set(AMQP_BASIC_CONTENT_TYPE_FLAG, properties.content_type, publish.message.content_type);
    set(AMQP_BASIC_MESSAGE_ID_FLAG, properties.message_id, publish.message.message_id);
    // A message that comes back says by it which publish it was.
    if (publish.must_arrive) {
      set(AMQP_BASIC_CORRELATION_ID_FLAG, properties.correlation_id, number_text);
    }
    if (publish.message.timestamp) {
      properties._flags |= AMQP_BASIC_TIMESTAMP_FLAG;
      properties.timestamp =
          static_cast<std::uint64_t>(Clock::Time::clock::to_time_t(*publish.message.timestamp));
    }
    CHECKED(sent(amqp_basic_publish(handle_.get(), kChannel, bytes_of(publish.exchange),
                                    bytes_of(publish.routing_key), publish.must_arrive ? 1 : 0, 0,
                                    &properties, bytes_of(publish.message.body))));
    published_ = number;
    unconfirmed_.insert(number);
    return number;
  }

  Result<std::optional<AmqpArrival>> get(const std::string& queue) {
    const amqp_rpc_reply_t reply = amqp_basic_get(handle_.get(), kChannel, bytes_of(queue), 0);
    if (auto error = error_of(reply)) return named(*error);
    if (reply.reply.id == AMQP_BASIC_GET_EMPTY_METHOD) return std::nullopt;
    const auto* found = static_cast<const amqp_basic_get_ok_t*>(reply.reply.decoded);
    AmqpArrival arrival;
    arrival.tag = found->delivery_tag;
    arrival.exchange = text_of(found->exchange);
    arrival.routing_key = text_of(found->routing_key);
    begin({std::move(arrival), Content::For::getter, 0});
    while (!got_) {
      TRY(came, take_frame(kBodyTime));
      if (!came) return named(library_error(AMQP_STATUS_TIMEOUT));
    }
    return std::exchange(got_, std::nullopt);
  }

  Result<std::optional<AmqpEvent>> next(milliseconds wait_max) {
    while (ready_.empty()) {
      TRY(came, take_frame(wait_max));
      if (!came) return std::nullopt;
    }
    AmqpEvent event = std::move(ready_.front());
    ready_.pop_front();
    return event;
  }

 private:
  // A message that is on its way in: its method came, its header and its body may not have.
  struct Content {
    AmqpArrival arrival;
    enum class For { consumer, getter, returned } what = For::consumer;
    std::uint64_t received_bytes = 0;
  };

  tl::unexpected<Error> named(Error error) const {
    error.message = fmt::format("{}: {}", place_, error.message);
    return fail(std::move(error));
  }

  void begin(Content content) { content_ = std::move(content); }

  // False: nothing came in that time.
  Result<bool> take_frame(milliseconds wait_max) {
    const timeval wait = timeval_of(wait_max);
    amqp_frame_t frame{};
    const int status = amqp_simple_wait_frame_noblock(handle_.get(), &frame, &wait);
    if (status == AMQP_STATUS_TIMEOUT) return false;
    CHECKED(sent(status));
    Result<void> taken;
    if (frame.frame_type == AMQP_FRAME_METHOD) {
      taken = take_method(frame.payload.method);
    } else if (frame.frame_type == AMQP_FRAME_HEADER && content_) {
      const auto& header = frame.payload.properties;
      take_header(*static_cast<const amqp_basic_properties_t*>(header.decoded), header.body_size);
    } else if (frame.frame_type == AMQP_FRAME_BODY && content_) {
      take_body(text_of(frame.payload.body_fragment));
    }
    amqp_maybe_release_buffers(handle_.get());
    CHECKED(taken);
    return true;
  }

  Result<void> take_method(const amqp_method_t& method) {
    if (auto error = closing_error(method)) return named(*error);
    switch (method.id) {
      case AMQP_BASIC_DELIVER_METHOD: {
        const auto* deliver = static_cast<const amqp_basic_deliver_t*>(method.decoded);
        AmqpArrival arrival;
        arrival.tag = deliver->delivery_tag;
        arrival.consumer = text_of(deliver->consumer_tag);
        arrival.exchange = text_of(deliver->exchange);
        arrival.routing_key = text_of(deliver->routing_key);
        begin({std::move(arrival), Content::For::consumer, 0});
        break;
      }
      case AMQP_BASIC_RETURN_METHOD:
        begin({{}, Content::For::returned, 0});
        break;
      case AMQP_BASIC_ACK_METHOD: {
        const auto* ack = static_cast<const amqp_basic_ack_t*>(method.decoded);
        confirm(ack->delivery_tag, ack->multiple != 0, AmqpConfirmed::What::taken);
        break;
      }
      case AMQP_BASIC_NACK_METHOD: {
        const auto* nack = static_cast<const amqp_basic_nack_t*>(method.decoded);
        confirm(nack->delivery_tag, nack->multiple != 0, AmqpConfirmed::What::refused);
        break;
      }
      case AMQP_BASIC_CANCEL_METHOD: {
        const auto* cancel = static_cast<const amqp_basic_cancel_t*>(method.decoded);
        ready_.emplace_back(AmqpCancelled{std::string(text_of(cancel->consumer_tag))});
        break;
      }
      default:
        break;  // flow, blocked: nothing to do
    }
    return {};
  }

  void take_header(const amqp_basic_properties_t& properties, std::uint64_t body_bytes) {
    AmqpArrival& arrival = content_->arrival;
    arrival.message = message_of(properties);
    arrival.death = death_of(properties);
    arrival.body_bytes = body_bytes;
    if (content_->what == Content::For::returned &&
        (properties._flags & AMQP_BASIC_CORRELATION_ID_FLAG) != 0) {
      const std::string_view text = text_of(properties.correlation_id);
      std::uint64_t number = 0;
      std::from_chars(text.data(), text.data() + text.size(), number);
      returned_.insert(number);
    }
    if (body_bytes == 0) finish();
  }

  // What is over the limit is let go frame by frame: a body of any size costs no more than that.
  void take_body(std::string_view fragment) {
    content_->received_bytes += fragment.size();
    Bytes& body = content_->arrival.message.body;
    body.append(fragment.substr(0, body_bytes_max_ - std::min(body_bytes_max_, body.size())));
    if (content_->received_bytes >= content_->arrival.body_bytes) finish();
  }

  void finish() {
    Content content = *std::exchange(content_, std::nullopt);
    if (content.what == Content::For::consumer) ready_.emplace_back(std::move(content.arrival));
    if (content.what == Content::For::getter) got_ = std::move(content.arrival);
  }

  void confirm(std::uint64_t number, bool and_all_before, AmqpConfirmed::What what) {
    auto first = and_all_before ? unconfirmed_.begin() : unconfirmed_.find(number);
    while (first != unconfirmed_.end() && *first <= number) {
      const bool came_back = returned_.erase(*first) > 0;
      ready_.emplace_back(
          AmqpConfirmed{*first, came_back ? AmqpConfirmed::What::unroutable : what});
      first = unconfirmed_.erase(first);
    }
  }

  const std::string place_;
  const std::size_t body_bytes_max_;
  AmqpHandle handle_;
  std::uint64_t published_ = 0;
  std::set<std::uint64_t> unconfirmed_;
  std::set<std::uint64_t> returned_;  // of them
  std::optional<Content> content_;
  std::optional<AmqpArrival> got_;
  std::deque<AmqpEvent> ready_;
};

AmqpConnection::AmqpConnection(std::unique_ptr<State> state) : state_(std::move(state)) {}
AmqpConnection::~AmqpConnection() = default;

Result<std::unique_ptr<AmqpConnection>> AmqpConnection::open(const AmqpSetting& setting) {
  auto state = std::make_unique<State>(setting);
  CHECKED(state->open(setting));
  return std::unique_ptr<AmqpConnection>(new AmqpConnection(std::move(state)));
}

Result<void> AmqpConnection::declare(const AmqpExchange& exchange) {
  amqp_exchange_declare(state_->handle(), kChannel, bytes_of(exchange.name),
                        bytes_of(exchange.kind), 0, 1, 0, 0, amqp_empty_table);
  return state_->answered();
}

Result<void> AmqpConnection::declare(const AmqpQueue& queue) {
  WireTable arguments(queue.arguments);
  amqp_queue_declare(state_->handle(), kChannel, bytes_of(queue.name), 0, 1, 0, 0, arguments.get());
  return state_->answered();
}

Result<void> AmqpConnection::bind(const AmqpBinding& binding) {
  amqp_queue_bind(state_->handle(), kChannel, bytes_of(binding.queue), bytes_of(binding.exchange),
                  bytes_of(binding.routing_key), amqp_empty_table);
  return state_->answered();
}

Result<std::uint32_t> AmqpConnection::count(const std::string& queue) {
  const amqp_queue_declare_ok_t* const found =
      amqp_queue_declare(state_->handle(), kChannel, bytes_of(queue), 1, 0, 0, 0, amqp_empty_table);
  const std::uint32_t messages = found == nullptr ? 0 : found->message_count;
  CHECKED(state_->answered());
  return messages;
}

Result<std::uint64_t> AmqpConnection::publish(const AmqpPublish& publish) {
  return state_->publish(publish);
}

Result<void> AmqpConnection::prefetch(std::uint16_t count) {
  amqp_basic_qos(state_->handle(), kChannel, 0, count, 0);
  return state_->answered();
}

Result<void> AmqpConnection::consume(const std::string& queue) {
  amqp_basic_consume(state_->handle(), kChannel, bytes_of(queue), bytes_of(queue), 0, 0, 0,
                     amqp_empty_table);
  return state_->answered();
}

Result<void> AmqpConnection::cancel(const std::string& consumer) {
  amqp_basic_cancel(state_->handle(), kChannel, bytes_of(consumer));
  return state_->answered();
}

Result<void> AmqpConnection::ack(std::uint64_t tag) {
  return state_->sent(amqp_basic_ack(state_->handle(), kChannel, tag, 0));
}

Result<void> AmqpConnection::give_back(std::uint64_t tag) {
  return state_->sent(amqp_basic_reject(state_->handle(), kChannel, tag, 1));
}

Result<std::optional<AmqpArrival>> AmqpConnection::get(const std::string& queue) {
  return state_->get(queue);
}

Result<std::optional<AmqpEvent>> AmqpConnection::next(milliseconds wait_max) {
  return state_->next(wait_max);
}

int AmqpConnection::descriptor() const { return amqp_get_sockfd(state_->handle()); }

bool AmqpConnection::has_input() const {
  return amqp_frames_enqueued(state_->handle()) != 0 || amqp_data_in_buffer(state_->handle()) != 0;
}

void AmqpConnection::hurry() { amqp_set_rpc_timeout(state_->handle(), &kHurriedTime); }

void AmqpConnection::close() {
  if (state_->handle() != nullptr) {
    amqp_connection_close(state_->handle(), AMQP_REPLY_SUCCESS);
  }
}

}  // namespace miniatura
