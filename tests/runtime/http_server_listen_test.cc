#include <gtest/gtest.h>

#include <string>

#include "tests/runtime/http_server_client.h"

namespace miniatura {
namespace {

class HttpServerListenTest : public HttpServerTest {
 protected:
  Error error_of(const std::string& listen) {
    setting_.listen = listen;
    const auto started = start_http_server(setting_, serve_, log_file_.log());
    return started ? Error{ErrorCode::internal, "it listens", 0, {}, {}, {}} : started.error();
  }
};

TEST_F(HttpServerListenTest, an_address_a_name_or_all_addresses_will_do) {
  for (const char* listen : {"127.0.0.1:0", "localhost:0", ":0", "0.0.0.0:0", "[::]:0"}) {
    setting_.listen = listen;
    start();
    ASSERT_GT(port(), 0);
    EXPECT_EQ(client().ask(get()).status, 200) << listen;
  }
}

TEST_F(HttpServerListenTest, a_port_that_is_given_is_the_one) {
  start();
  const int port = this->port();
  server_.reset();
  setting_.listen = "127.0.0.1:" + std::to_string(port);
  start();
  EXPECT_EQ(this->port(), port);
}

TEST_F(HttpServerListenTest, a_port_is_free_again_though_it_had_connections) {
  start();
  RawClient client = this->client();
  EXPECT_EQ(client.ask(get()).status, 200);
  setting_.listen = "127.0.0.1:" + std::to_string(port());
  server_.reset();
  start();
  EXPECT_EQ(this->client().ask(get()).status, 200);
}

TEST_F(HttpServerListenTest, a_port_that_is_taken_is_named_with_the_reason) {
  start();
  const std::string taken = "127.0.0.1:" + std::to_string(port());
  const Error error = error_of(taken);
  EXPECT_EQ(error.code, ErrorCode::config_invalid);
  EXPECT_EQ(error.message, "cannot listen on " + taken + ": Address already in use");
}

TEST_F(HttpServerListenTest, an_address_that_is_not_here_is_named_with_the_reason) {
  const Error error = error_of("192.0.2.1:0");
  EXPECT_EQ(error.code, ErrorCode::config_invalid);
  EXPECT_EQ(error.message, "cannot listen on 192.0.2.1:0: Cannot assign requested address");
  const Error name = error_of("no-such-host.invalid:80");
  EXPECT_EQ(name.code, ErrorCode::config_invalid);
  EXPECT_EQ(name.message.find("cannot listen on no-such-host.invalid:80: "), 0U) << name.message;
}

TEST_F(HttpServerListenTest, what_is_no_address_is_refused) {
  for (const char* listen :
       {"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80x",
        "127.0.0.1: 80", "::1:80", "[::1]", "[::1]80", "[127.0.0.1]:80", "[]:80", "[::1:80",
        "http://127.0.0.1:80"}) {
    const Error error = error_of(listen);
    EXPECT_EQ(error.code, ErrorCode::config_invalid) << listen;
    EXPECT_EQ(error.message.find("cannot listen on \"" + std::string(listen) + "\": "), 0U)
        << error.message;
  }
}

}  // namespace
}  // namespace miniatura
