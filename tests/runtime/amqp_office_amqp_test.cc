// On a live broker, whose URL is in MINIATURA_TEST_BROKER (tests/e2e/rabbitmq.py).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/amqp_headers.h"
#include "runtime/amqp_office.h"
#include "runtime/amqp_publisher.h"
#include "tests/support/live_broker.h"

namespace miniatura {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Verdict = DeadLetterOffice::Verdict;

const AmqpTopology kTopology = amqp_topology("done", {"a"});

class AmqpOfficeTest : public ::testing::Test {
 protected:
  AmqpOfficeTest() : setting_(live_broker()), connection_(*AmqpConnection::open(setting_)) {
    EXPECT_TRUE(declare(*connection_, kTopology));
    for (const std::string& queue : {std::string(kAmqpDeadQueue), work_}) {
      while (auto left = *connection_->get(queue)) EXPECT_TRUE(connection_->ack(left->tag));
    }
  }

  // Dead of this code, after three attempts.
  void bury(const std::string& body, ErrorCode code) {
    AmqpArrival arrival;
    arrival.message.body = body;
    arrival.body_bytes = body.size();
    arrival.message.message_id = "id of " + body;
    arrival.message.headers["x-miniatura-attempt"] = std::int64_t{3};
    AmqpPublisher publisher(*connection_);
    ASSERT_TRUE(publisher.publish(
        to_dead(arrival, work_, Error{code, "why", 0, {}, {}, {}}, SystemClock().now())));
    ASSERT_TRUE(publisher.finish());
  }
  // The bodies that were shown.
  std::vector<std::string> walk(const DeadLetterFilter& filter, Verdict verdict) {
    std::vector<std::string> shown;
    EXPECT_TRUE(office_->walk(filter, [&](const DeadLetter& letter) {
      shown.push_back(letter.payload);
      return verdict;
    }));
    return shown;
  }
  std::vector<std::string> kept() { return walk({}, Verdict::keep); }

  const std::string work_ = "miniatura.work.a";
  AmqpSetting setting_;
  std::unique_ptr<AmqpConnection> connection_;
  std::unique_ptr<DeadLetterOffice> office_ = open_amqp_office(setting_, kTopology);
};

TEST_F(AmqpOfficeTest, shows_each_once_the_oldest_first_and_keeps_them) {
  bury("one", ErrorCode::image_corrupt);
  bury("two", ErrorCode::internal);
  bury("three", ErrorCode::image_corrupt);
  for (int i = 0; i < 3; ++i) EXPECT_THAT(kept(), ElementsAre("one", "two", "three"));
}

TEST_F(AmqpOfficeTest, what_was_kept_is_there_again_when_the_walk_is_over) {
  for (int i = 0; i < 20; ++i) bury("one", ErrorCode::image_corrupt);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(kept().size(), 20u);
    EXPECT_EQ(*connection_->count(kAmqpDeadQueue), 20u);
  }
}

TEST_F(AmqpOfficeTest, tells_of_each_what_is_known) {
  bury("one", ErrorCode::image_corrupt);
  ASSERT_TRUE(office_->walk({}, [](const DeadLetter& letter) {
    EXPECT_EQ(letter.id, "id of one");
    EXPECT_EQ(letter.code, "image.corrupt");
    EXPECT_EQ(letter.message, "why");
    EXPECT_EQ(letter.attempts, 3);
    EXPECT_EQ(letter.failure_type, FailureType::job);
    return Verdict::keep;
  }));
}

TEST_F(AmqpOfficeTest, redrives_to_where_it_came_from_as_if_it_had_just_come) {
  bury("one", ErrorCode::image_corrupt);
  bury("two", ErrorCode::internal);
  DeadLetterFilter filter;
  filter.codes = {"internal"};
  EXPECT_THAT(walk(filter, Verdict::redrive), ElementsAre("two"));
  EXPECT_THAT(kept(), ElementsAre("one"));
  const auto again = *connection_->get(work_);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->message.body, "two");
  EXPECT_EQ(again->message.message_id, "id of two");
  EXPECT_EQ(attempt_of(again->message), 1);
  EXPECT_EQ(again->message.headers.count("x-miniatura-code"), 0u);
  EXPECT_TRUE(connection_->ack(again->tag));
}

TEST_F(AmqpOfficeTest, what_cannot_go_back_stays) {
  bury("one", ErrorCode::internal);
  AmqpArrival arrival;
  arrival.message.body = "two";
  AmqpPublisher publisher(*connection_);
  ASSERT_TRUE(publisher.publish(to_dead(arrival, "miniatura.work.gone",
                                        Error{ErrorCode::internal, "", 0, {}, {}, {}},
                                        SystemClock().now())));
  ASSERT_TRUE(publisher.finish());
  const auto walked = office_->walk({}, [](const DeadLetter&) { return Verdict::redrive; });
  ASSERT_FALSE(walked);
  EXPECT_EQ(walked.error().code, ErrorCode::queue_rejected);
  EXPECT_THAT(kept(), ElementsAre("two"));
}

TEST_F(AmqpOfficeTest, drops_for_good) {
  bury("one", ErrorCode::internal);
  bury("two", ErrorCode::internal);
  DeadLetterFilter filter;
  filter.ids = {"id of one"};
  EXPECT_THAT(walk(filter, Verdict::drop), ElementsAre("one"));
  EXPECT_THAT(kept(), ElementsAre("two"));
}

TEST_F(AmqpOfficeTest, a_letter_that_died_again_meanwhile_is_not_shown_twice) {
  bury("one", ErrorCode::internal);
  int shown = 0;
  EXPECT_TRUE(office_->walk({}, [&](const DeadLetter&) {
    ++shown;
    bury("another", ErrorCode::internal);
    return Verdict::drop;
  }));
  EXPECT_EQ(shown, 1);
  EXPECT_THAT(kept(), ElementsAre("another"));
}

TEST_F(AmqpOfficeTest, an_empty_office_shows_nothing) { EXPECT_THAT(kept(), IsEmpty()); }

}  // namespace
}  // namespace miniatura
