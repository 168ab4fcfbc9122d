#include "runtime/amqp_topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace miniatura {
namespace {

Error conflict(const std::string& reply) {
  return {ErrorCode::queue_conflict,
          "amqp://h:1/: PRECONDITION_FAILED - " + reply + " (406)",
          0,
          {},
          {},
          {}};
}

const AmqpQueue& queue(const AmqpTopology& topology, const std::string& name) {
  return *std::find_if(topology.queues.begin(), topology.queues.end(),
                       [&](const AmqpQueue& one) { return one.name == name; });
}

bool is_bound(const AmqpTopology& topology, const std::string& queue_name,
              const std::string& exchange, const std::string& key) {
  return std::any_of(topology.bindings.begin(), topology.bindings.end(), [&](const auto& binding) {
    return binding.queue == queue_name && binding.exchange == exchange &&
           binding.routing_key == key;
  });
}

const AmqpTopology kTopology = amqp_topology("done", {"a", "b"});

TEST(AmqpTopology, what_kills_its_worker_goes_to_the_dead_letters) {
  for (const char* name : {"miniatura.work", "miniatura.work.a", "miniatura.work.b"}) {
    const AmqpTable& arguments = queue(kTopology, name).arguments;
    EXPECT_EQ(arguments.at("x-queue-type"), AmqpValue("quorum"));
    EXPECT_EQ(arguments.at("x-delivery-limit"), AmqpValue(std::int64_t{5}));
    EXPECT_EQ(arguments.at("x-dead-letter-exchange"), AmqpValue("miniatura.dlx"));
    EXPECT_EQ(arguments.at("x-dead-letter-strategy"), AmqpValue("at-least-once"));
    EXPECT_EQ(arguments.at("x-overflow"), AmqpValue("reject-publish"));
    EXPECT_TRUE(is_bound(kTopology, name, "miniatura", name));
  }
  EXPECT_TRUE(is_bound(kTopology, "miniatura.dead", "miniatura.dlx", ""));
}

TEST(AmqpTopology, what_waited_keeps_its_routing_key_and_so_comes_back_where_it_was) {
  for (const auto& [name, ms] : {std::pair{"miniatura.retry.1s", 1'000},
                                 {"miniatura.retry.10s", 10'000},
                                 {"miniatura.retry.60s", 60'000},
                                 {"miniatura.retry.300s", 300'000}}) {
    const AmqpTable& arguments = queue(kTopology, name).arguments;
    EXPECT_EQ(arguments.at("x-message-ttl"), AmqpValue(std::int64_t{ms}));
    EXPECT_EQ(arguments.at("x-dead-letter-exchange"), AmqpValue("miniatura"));
    EXPECT_EQ(arguments.count("x-dead-letter-routing-key"), 0u);
    EXPECT_EQ(arguments.at("x-dead-letter-strategy"), AmqpValue("at-least-once"));
    EXPECT_TRUE(is_bound(kTopology, name, name, ""));
  }
}

TEST(AmqpTopology, dead_letters_may_be_looked_at_as_often_as_one_likes) {
  const AmqpTable& arguments = queue(kTopology, "miniatura.dead").arguments;
  EXPECT_GT(std::get<std::int64_t>(arguments.at("x-delivery-limit")), 1'000'000);
}

TEST(AmqpTopology, a_conflict_names_the_queue_the_argument_and_both_values) {
  EXPECT_EQ(explained(conflict("inequivalent arg 'x-delivery-limit' for queue 'miniatura.work' in "
                               "vhost '/': received the value '5' of type 'signedint' but current "
                               "is the value '3' of type 'long'"))
                .message,
            "amqp://h:1/: queue miniatura.work is there with another x-delivery-limit: 3, and not "
            "5");
  EXPECT_EQ(
      explained(conflict("inequivalent arg 'x-queue-type' for queue 'miniatura.work' in vhost "
                         "'/': received the value 'quorum' of type 'longstr' but current is "
                         "none"))
          .message,
      "amqp://h:1/: queue miniatura.work is there with another x-queue-type: none, and not "
      "quorum");
  EXPECT_EQ(explained(conflict("inequivalent arg 'type' for exchange 'miniatura' in vhost '/': "
                               "received 'direct' but current is 'topic'"))
                .message,
            "amqp://h:1/: exchange miniatura is there with another type: topic, and not direct");
}

TEST(AmqpTopology, what_is_no_such_conflict_is_left_as_it_is) {
  for (const char* reply :
       {"unknown delivery tag 7", "inequivalent arg 'x", "inequivalent arg ''"}) {
    EXPECT_EQ(explained(conflict(reply)).message, conflict(reply).message);
  }
}

}  // namespace
}  // namespace miniatura
