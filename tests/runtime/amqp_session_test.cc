// On a broker that does as the test says: what was published and acknowledged, in its order.
#include "runtime/amqp_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ScriptedChannel : public AmqpChannel {
 public:
  Result<std::uint64_t> publish(const AmqpPublish& publish) override {
    published.push_back(publish);
    said.push_back("publish " + publish.exchange + ":" + publish.routing_key);
    if (is_broken) return fail(ErrorCode::queue_unavailable, "broken");
    return published.size();
  }
  Result<void> ack(std::uint64_t tag) override {
    said.push_back("ack " + std::to_string(tag));
    return {};
  }
  Result<void> give_back(std::uint64_t tag) override {
    said.push_back("give back " + std::to_string(tag));
    return {};
  }

  std::vector<AmqpPublish> published;
  std::vector<std::string> said;
  bool is_broken = false;
};

AmqpArrival arrival(std::uint64_t tag, const std::string& queue = "miniatura.work.a") {
  AmqpArrival arrival;
  arrival.tag = tag;
  arrival.consumer = queue;
  arrival.message.body = "body";
  arrival.body_bytes = 4;
  return arrival;
}

Handled ended(Item::What what, ErrorCode code = ErrorCode::source_no_bucket) {
  Item item;
  item.what = what;
  if (what != Item::What::ack) item.why = Error{code, "why", 0, {}, {}, {}};
  return {"reply", {item}};
}

class AmqpSessionTest : public ::testing::Test {
 protected:
  AmqpSessionTest() {
    setting_.completions = "done";
    setting_.attempts_max = 2;
    setting_.route = [](ByteView payload) -> Result<std::string> {
      if (payload == "junk") return fail(ErrorCode::event_malformed, "junk");
      return std::string("a");
    };
    setting_.log = &log_;
    setting_.clock = &clock_;
  }

  // Given to a job; its ticket.
  std::uint64_t begun(AmqpArrival message) {
    EXPECT_TRUE(session_.take(std::move(message), now_));
    return session_.next_job()->ticket;
  }
  void confirm(std::uint64_t number, AmqpConfirmed::What what = AmqpConfirmed::What::taken) {
    EXPECT_TRUE(session_.take(AmqpConfirmed{number, what}, now_));
  }

  ManualClock clock_;
  Log log_{LogLevel::off};
  AmqpSessionSetting setting_;
  ScriptedChannel channel_;
  std::uint64_t tickets_ = 0;
  AmqpSession session_{channel_, setting_, tickets_};
  AmqpSession::TimePoint now_{};
};

TEST_F(AmqpSessionTest, what_is_done_is_told_and_acknowledged_only_when_that_is_confirmed) {
  const std::uint64_t ticket = begun(arrival(7));
  EXPECT_THAT(channel_.said, IsEmpty());
  EXPECT_TRUE(*session_.settle(ticket, ended(Item::What::ack)));
  EXPECT_THAT(channel_.said, ElementsAre("publish done:"));
  EXPECT_EQ(channel_.published[0].message.body, "reply");
  EXPECT_FALSE(channel_.published[0].must_arrive);
  EXPECT_FALSE(session_.is_done());
  confirm(1);
  EXPECT_THAT(channel_.said, ElementsAre("publish done:", "ack 7"));
  EXPECT_TRUE(session_.is_done());
}

TEST_F(AmqpSessionTest,
       what_failed_waits_for_its_next_attempt_and_is_acknowledged_when_it_is_there) {
  ASSERT_TRUE(session_.settle(begun(arrival(7)), ended(Item::What::retry)));
  EXPECT_THAT(channel_.said, ElementsAre("publish miniatura.retry.1s:miniatura.work.a"));
  EXPECT_TRUE(channel_.published[0].must_arrive);
  EXPECT_EQ(channel_.published[0].message.headers.at("x-miniatura-attempt"),
            AmqpValue(std::int64_t{2}));
  confirm(1);
  EXPECT_EQ(channel_.said.back(), "ack 7");
}

TEST_F(AmqpSessionTest, the_last_attempt_and_what_is_hopeless_go_to_the_dead_letters) {
  AmqpArrival last = arrival(7);
  last.message.headers["x-miniatura-attempt"] = std::int64_t{2};
  ASSERT_TRUE(session_.settle(begun(last), ended(Item::What::retry)));
  ASSERT_TRUE(session_.settle(begun(arrival(8)), ended(Item::What::dead, ErrorCode::internal)));
  EXPECT_THAT(channel_.said, ElementsAre("publish :miniatura.dead", "publish :miniatura.dead"));
  confirm(2);
  EXPECT_EQ(channel_.said.back(), "ack 8");
}

TEST_F(AmqpSessionTest, what_the_broker_did_not_take_is_published_again_and_stays_unacknowledged) {
  for (const auto no : {AmqpConfirmed::What::refused, AmqpConfirmed::What::unroutable}) {
    channel_.said.clear();
    const std::uint64_t first = channel_.published.size() + 1;
    ASSERT_TRUE(session_.settle(begun(arrival(7)), ended(Item::What::retry)));
    confirm(first, no);
    EXPECT_EQ(channel_.said.size(), 1u);
    EXPECT_FALSE(session_.is_done());
    EXPECT_EQ(session_.misses_a_queue(), no == AmqpConfirmed::What::unroutable);
    session_.declared();
    ASSERT_TRUE(session_.tick(now_ + 999ms));
    EXPECT_EQ(channel_.said.size(), 1u);
    EXPECT_EQ(session_.due(), now_ + 1s);
    ASSERT_TRUE(session_.tick(now_ + 1s));
    EXPECT_EQ(channel_.said.size(), 2u);
    EXPECT_EQ(channel_.said[0], channel_.said[1]);
    confirm(first + 1);
    EXPECT_EQ(channel_.said.back(), "ack 7");
    EXPECT_FALSE(session_.due());
  }
}

TEST_F(AmqpSessionTest, each_publish_that_is_not_taken_waits_longer) {
  ASSERT_TRUE(session_.settle(begun(arrival(7)), ended(Item::What::dead)));
  for (int tries = 0; tries < 8; ++tries) {
    confirm(channel_.published.size(), AmqpConfirmed::What::refused);
    const auto pause = *session_.due() - now_;
    EXPECT_EQ(pause, 1s * (1 << std::min(tries, 5)));
    now_ = *session_.due();
    ASSERT_TRUE(session_.tick(now_));
  }
}

TEST_F(AmqpSessionTest, a_message_that_came_is_moved_to_the_queue_of_what_it_needs) {
  ASSERT_TRUE(session_.take(arrival(3, "miniatura.work"), now_));
  EXPECT_FALSE(session_.next_job());
  EXPECT_THAT(channel_.said, ElementsAre("publish miniatura:miniatura.work.a"));
  EXPECT_TRUE(channel_.published[0].must_arrive);
  confirm(1);
  EXPECT_EQ(channel_.said.back(), "ack 3");
}

TEST_F(AmqpSessionTest, what_cannot_be_moved_on_is_dead) {
  AmqpArrival junk = arrival(3, "miniatura.work");
  junk.message.body = "junk";
  ASSERT_TRUE(session_.take(junk, now_));
  EXPECT_THAT(channel_.said, ElementsAre("publish :miniatura.dead"));
  EXPECT_EQ(channel_.published[0].message.headers.at("x-miniatura-code"),
            AmqpValue("event.malformed"));
}

TEST_F(AmqpSessionTest, what_is_too_long_is_dead_without_being_looked_at) {
  for (const char* queue : {"miniatura.work", "miniatura.work.a"}) {
    AmqpArrival large = arrival(3, queue);
    large.body_bytes = 5;
    ASSERT_TRUE(session_.take(large, now_));
    EXPECT_FALSE(session_.next_job());
    EXPECT_EQ(channel_.published.back().message.headers.at("x-miniatura-code"),
              AmqpValue("event.too_large"));
  }
}

TEST_F(AmqpSessionTest, what_a_job_says_for_a_lost_connection_is_not_heard) {
  const std::uint64_t ticket = begun(arrival(7));
  ScriptedChannel next_channel;
  AmqpSession next(next_channel, setting_, tickets_);
  ASSERT_TRUE(next.take(arrival(7), now_));
  const auto again = next.next_job();
  EXPECT_NE(again->ticket, ticket);
  EXPECT_FALSE(*next.settle(ticket, ended(Item::What::ack)));
  EXPECT_THAT(next_channel.said, IsEmpty());
  EXPECT_TRUE(*next.settle(again->ticket, ended(Item::What::ack)));
}

TEST_F(AmqpSessionTest, the_end_gives_back_what_waits_and_finishes_what_is_under_way) {
  const std::uint64_t ticket = begun(arrival(1));
  ASSERT_TRUE(session_.take(arrival(2), now_));
  ASSERT_TRUE(session_.stop());
  EXPECT_THAT(channel_.said, ElementsAre("give back 2"));
  ASSERT_TRUE(session_.take(arrival(3, "miniatura.work"), now_));
  EXPECT_EQ(channel_.said.back(), "give back 3");
  EXPECT_FALSE(session_.next_job());
  EXPECT_FALSE(session_.is_done());
  ASSERT_TRUE(session_.settle(ticket, ended(Item::What::ack)));
  EXPECT_FALSE(session_.is_done());
  confirm(1);
  EXPECT_TRUE(session_.is_done());
}

TEST_F(AmqpSessionTest, what_waits_too_long_for_a_job_waits_elsewhere_and_uses_up_no_attempt) {
  ASSERT_TRUE(session_.take(arrival(1), now_));
  ASSERT_TRUE(session_.tick(now_ + 9min));
  EXPECT_THAT(channel_.said, IsEmpty());
  ASSERT_TRUE(session_.tick(now_ + 10min));
  EXPECT_THAT(channel_.said, ElementsAre("publish miniatura.retry.1s:miniatura.work.a"));
  EXPECT_EQ(channel_.published[0].message.headers.at("x-miniatura-attempt"),
            AmqpValue(std::int64_t{1}));
  EXPECT_FALSE(session_.next_job());
}

TEST_F(AmqpSessionTest, a_consumer_that_the_broker_gave_up_ends_it) {
  const auto taken = session_.take(AmqpCancelled{"miniatura.work.a"}, now_);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::queue_unavailable);
}

TEST_F(AmqpSessionTest, a_broken_channel_ends_it) {
  channel_.is_broken = true;
  EXPECT_FALSE(session_.settle(begun(arrival(1)), ended(Item::What::ack)));
}

TEST_F(AmqpSessionTest, a_job_knows_its_attempt_and_until_when_it_may_run) {
  AmqpArrival message = arrival(1);
  message.message.headers["x-miniatura-attempt"] = std::int64_t{2};
  message.message.message_id = "m";
  ASSERT_TRUE(session_.take(message, now_));
  const auto job = session_.next_job();
  EXPECT_EQ(job->delivery.attempt, 2);
  EXPECT_EQ(job->delivery.id, "m");
  EXPECT_EQ(job->delivery.payload, "body");
  EXPECT_EQ(job->delivery.door, "amqp");
  EXPECT_EQ(job->delivery.deadline.remaining(clock_), setting_.job_time);
}

}  // namespace
}  // namespace miniatura
