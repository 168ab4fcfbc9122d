#include "runtime/delivery.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

using namespace std::chrono_literals;
using What = Item::What;

Item item_of(What what, const std::string& why = "", bool counts = true,
             std::chrono::milliseconds retry_after = 0ms) {
  Item item;
  item.id = "m";
  item.what = what;
  item.counts = counts;
  item.retry_after = retry_after;
  if (what != What::ack) {
    item.why.emplace();
    item.why->message = why;
  }
  return item;
}

Item whole(std::vector<Item> items) { return whole_of({"{}", std::move(items)}); }

TEST(WholeOfTest, another_attempt_comes_before_a_dead_letter_and_that_before_success) {
  EXPECT_EQ(whole({}).what, What::ack);
  EXPECT_EQ(whole({item_of(What::ack)}).what, What::ack);
  EXPECT_EQ(whole({item_of(What::ack), item_of(What::dead), item_of(What::ack)}).what, What::dead);
  EXPECT_EQ(whole({item_of(What::dead), item_of(What::retry), item_of(What::ack)}).what,
            What::retry);
}

TEST(WholeOfTest, the_first_cause_of_what_decides_is_named_and_the_whole_has_no_id) {
  const Item item = whole({item_of(What::dead, "a"), item_of(What::retry, "b"),
                           item_of(What::retry, "c"), item_of(What::dead, "d")});
  EXPECT_EQ(item.why->message, "b");
  EXPECT_EQ(item.id, "");
}

TEST(WholeOfTest, an_attempt_counts_if_one_of_the_retries_does_and_the_longest_wait_is_kept) {
  EXPECT_FALSE(whole({item_of(What::retry, "", false)}).counts);
  EXPECT_TRUE(whole({item_of(What::retry, "", false), item_of(What::retry, "", true)}).counts);
  EXPECT_FALSE(whole({item_of(What::dead, "", true), item_of(What::retry, "", false)}).counts);
  EXPECT_EQ(
      whole({item_of(What::retry, "", true, 7s), item_of(What::retry, "", true, 2s)}).retry_after,
      7s);
}

TEST(LogFieldsTest, a_delivery_is_known_by_its_id_and_trace_unless_its_door_says_otherwise) {
  Delivery delivery;
  delivery.id = "file:3";
  EXPECT_EQ(to_text(log_fields(delivery)), R"({"delivery":"file:3"})");
  delivery.trace_id = "Root=1";
  EXPECT_EQ(to_text(log_fields(delivery)), R"({"delivery":"file:3","xray_trace_id":"Root=1"})");
  delivery.log_fields = {{"function_request_id", "r1"}};
  EXPECT_EQ(to_text(log_fields(delivery)), R"({"function_request_id":"r1"})");
}

}  // namespace
}  // namespace miniatura
