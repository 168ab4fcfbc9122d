#include "runtime/amqp_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace miniatura {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(AmqpUrl, a_host_alone_is_enough) {
  const auto address = parse_amqp_url("amqp://broker");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "broker");
  EXPECT_EQ(address->port, 5672);
  EXPECT_EQ(address->vhost, "/");
  EXPECT_EQ(address->user, "guest");
  EXPECT_EQ(address->password, "guest");
  EXPECT_FALSE(address->is_tls);
}

TEST(AmqpUrl, every_part_is_read_and_decoded_once) {
  const auto address = parse_amqp_url("amqps://jo%40home:p%2Fs%253A@[::1]:7001/a%2Fb");
  ASSERT_TRUE(address);
  EXPECT_TRUE(address->is_tls);
  EXPECT_EQ(address->user, "jo@home");
  EXPECT_EQ(address->password, "p/s%3A");
  EXPECT_EQ(address->host, "::1");
  EXPECT_EQ(address->port, 7001);
  EXPECT_EQ(address->vhost, "a/b");
}

TEST(AmqpUrl, tls_has_a_port_of_its_own) {
  EXPECT_EQ(parse_amqp_url("amqps://broker/")->port, 5671);
  EXPECT_EQ(parse_amqp_url("amqps://broker/")->vhost, "/");
  EXPECT_EQ(parse_amqp_url("amqp://broker/%2F")->vhost, "/");
}

TEST(AmqpUrl, its_text_holds_neither_user_nor_password) {
  EXPECT_EQ(parse_amqp_url("amqp://jo:secret@broker:1/v")->text(), "amqp://broker:1/v");
  EXPECT_EQ(parse_amqp_url("amqps://jo:secret@[::1]")->text(), "amqps://[::1]:5671/");
}

TEST(AmqpUrl, what_is_not_understood_is_an_error_that_repeats_no_password) {
  for (const char* url : {"",
                          "http://broker",
                          "amqp:/broker",
                          "amqp://",
                          "amqp://:1",
                          "amqp://jo:secret@",
                          "AMQP://x",
                          "amqp://jo:secret@broker:0",
                          "amqp://jo:secret@broker:65536",
                          "amqp://jo:secret@broker:",
                          "amqp://jo:secret@broker:1x",
                          "amqp://jo:sec@ret@broker",
                          "amqp://jo:secret:x@broker",
                          "amqp://jo:secret%4@broker",
                          "amqp://jo:secret%zz@broker",
                          "amqp://jo:secret%00@broker",
                          "amqp://:secret@broker",
                          "amqp://jo:secret@[::1",
                          "amqp://jo:secret@[::1]x",
                          "amqp://jo:secret@bro ker",
                          "amqp://jo:secret@broker/a/b",
                          "amqp://jo:secret@broker/%",
                          "amqp://jo:secret@broker/?heartbeat=5",
                          "amqp://jo:secret@broker#x",
                          "amqp://jo:secret/x@broker"}) {
    SCOPED_TRACE(url);
    const auto address = parse_amqp_url(url);
    ASSERT_FALSE(address);
    EXPECT_EQ(address.error().code, ErrorCode::config_invalid);
    EXPECT_THAT(address.error().message, HasSubstr("the queue's URL: "));
    EXPECT_THAT(address.error().message, Not(HasSubstr("secret")));
  }
}

TEST(AmqpUrl, a_part_over_what_amqp_can_say_is_an_error) {
  EXPECT_TRUE(parse_amqp_url("amqp://b/" + std::string(255, 'v')));
  EXPECT_FALSE(parse_amqp_url("amqp://b/" + std::string(256, 'v')));
}

}  // namespace
}  // namespace miniatura
