#include "runtime/amqp_headers.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <string_view>

#include "runtime/amqp_topology.h"
#include "runtime/crypto.h"
#include "runtime/text.h"

namespace miniatura {
namespace {

using std::chrono::milliseconds;

constexpr char kAttempt[] = "x-miniatura-attempt";
constexpr char kReceived[] = "x-miniatura-received";
constexpr char kCode[] = "x-miniatura-code";
constexpr char kMessage[] = "x-miniatura-message";
constexpr char kFailure[] = "x-miniatura-failure";
constexpr char kQueue[] = "x-miniatura-queue";
constexpr char kDied[] = "x-miniatura-died";
constexpr char kBytes[] = "x-miniatura-bytes";

constexpr std::size_t kForeignBytesMax = std::size_t{32} * 1024;  // a header has to fit a frame
constexpr std::size_t kMessageBytesMax = 2'000;
constexpr std::size_t kCutBodyBytes = std::size_t{64} * 1024;  // kept of what was too long
constexpr std::int64_t kAttemptMax = 1'000'000;
constexpr std::string_view kWorkPrefix = kAmqpWorkQueue;

std::int64_t ms_of(Clock::Time time) {
  return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

std::int64_t number_at(const AmqpTable& headers, const char* name, std::int64_t otherwise) {
  const auto found = headers.find(name);
  if (found == headers.end()) return otherwise;
  const auto* number = std::get_if<std::int64_t>(&found->second);
  return number == nullptr ? otherwise : *number;
}

std::string text_at(const AmqpTable& headers, const char* name) {
  const auto found = headers.find(name);
  if (found == headers.end()) return "";
  const auto* text = std::get_if<std::string>(&found->second);
  return text == nullptr ? "" : *text;
}

// Nothing for what no clock of ours can say.
std::optional<Clock::Time> time_at(const AmqpTable& headers, const char* name) {
  constexpr std::int64_t kMsMax = 7'258'118'400'000;  // 2200
  const std::int64_t ms = number_at(headers, name, 0);
  if (ms <= 0 || ms > kMsMax) return std::nullopt;
  return Clock::Time(milliseconds(ms));
}

// Written by the broker for its own queues: stale in another.
bool is_brokers(std::string_view name) {
  return name.starts_with("x-first-death-") || name.starts_with("x-last-death-") ||
         name == "x-delivery-count" || name == "x-acquired-count";
}
bool is_ours(std::string_view name) { return name.starts_with("x-miniatura-"); }

std::size_t bytes_of(const AmqpTable& headers) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : headers) {
    const auto* text = std::get_if<std::string>(&value);
    bytes += name.size() + (text == nullptr ? sizeof(std::int64_t) : text->size());
  }
  return bytes;
}

// 32 hexadecimal digits.
std::string new_id() {
  std::random_device random;
  std::array<std::uint32_t, 4> words{};
  for (std::uint32_t& word : words) word = random();
  std::array<char, sizeof words> raw{};
  std::memcpy(raw.data(), words.data(), sizeof words);
  return hex({raw.data(), raw.size()});
}

// The same message, ready to be published anew: it has a name, and tells when it first came.
AmqpMessage carried_on(const AmqpMessage& message, Clock::Time now) {
  AmqpMessage next = message;
  std::erase_if(next.headers, [](const auto& header) { return is_brokers(header.first); });
  if (bytes_of(next.headers) > kForeignBytesMax) {
    std::erase_if(next.headers, [](const auto& header) { return !is_ours(header.first); });
  }
  if (next.message_id.empty()) next.message_id = new_id();
  const auto received = time_at(message.headers, kReceived);
  next.headers[kReceived] = ms_of(received.value_or(message.timestamp.value_or(now)));
  return next;
}

void write_error(AmqpTable& headers, const Error& why) {
  headers[kCode] = std::string(code_name(why.code));
  headers[kMessage] = cropped(one_line(why.message), kMessageBytesMax);
  headers[kFailure] = std::string(failure_type_name(failure_type(why.code)));
}

// Where a dead letter came from; never a queue that is none of ours, whatever a header says.
std::string home_of(const AmqpArrival& letter) {
  for (const std::string& queue : {text_at(letter.message.headers, kQueue),
                                   letter.death ? letter.death->queue : std::string()}) {
    if (queue.starts_with(kWorkPrefix)) return queue;
  }
  return kAmqpWorkQueue;
}

void explain_death(const AmqpDeath& death, DeadLetter& letter) {
  const bool is_lost = death.reason == "delivery_limit";
  const ErrorCode code = is_lost ? ErrorCode::worker_lost : ErrorCode::queue_rejected;
  letter.code = code_name(code);
  letter.failure_type = failure_type(code);
  letter.message =
      is_lost ? fmt::format("{}: whoever had it in hand was lost, again and again", death.queue)
              : fmt::format("{}: the broker took it out: {}", death.queue, death.reason);
}

}  // namespace

AmqpFate fate_of(const Handled& handled, int attempt, int attempts_max) {
  Item whole = whole_of(handled);
  AmqpFate fate;
  if (whole.what == Item::What::ack) return fate;
  fate.what = whole.what == Item::What::retry ? AmqpFate::What::later : AmqpFate::What::dead;
  fate.why = whole.why ? *std::move(whole.why)
                       : Error{ErrorCode::internal, "no cause was given", 0, {}, {}, {}};
  fate.counts = whole.counts;
  fate.not_before = whole.retry_after;
  if (fate.what == AmqpFate::What::later && fate.counts && attempt >= attempts_max) {
    fate.what = AmqpFate::What::dead;
    fate.why->message += fmt::format(" (attempt {} of {})", attempt, attempts_max);
  }
  return fate;
}

int attempt_of(const AmqpMessage& message) {
  return static_cast<int>(
      std::clamp<std::int64_t>(number_at(message.headers, kAttempt, 1), 1, kAttemptMax));
}

milliseconds retry_delay(int attempt, milliseconds not_before) {
  constexpr int kLast = static_cast<int>(std::size(kAmqpRetryDelays)) - 1;
  int which = std::clamp(attempt - 1, 0, kLast);
  while (which < kLast && kAmqpRetryDelays[which] < not_before) ++which;
  return kAmqpRetryDelays[which];
}

AmqpPublish moved_on(const AmqpArrival& arrival, const std::string& to_queue, Clock::Time now) {
  return {kAmqpExchange, to_queue, carried_on(arrival.message, now), true};
}

AmqpPublish to_retry(const AmqpArrival& arrival, const std::string& queue, const AmqpFate& fate,
                     Clock::Time now) {
  const int attempt = attempt_of(arrival.message);
  AmqpMessage message = carried_on(arrival.message, now);
  message.headers[kAttempt] = std::int64_t{fate.counts ? attempt + 1 : attempt};
  if (fate.why) write_error(message.headers, *fate.why);
  const auto delay = retry_delay(fate.counts ? attempt : 1, fate.not_before);
  return {amqp_retry_exchange(delay), queue, std::move(message), true};
}

AmqpPublish to_dead(const AmqpArrival& arrival, const std::string& queue, const Error& why,
                    Clock::Time now) {
  AmqpMessage message = carried_on(arrival.message, now);
  if (arrival.body_bytes > message.body.size()) {
    message.headers[kBytes] = static_cast<std::int64_t>(arrival.body_bytes);
    message.body.resize(std::min(message.body.size(), kCutBodyBytes));
  }
  message.headers[kAttempt] = std::int64_t{attempt_of(arrival.message)};
  message.headers[kQueue] = queue;
  message.headers[kDied] = ms_of(now);
  write_error(message.headers, why);
  return {"", kAmqpDeadQueue, std::move(message), true};
}

AmqpPublish completion(const AmqpArrival& arrival, const std::string& exchange, std::string reply) {
  AmqpMessage message;
  message.body = std::move(reply);
  message.content_type = "application/json";
  message.message_id = arrival.message.message_id;
  message.headers[kAttempt] = std::int64_t{attempt_of(arrival.message)};
  // Nobody has to listen.
  return {exchange, "", std::move(message), false};
}

DeadLetter letter_of(const AmqpArrival& arrival) {
  const AmqpTable& headers = arrival.message.headers;
  DeadLetter letter;
  letter.id = arrival.message.message_id;
  if (letter.id.empty()) letter.id = sha256_hex(arrival.message.body).substr(0, 32);
  letter.door = "amqp";
  letter.received =
      time_at(headers, kReceived).value_or(arrival.message.timestamp.value_or(Clock::Time()));
  letter.attempts = attempt_of(arrival.message);
  letter.payload = arrival.message.body;
  if (arrival.death) {
    letter.died = arrival.death->time.value_or(Clock::Time());
    explain_death(*arrival.death, letter);
    return letter;
  }
  letter.died = time_at(headers, kDied).value_or(Clock::Time());
  letter.code = text_at(headers, kCode);
  letter.message = text_at(headers, kMessage);
  letter.failure_type = text_at(headers, kFailure) == failure_type_name(FailureType::worker)
                            ? FailureType::worker
                            : FailureType::job;
  return letter;
}

AmqpPublish redriven(const AmqpArrival& arrival) {
  AmqpMessage message = carried_on(arrival.message, Clock::Time());
  std::erase_if(message.headers, [](const auto& header) {
    return is_ours(header.first) && header.first != kReceived;
  });
  if (number_at(message.headers, kReceived, 0) <= 0) message.headers.erase(kReceived);
  return {kAmqpExchange, home_of(arrival), std::move(message), true};
}

AmqpPublish new_work(Bytes body, Clock::Time now) {
  AmqpMessage message;
  message.body = std::move(body);
  message.content_type = "application/json";
  message.timestamp = now;
  return {kAmqpExchange, kAmqpWorkQueue, carried_on(message, now), true};
}

}  // namespace miniatura
