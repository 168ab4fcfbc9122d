#include "runtime/inbox_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace miniatura {
namespace {

using namespace std::chrono_literals;

constexpr auto kNever = InboxQueue::Time::max();

InboxJob job_of(std::size_t bytes) {
  InboxJob job;
  job.is_put = true;
  job.bytes = bytes;
  return job;
}

TEST(InboxQueueTest, the_jobs_come_in_order_and_a_bounded_number_at_a_time) {
  InboxQueue queue("path");
  for (std::size_t i = 0; i < 1'500; ++i) {
    InboxJob job = job_of(i);
    ASSERT_FALSE(queue.add(job));
  }
  const auto first = queue.wait(kNever, kNever);
  ASSERT_EQ(first->size(), 1'000U);
  EXPECT_EQ((*first)[999].bytes, 999U);
  const auto second = queue.wait(kNever, kNever);
  ASSERT_EQ(second->size(), 500U);
  EXPECT_EQ((*second)[0].bytes, 1'000U);
}

TEST(InboxQueueTest, too_many_puts_or_bytes_are_refused_until_some_are_taken) {
  InboxQueue many("path");
  for (int i = 0; i < 10'000; ++i) {
    InboxJob job = job_of(0);
    ASSERT_FALSE(many.add(job));
  }
  InboxJob one_more = job_of(0);
  const auto refusal = many.add(one_more);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, ErrorCode::inbox_full);
  EXPECT_THAT(refusal->message, testing::StartsWith("path: 10000 deliveries"));
  InboxJob other;  // no put: a settlement is never refused
  EXPECT_FALSE(many.add(other));
  (void)many.wait(kNever, kNever);
  EXPECT_FALSE(many.add(one_more));

  InboxQueue big("path");
  InboxJob large = job_of(60 << 20);
  ASSERT_FALSE(big.add(large));
  large = job_of(5 << 20);
  EXPECT_EQ(big.add(large)->code, ErrorCode::inbox_full);
  (void)big.wait(kNever, kNever);
  EXPECT_FALSE(big.add(large));
  large = job_of(257 << 20);
  EXPECT_EQ(big.add(large)->code, ErrorCode::inbox_full);
}

TEST(InboxQueueTest, who_takes_is_tried_once_and_then_leaves_when_the_time_is_over) {
  InboxQueue queue("path");
  std::thread taker([&] {
    const auto nothing = queue.take(0ms);
    ASSERT_TRUE(nothing);
    EXPECT_FALSE(*nothing);
  });
  ASSERT_TRUE(queue.wait(kNever, kNever)->empty());
  ASSERT_EQ(queue.takers(), 1U);
  queue.serve({}, 1, std::nullopt);
  (void)queue.wait(kNever, InboxQueue::Time::min());
  EXPECT_EQ(queue.takers(), 0U);
  taker.join();
}

TEST(InboxQueueTest, claims_go_to_those_who_wait_longest_and_an_error_to_whose_time_is_over) {
  InboxQueue queue("path");
  std::thread first([&] { EXPECT_EQ(queue.take(60'000ms)->value().id, "a"); });
  while (queue.takers() < 1) std::this_thread::yield();
  std::thread second(
      [&] { EXPECT_EQ(queue.take(0ms).error().code, ErrorCode::inbox_unavailable); });
  while (queue.takers() < 2) std::this_thread::yield();
  Claim claim;
  claim.id = "a";
  queue.serve({claim}, 2, fail(ErrorCode::inbox_unavailable, "full disk").value());
  (void)queue.wait(kNever, InboxQueue::Time::min());
  first.join();
  second.join();
}

TEST(InboxQueueTest, after_wake_nobody_waits_and_after_end_nothing_is_taken_on) {
  InboxQueue queue("path");
  InboxJob job = job_of(0);
  ASSERT_FALSE(queue.add(job));
  std::thread taker([&] { EXPECT_FALSE(queue.take(60'000ms)->has_value()); });
  while (queue.takers() < 1) std::this_thread::yield();
  queue.wake();
  EXPECT_EQ(queue.wait(kNever, kNever)->size(), 1U);
  taker.join();
  EXPECT_FALSE(queue.take(60'000ms)->has_value());
  ASSERT_FALSE(queue.add(job));
  queue.end();
  EXPECT_EQ(queue.add(job)->code, ErrorCode::inbox_unavailable);
  EXPECT_EQ(queue.wait(kNever, kNever)->size(), 1U);  // what was taken on is done
  EXPECT_FALSE(queue.wait(kNever, kNever).has_value());
}

}  // namespace
}  // namespace miniatura
