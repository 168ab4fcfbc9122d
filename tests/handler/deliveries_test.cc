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

// What each piece of a stream completes, "|" after each; "id!code" is an error.
std::string streamed(const std::vector<std::string>& pieces, DeliveryStream::Limits limits = {}) {
  DeliveryStream stream("f", limits);
  std::string text;
  const auto tell = [&](const std::vector<StreamDelivery>& ready) {
    for (const StreamDelivery& delivery : ready) {
      text += delivery.id +
              (delivery.payload ? "=" + *delivery.payload
                                : "!" + std::string(code_name(delivery.payload.error().code))) +
              " ";
    }
    text += "|";
  };
  for (const std::string& piece : pieces) tell(stream.push(piece));
  tell(stream.finish());
  return text;
}

TEST(DeliveryStreamTest, a_line_is_delivered_as_soon_as_it_is_there) {
  EXPECT_EQ(streamed({"{}\n", "[", "]\n{}", "\n\n", "{}"}),
            "f:1={} ||f:2=[] |f:3={} |"
            "|f:5={} |");
  EXPECT_EQ(streamed({"{}\nbad\n{}\n"}), "f:1={} f:2=bad f:3={} ||");
}

TEST(DeliveryStreamTest, a_text_of_several_lines_is_waited_for) {
  EXPECT_EQ(streamed({"{\n", "}\n"}), "||f={\n}\n |");
  EXPECT_EQ(streamed({"[\n{},\n{}\n]"}), "|f=[\n{},\n{}\n] |");
  EXPECT_EQ(streamed({}), "f= |");
}

TEST(DeliveryStreamTest, bad_lines_before_the_first_event_are_told_with_it) {
  EXPECT_EQ(streamed({"\xEF\xBB\xBF"
                      "bad\n",
                      "\n{}\n", "{}\n"}),
            "|f:1=bad f:3={} |f:4={} ||");
  EXPECT_EQ(streamed({"bad\nworse\n"}), "|f=bad\nworse\n |");
}

TEST(DeliveryStreamTest, a_line_that_is_too_long_costs_itself_alone) {
  DeliveryStream::Limits limits;
  limits.line_bytes = 5;
  EXPECT_EQ(streamed({"{}\n", "123456", "789\n[]\n"}, limits),
            "f:1={} |f:2!event.too_large |f:3=[] ||");
  EXPECT_EQ(streamed({"123456\n{}\n"}, limits), "f:1!event.too_large f:2={} ||");
  EXPECT_EQ(streamed({"12345\n{}\n"}, limits), "f:1=12345 f:2={} ||");
  limits.text_bytes = 9;
  EXPECT_EQ(streamed({"{\n1,\n2,\n", "3,\n4,\n"}, limits), "|f!event.too_large ||");
}

// However the bytes come, what is delivered is the same.
TEST(DeliveryStreamTest, pieces_of_any_size_give_the_same) {
  for (const std::string text :
       {"{}\nbad\n\n[{}]\n{}", "bad\n{}\n", "{\n\"a\": 1\n}\n", "bad", "{}"}) {
    std::string whole = streamed({text});
    std::erase(whole, '|');
    for (std::size_t size = 1; size <= text.size(); ++size) {
      std::vector<std::string> pieces;
      for (std::size_t at = 0; at < text.size(); at += size)
        pieces.push_back(text.substr(at, size));
      std::string told = streamed(pieces);
      std::erase(told, '|');
      EXPECT_EQ(told, whole) << size;
    }
  }
}

}  // namespace
}  // namespace miniatura
