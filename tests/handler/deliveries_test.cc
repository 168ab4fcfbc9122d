#include "handler/deliveries.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

// "id=payload" each.
std::vector<std::string> split(ByteView text) {
  std::vector<std::string> deliveries;
  for (const FileDelivery& delivery : split_deliveries(text, "f")) {
    deliveries.push_back(delivery.id + "=" + std::string(delivery.payload));
  }
  return deliveries;
}

using Deliveries = std::vector<std::string>;

TEST(SplitDeliveries, one_json_text_is_one_delivery_however_it_is_laid_out) {
  for (const char* text : {"{}", "{}\n", "\n{}\n\n", "{\n\"Records\":\n[]\n}\n", "[\n{},\n{}\n]"}) {
    EXPECT_EQ(split(text), Deliveries{std::string("f=") + text});
  }
}

TEST(SplitDeliveries, a_json_a_line_is_as_many_and_blank_lines_are_none) {
  EXPECT_EQ(split("{}\n[]\n"), (Deliveries{"f:1={}", "f:2=[]"}));
  EXPECT_EQ(split("{}\r\n{}"), (Deliveries{"f:1={}\r", "f:2={}"}));
  EXPECT_EQ(split("\n \n{}\n\n{}\n"), (Deliveries{"f:3={}", "f:5={}"}));
}

TEST(SplitDeliveries, a_bad_line_costs_itself_alone_wherever_it_stands) {
  EXPECT_EQ(split("bad\n{}\n{}"), (Deliveries{"f:1=bad", "f:2={}", "f:3={}"}));
  EXPECT_EQ(split("{}\nbad\n{}"), (Deliveries{"f:1={}", "f:2=bad", "f:3={}"}));
  EXPECT_EQ(split("{}\nbad"), (Deliveries{"f:1={}", "f:2=bad"}));
}

TEST(SplitDeliveries, a_text_without_any_event_is_one_bad_delivery) {
  for (const char* text : {"", "\n", "bad", "bad\nworse\n", "1\n2\n", "{\n\"Records\": [\n"}) {
    EXPECT_EQ(split(text), Deliveries{std::string("f=") + text});
  }
}

TEST(SplitDeliveries, a_byte_order_mark_is_skipped) {
  EXPECT_EQ(split("\xEF\xBB\xBF{}"), Deliveries{"f={}"});
  EXPECT_EQ(split("\xEF\xBB\xBF{}\n{}"), (Deliveries{"f:1={}", "f:2={}"}));
}

}  // namespace
}  // namespace miniatura
