// On a live broker, whose URL is in MINIATURA_TEST_BROKER (tests/e2e/rabbitmq.py).
#include <gtest/gtest.h>

#include <map>
#include <stdexcept>

#include "runtime/amqp_connection.h"
#include "tests/support/live_broker.h"

namespace miniatura {
namespace {

using std::chrono::seconds;

class AmqpConnectionTest : public ::testing::Test {
 protected:
  AmqpConnectionTest() : setting_(live_broker()), connection_(*AmqpConnection::open(setting_)) {
    queue_.name = fresh_name();
    queue_.arguments = {{"x-queue-type", "quorum"}};
    EXPECT_TRUE(connection_->declare(queue_));
  }

  AmqpPublish to_queue(Bytes body) const {
    AmqpPublish publish;
    publish.routing_key = queue_.name;
    publish.message.body = std::move(body);
    return publish;
  }
  // The next event that is a T.
  template <class T>
  T next() {
    for (;;) {
      auto event = connection_->next(seconds(60));
      if (!event || !*event) throw std::runtime_error("no such event");
      if (auto* found = std::get_if<T>(&**event)) return std::move(*found);
    }
  }
  AmqpConfirmed::What publish(const AmqpPublish& publish) {
    const auto number = connection_->publish(publish);
    const auto confirmed = next<AmqpConfirmed>();
    EXPECT_EQ(confirmed.number, *number);
    return confirmed.what;
  }

  AmqpSetting setting_;
  std::unique_ptr<AmqpConnection> connection_;
  AmqpQueue queue_;
};

TEST_F(AmqpConnectionTest, what_is_published_comes_as_it_went) {
  AmqpPublish sent = to_queue(std::string("\0\xff body", 7));
  sent.message.headers = {{"text", "ümläut"}, {"number", std::int64_t{-7}}, {"flag", true}};
  sent.message.content_type = "application/json";
  sent.message.message_id = "m-1";
  sent.message.timestamp = Clock::Time(seconds(1'700'000'000));
  EXPECT_EQ(publish(sent), AmqpConfirmed::What::taken);
  ASSERT_TRUE(connection_->consume(queue_.name));
  const auto arrival = next<AmqpArrival>();
  EXPECT_EQ(arrival.message.body, sent.message.body);
  EXPECT_EQ(arrival.body_bytes, 7u);
  EXPECT_EQ(arrival.message.headers, sent.message.headers);
  EXPECT_EQ(arrival.message.content_type, sent.message.content_type);
  EXPECT_EQ(arrival.message.message_id, sent.message.message_id);
  EXPECT_EQ(arrival.message.timestamp, sent.message.timestamp);
  EXPECT_EQ(arrival.consumer, queue_.name);
  EXPECT_EQ(arrival.routing_key, queue_.name);
  EXPECT_FALSE(arrival.death);
}

TEST_F(AmqpConnectionTest,
       each_publish_has_its_confirmation_and_only_the_one_without_a_queue_a_no) {
  std::map<std::uint64_t, AmqpConfirmed::What> wanted;
  for (int i = 0; i < 50; ++i) {
    AmqpPublish one = to_queue("x");
    const bool is_lost = i % 7 == 3;
    if (is_lost) one.routing_key = "nowhere";
    wanted[*connection_->publish(one)] =
        is_lost ? AmqpConfirmed::What::unroutable : AmqpConfirmed::What::taken;
  }
  std::map<std::uint64_t, AmqpConfirmed::What> found;
  while (found.size() < wanted.size()) {
    const auto confirmed = next<AmqpConfirmed>();
    EXPECT_EQ(found.count(confirmed.number), 0u);
    found[confirmed.number] = confirmed.what;
  }
  EXPECT_EQ(found, wanted);
}

TEST_F(AmqpConnectionTest, what_need_not_arrive_is_taken_where_nobody_listens) {
  AmqpPublish nowhere = to_queue("x");
  nowhere.routing_key = "nowhere";
  nowhere.must_arrive = false;
  EXPECT_EQ(publish(nowhere), AmqpConfirmed::What::taken);
}

TEST_F(AmqpConnectionTest, a_full_queue_refuses) {
  queue_ = {fresh_name(),
            {{"x-queue-type", "quorum"},
             {"x-max-length", std::int64_t{1}},
             {"x-overflow", "reject-publish"}}};
  ASSERT_TRUE(connection_->declare(queue_));
  AmqpConfirmed::What what = AmqpConfirmed::What::taken;
  for (int i = 0; i < 1'000 && what == AmqpConfirmed::What::taken; ++i)
    what = publish(to_queue("x"));
  EXPECT_EQ(what, AmqpConfirmed::What::refused);
}

TEST_F(AmqpConnectionTest,
       of_a_body_over_the_limit_the_beginning_is_kept_and_the_next_one_is_whole) {
  setting_.body_bytes_max = 100;
  auto reader = *AmqpConnection::open(setting_);
  const std::string large = std::string(100, 'a') + std::string(3'000'000, 'b');
  EXPECT_EQ(publish(to_queue(large)), AmqpConfirmed::What::taken);
  EXPECT_EQ(publish(to_queue("small")), AmqpConfirmed::What::taken);
  const auto first = reader->get(queue_.name);
  EXPECT_EQ((*first)->message.body, std::string(100, 'a'));
  EXPECT_EQ((*first)->body_bytes, large.size());
  EXPECT_EQ((*reader->get(queue_.name))->message.body, "small");
  EXPECT_FALSE(*reader->get(queue_.name));
}

TEST_F(AmqpConnectionTest, no_more_than_the_prefetch_comes_until_something_is_acknowledged) {
  for (int i = 0; i < 5; ++i) publish(to_queue(std::to_string(i)));
  ASSERT_TRUE(connection_->prefetch(2));
  ASSERT_TRUE(connection_->consume(queue_.name));
  const auto first = next<AmqpArrival>();
  next<AmqpArrival>();
  EXPECT_EQ(*connection_->count(queue_.name), 3u);
  EXPECT_FALSE(*connection_->next(seconds(0)));
  ASSERT_TRUE(connection_->ack(first.tag));
  EXPECT_EQ(next<AmqpArrival>().message.body, "2");
}

TEST_F(AmqpConnectionTest, what_is_given_back_and_what_a_lost_connection_had_comes_again) {
  publish(to_queue("x"));
  ASSERT_TRUE(connection_->consume(queue_.name));
  ASSERT_TRUE(connection_->give_back(next<AmqpArrival>().tag));
  next<AmqpArrival>();
  connection_ = *AmqpConnection::open(setting_);
  ASSERT_TRUE(connection_->consume(queue_.name));
  EXPECT_EQ(next<AmqpArrival>().message.body, "x");
}

TEST_F(AmqpConnectionTest, what_the_broker_buried_says_where_and_why) {
  const std::string grave = fresh_name();
  ASSERT_TRUE(connection_->declare(AmqpQueue{grave, {{"x-queue-type", "quorum"}}}));
  queue_ = {fresh_name(),
            {{"x-queue-type", "quorum"},
             {"x-delivery-limit", std::int64_t{1}},
             {"x-dead-letter-exchange", ""},
             {"x-dead-letter-routing-key", grave}}};
  ASSERT_TRUE(connection_->declare(queue_));
  publish(to_queue("x"));
  ASSERT_TRUE(connection_->consume(queue_.name));
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(connection_->give_back(next<AmqpArrival>().tag));
  ASSERT_TRUE(connection_->consume(grave));
  const auto buried = next<AmqpArrival>();
  ASSERT_TRUE(buried.death);
  EXPECT_EQ(buried.death->queue, queue_.name);
  EXPECT_EQ(buried.death->reason, "delivery_limit");
  EXPECT_GT(buried.death->time.value_or(Clock::Time()), Clock::Time(seconds(1'700'000'000)));
}

TEST_F(AmqpConnectionTest, another_queue_of_the_name_is_a_conflict_and_none_is_a_no) {
  queue_.arguments["x-delivery-limit"] = std::int64_t{3};
  EXPECT_EQ(connection_->declare(queue_).error().code, ErrorCode::queue_conflict);
  connection_ = *AmqpConnection::open(setting_);
  const auto counted = connection_->count("nowhere");
  EXPECT_EQ(counted.error().code, ErrorCode::queue_rejected);
  EXPECT_NE(counted.error().message.find("amqp://127.0.0.1:"), std::string::npos);
}

}  // namespace
}  // namespace miniatura
