#include "runtime/amqp_headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace miniatura {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const Clock::Time kNow = Clock::Time(1'700'000'000'123ms);
const std::int64_t kNowMs = 1'700'000'000'123;

Item item(Item::What what, ErrorCode code = ErrorCode::source_no_bucket) {
  Item item;
  item.what = what;
  if (what != Item::What::ack) item.why = Error{code, "why", 0, {}, {}, {}};
  return item;
}

AmqpArrival arrival() {
  AmqpArrival arrival;
  arrival.message.body = "body";
  arrival.body_bytes = 4;
  return arrival;
}

AmqpValue number(std::int64_t value) { return value; }

TEST(AmqpHeaders, the_worst_item_decides_and_a_retry_wins_over_death) {
  using What = AmqpFate::What;
  const Item ack = item(Item::What::ack);
  const Item retry = item(Item::What::retry);
  const Item dead = item(Item::What::dead, ErrorCode::image_corrupt);
  for (const auto& [items, what] :
       std::vector<std::pair<std::vector<Item>, What>>{{{}, What::done},
                                                       {{ack, ack}, What::done},
                                                       {{ack, dead}, What::dead},
                                                       {{dead, retry, ack}, What::later},
                                                       {{retry, dead}, What::later}}) {
    const AmqpFate fate = fate_of({"", items}, 1, 8);
    EXPECT_EQ(fate.what, what);
    EXPECT_EQ(fate.why.has_value(), what != What::done);
  }
  EXPECT_EQ(fate_of({"", {dead, retry}}, 1, 8).why->code, ErrorCode::source_no_bucket);
}

TEST(AmqpHeaders, the_last_attempt_is_dead_with_its_error) {
  const Handled handled{"", {item(Item::What::retry)}};
  EXPECT_EQ(fate_of(handled, 7, 8).what, AmqpFate::What::later);
  const AmqpFate fate = fate_of(handled, 8, 8);
  EXPECT_EQ(fate.what, AmqpFate::What::dead);
  EXPECT_EQ(fate.why->code, ErrorCode::source_no_bucket);
  EXPECT_THAT(fate.why->message, HasSubstr("attempt 8 of 8"));
}

TEST(AmqpHeaders, what_does_not_count_is_tried_for_ever_unless_an_item_beside_it_counts) {
  Item free = item(Item::What::retry);
  free.counts = false;
  free.retry_after = 5s;
  const AmqpFate fate = fate_of({"", {free}}, 8, 8);
  EXPECT_EQ(fate.what, AmqpFate::What::later);
  EXPECT_FALSE(fate.counts);
  EXPECT_EQ(fate.not_before, 5s);
  EXPECT_EQ(fate_of({"", {free, item(Item::What::retry)}}, 8, 8).what, AmqpFate::What::dead);
  const AmqpPublish again = to_retry(arrival(), "miniatura.work.a", fate, kNow);
  EXPECT_EQ(again.message.headers.at("x-miniatura-attempt"), number(1));
  EXPECT_EQ(again.exchange, "miniatura.retry.10s");
}

TEST(AmqpHeaders, an_attempt_is_a_number_from_one_whatever_somebody_wrote) {
  for (const auto& [value, attempt] :
       std::vector<std::pair<AmqpValue, int>>{{number(3), 3},
                                              {number(0), 1},
                                              {number(-9), 1},
                                              {AmqpValue("7"), 1},
                                              {AmqpValue(true), 1},
                                              {number(std::int64_t{1} << 62), 1'000'000}}) {
    AmqpMessage message;
    message.headers["x-miniatura-attempt"] = value;
    EXPECT_EQ(attempt_of(message), attempt);
  }
  EXPECT_EQ(attempt_of({}), 1);
}

TEST(AmqpHeaders, each_attempt_waits_longer_and_no_less_than_asked_for) {
  EXPECT_EQ(retry_delay(1, 0s), 1s);
  EXPECT_EQ(retry_delay(2, 0s), 10s);
  EXPECT_EQ(retry_delay(3, 0s), 60s);
  EXPECT_EQ(retry_delay(4, 0s), 300s);
  EXPECT_EQ(retry_delay(100, 0s), 300s);
  EXPECT_EQ(retry_delay(1, 1001ms), 10s);
  EXPECT_EQ(retry_delay(1, 1h), 300s);
}

TEST(AmqpHeaders, a_message_keeps_its_name_its_first_time_and_what_the_sender_wrote) {
  AmqpArrival first = arrival();
  first.message.message_id = "m";
  first.message.headers = {
      {"mine", "x"}, {"x-first-death-reason", "expired"}, {"x-delivery-count", std::int64_t{3}}};
  AmqpArrival second;
  second.message = moved_on(first, "miniatura.work.a", kNow).message;
  const AmqpPublish next = moved_on(second, "miniatura.work.b", kNow + 1h);
  EXPECT_EQ(next.exchange, "miniatura");
  EXPECT_EQ(next.routing_key, "miniatura.work.b");
  EXPECT_EQ(next.message.message_id, "m");
  EXPECT_EQ(next.message.body, "body");
  EXPECT_EQ(next.message.headers, (AmqpTable{{"mine", "x"}, {"x-miniatura-received", kNowMs}}));
}

TEST(AmqpHeaders, what_has_no_name_gets_one_of_its_own) {
  const auto a = moved_on(arrival(), "q", kNow).message.message_id;
  const auto b = moved_on(arrival(), "q", kNow).message.message_id;
  EXPECT_EQ(a.size(), 32u);
  EXPECT_NE(a, b);
}

TEST(AmqpHeaders, more_of_a_senders_headers_than_fit_are_left_behind) {
  AmqpArrival full = arrival();
  full.message.headers = {{"mine", std::string(40'000, 'x')},
                          {"x-miniatura-attempt", std::int64_t{2}}};
  const AmqpTable headers = moved_on(full, "q", kNow).message.headers;
  EXPECT_EQ(headers.count("mine"), 0u);
  EXPECT_EQ(headers.at("x-miniatura-attempt"), number(2));
}

TEST(AmqpHeaders, a_dead_letter_says_all_about_itself_and_is_read_back) {
  AmqpArrival before = arrival();
  before.message.headers["x-miniatura-attempt"] = std::int64_t{4};
  before.message.timestamp = kNow - 5min;
  const Error why{ErrorCode::image_corrupt, "photos/a.jpg:\nbad", 0, {}, {}, {}};
  const AmqpPublish dead = to_dead(before, "miniatura.work.a", why, kNow);
  EXPECT_EQ(dead.exchange, "");
  EXPECT_EQ(dead.routing_key, "miniatura.dead");
  EXPECT_TRUE(dead.must_arrive);
  EXPECT_EQ(dead.message.headers, (AmqpTable{{"x-miniatura-attempt", std::int64_t{4}},
                                             {"x-miniatura-code", "image.corrupt"},
                                             {"x-miniatura-died", kNowMs},
                                             {"x-miniatura-failure", "job"},
                                             {"x-miniatura-message", "photos/a.jpg: bad"},
                                             {"x-miniatura-queue", "miniatura.work.a"},
                                             {"x-miniatura-received", kNowMs - 300'000}}));
  AmqpArrival lies;
  lies.message = dead.message;
  const DeadLetter letter = letter_of(lies);
  EXPECT_EQ(letter.id, dead.message.message_id);
  EXPECT_EQ(letter.door, "amqp");
  EXPECT_EQ(letter.code, "image.corrupt");
  EXPECT_EQ(letter.message, "photos/a.jpg: bad");
  EXPECT_EQ(letter.failure_type, FailureType::job);
  EXPECT_EQ(letter.attempts, 4);
  EXPECT_EQ(letter.died, kNow);
  EXPECT_EQ(letter.received, kNow - 5min);
  EXPECT_EQ(letter.payload, "body");

  const AmqpPublish again = redriven(lies);
  EXPECT_EQ(again.exchange, "miniatura");
  EXPECT_EQ(again.routing_key, "miniatura.work.a");
  EXPECT_EQ(again.message.headers, (AmqpTable{{"x-miniatura-received", kNowMs - 300'000}}));
  EXPECT_EQ(again.message.message_id, letter.id);
  EXPECT_EQ(again.message.body, "body");
}

TEST(AmqpHeaders, of_what_was_too_long_the_beginning_is_kept_and_its_length) {
  AmqpArrival large = arrival();
  large.message.body = std::string(100'000, 'x');
  large.body_bytes = 5'000'000'000;
  const AmqpMessage dead =
      to_dead(large, "miniatura.work", Error{ErrorCode::event_too_large, "", 0, {}, {}, {}}, kNow)
          .message;
  EXPECT_EQ(dead.body.size(), 65'536u);
  EXPECT_EQ(dead.headers.at("x-miniatura-bytes"), number(5'000'000'000));
}

TEST(AmqpHeaders, what_the_broker_buried_is_a_lost_worker_and_goes_back_where_it_was) {
  AmqpArrival lies = arrival();
  lies.death = AmqpDeath{"miniatura.work.a", "delivery_limit", kNow};
  const DeadLetter letter = letter_of(lies);
  EXPECT_EQ(letter.code, "worker.lost");
  EXPECT_EQ(letter.failure_type, FailureType::worker);
  EXPECT_THAT(letter.message, HasSubstr("miniatura.work.a"));
  EXPECT_EQ(letter.died, kNow);
  EXPECT_EQ(letter.received, Clock::Time());
  EXPECT_EQ(letter.id, letter_of(lies).id);
  EXPECT_FALSE(letter.id.empty());
  EXPECT_EQ(redriven(lies).routing_key, "miniatura.work.a");
  EXPECT_TRUE(redriven(lies).message.headers.empty());
}

TEST(AmqpHeaders, a_letter_is_redriven_to_no_queue_that_is_not_a_work_queue) {
  AmqpArrival lies = arrival();
  lies.message.headers["x-miniatura-queue"] = "somebody.elses";
  EXPECT_EQ(redriven(lies).routing_key, "miniatura.work");
  lies.death = AmqpDeath{"miniatura.retry.1s", "maxlen", kNow};
  EXPECT_EQ(redriven(lies).routing_key, "miniatura.work");
}

TEST(AmqpHeaders, times_that_no_clock_can_say_are_none) {
  AmqpArrival lies = arrival();
  for (const std::int64_t ms : {std::int64_t{-1}, std::int64_t{1} << 62}) {
    lies.message.headers["x-miniatura-received"] = ms;
    lies.message.headers["x-miniatura-died"] = ms;
    EXPECT_EQ(letter_of(lies).received, Clock::Time());
    EXPECT_EQ(letter_of(lies).died, Clock::Time());
  }
}

TEST(AmqpHeaders, a_completion_needs_no_listener_and_new_work_needs_a_queue) {
  AmqpArrival done = arrival();
  done.message.message_id = "m";
  const AmqpPublish told = completion(done, "done", "reply");
  EXPECT_EQ(told.exchange, "done");
  EXPECT_FALSE(told.must_arrive);
  EXPECT_EQ(told.message.body, "reply");
  EXPECT_EQ(told.message.message_id, "m");
  const AmqpPublish work = new_work("event", kNow);
  EXPECT_EQ(work.exchange, "miniatura");
  EXPECT_EQ(work.routing_key, "miniatura.work");
  EXPECT_TRUE(work.must_arrive);
  EXPECT_EQ(work.message.headers.at("x-miniatura-received"), number(kNowMs));
}

}  // namespace
}  // namespace miniatura
