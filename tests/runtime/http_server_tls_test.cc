#include "runtime/http_server_tls.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "runtime/curl_http.h"
#include "runtime/process.h"
#include "tests/runtime/http_server_client.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {
namespace {

using std::chrono::milliseconds;

// A client of TLS that can stop in the middle of a request.
class TlsClient {
 public:
  explicit TlsClient(int port, int newest_version = TLS1_3_VERSION) : socket_(connected_to(port)) {
    // What is old is refused by nobody but the server.
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_.get(), newest_version);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), socket_.get());
  }

  bool handshake() { return SSL_connect(ssl_.get()) == 1; }
  void send(const std::string& bytes) {
    SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
  }
  // All that comes, and whether it ended as TLS ends.
  std::pair<std::string, bool> rest() {
    std::string all;
    char buffer[4096];
    int got = 0;
    while ((got = SSL_read(ssl_.get(), buffer, sizeof buffer)) > 0) {
      all.append(buffer, static_cast<std::size_t>(got));
    }
    return {all, SSL_get_error(ssl_.get(), got) == SSL_ERROR_ZERO_RETURN};
  }

 private:
  Descriptor socket_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{SSL_CTX_new(TLS_client_method()),
                                                             &SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, &SSL_free};
};

class HttpServerTlsTest : public HttpServerTest {
 protected:
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

  void openssl(std::vector<std::string> words) {
    words.insert(words.begin(), "openssl");
    words.emplace_back("-batch");
    const auto end = run_process(words, Environment({{"PATH", std::getenv("PATH")}}));
    ASSERT_TRUE(end) << end.error().message;
    ASSERT_EQ(end->exit_status, 0);
  }
  // NAME.crt and NAME.key, signed by itself.
  void make_certificate(const std::string& name) {
    openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", path(name + ".key"), "-out", path(name + ".crt"), "-days", "2", "-subj",
             "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"});
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
  }
  Error error_of(const std::string& certificate, const std::string& key) {
    const auto made = make_tls_context(path(certificate), path(key), log_file_.log());
    return made ? Error{ErrorCode::internal, "it is taken", 0, {}, {}, {}} : made.error();
  }
  void start_tls() {
    make_certificate("server");
    setting_.certificate_file = path("server.crt");
    setting_.key_file = path("server.key");
    start();
  }
  std::unique_ptr<HttpTransport> transport() const {
    return make_curl_transport({.user_agent = "test/1",
                                .use_proxy = false,
                                .trusted = authorities_in(path("server.crt"), "the test").value()},
                               clock_);
  }

  TemporaryDirectory directory_;
  SystemClock clock_;
};

TEST_F(HttpServerTlsTest, requests_are_served_over_https) {
  start_tls();
  const auto transport = this->transport();
  const Bytes body(500'000, 'x');
  for (int i = 0; i < 3; ++i) {
    HttpRequest request;
    request.method = "POST";
    request.url = "https://127.0.0.1:" + std::to_string(port()) + "/a?b";
    request.body = body;
    const auto reply = miniatura::send(*transport, request);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_TRUE(reply->body == "POST /a ? b\n" + body);
  }
  server_->stop(kHangTime);
}

TEST_F(HttpServerTlsTest, the_end_of_an_answer_is_no_truncation) {
  start_tls();
  TlsClient client(port());
  ASSERT_TRUE(client.handshake());
  client.send(get("/", "Connection: close\r\n"));
  const auto [answer, is_proper_end] = client.rest();
  EXPECT_EQ(answer.substr(0, 13), "HTTP/1.1 200 ");
  EXPECT_TRUE(is_proper_end);
}

TEST_F(HttpServerTlsTest, a_request_whose_time_is_over_is_told_so) {
  setting_.limits.request = milliseconds(2000);
  start_tls();
  TlsClient client(port());
  ASSERT_TRUE(client.handshake());
  client.send(post("abc").substr(0, 20));
  EXPECT_EQ(client.rest().first.substr(0, 13), "HTTP/1.1 408 ");
}

TEST_F(HttpServerTlsTest, whoever_never_shakes_hands_is_hung_up_on) {
  setting_.limits.request = milliseconds(300);
  start_tls();
  RawClient silent = client();
  RawClient halfway = client();
  halfway.send(std::string("\x16\x03\x01\x02\x00\x01\x00", 7));
  EXPECT_TRUE(silent.is_at_end());
  EXPECT_TRUE(halfway.is_at_end());
}

TEST_F(HttpServerTlsTest, whoever_does_not_shake_hands_makes_room) {
  setting_.limits.connections = 2;
  start_tls();
  RawClient silent = client();
  RawClient other = client();
  TlsClient good(port());
  ASSERT_TRUE(good.handshake());
  EXPECT_TRUE(silent.is_at_end());
}

TEST_F(HttpServerTlsTest, who_speaks_plain_http_gets_no_answer) {
  start_tls();
  RawClient plain = client();
  plain.send(get());
  EXPECT_EQ(plain.reply().status, 0);
  EXPECT_EQ(served_, 0);
}

TEST_F(HttpServerTlsTest, nothing_older_than_tls_1_2_is_spoken) {
  start_tls();
  EXPECT_TRUE(TlsClient(port(), TLS1_3_VERSION).handshake());
  EXPECT_TRUE(TlsClient(port(), TLS1_2_VERSION).handshake());
  ERR_clear_error();
  EXPECT_FALSE(TlsClient(port(), TLS1_1_VERSION).handshake());
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
}

TEST_F(HttpServerTlsTest, at_the_stop_a_handshake_is_not_waited_for) {
  setting_.limits.request = std::chrono::hours(1);
  start_tls();
  RawClient silent = client();
  ASSERT_TRUE(TlsClient(port()).handshake());  // so the one before was let in
  server_->stop(std::chrono::hours(1));
  EXPECT_TRUE(silent.is_at_end());
}

TEST_F(HttpServerTlsTest, what_cannot_be_is_told_before_anybody_connects) {
  make_certificate("one");
  make_certificate("two");
  openssl({"req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-passout",
           "pass:secret", "-keyout", path("locked.key"), "-out", path("locked.csr"), "-subj",
           "/CN=x"});
  write("nonsense", "nonsense\n");
  write("empty", "");
  struct Case {
    std::string certificate, key;
    ErrorCode code;
    std::string about, why;
  };
  const std::vector<Case> cases = {
      {"absent", "one.key", ErrorCode::file_unreadable, "absent", "No such file"},
      {"one.crt", "absent", ErrorCode::file_unreadable, "absent", "No such file"},
      {"nonsense", "one.key", ErrorCode::config_invalid, "nonsense", "no certificate"},
      {"empty", "one.key", ErrorCode::config_invalid, "empty", "no certificate"},
      {"one.key", "one.key", ErrorCode::config_invalid, "one.key", "no certificate"},
      {"one.crt", "nonsense", ErrorCode::config_invalid, "nonsense", "no private key"},
      {"one.crt", "one.crt", ErrorCode::config_invalid, "one.crt", "no private key"},
      {"one.crt", "locked.key", ErrorCode::config_invalid, "locked.key", "passphrase"},
      {"one.crt", "two.key", ErrorCode::config_invalid, "two.key", "does not belong"},
  };
  for (const Case& c : cases) {
    const Error error = error_of(c.certificate, c.key);
    EXPECT_EQ(error.code, c.code) << c.certificate << " " << c.key << ": " << error.message;
    EXPECT_NE(error.message.find(path(c.about)), std::string::npos) << error.message;
    EXPECT_NE(error.message.find(c.why), std::string::npos) << error.message;
  }
  setting_.certificate_file = path("one.crt");
  const auto half = start_http_server(setting_, serve_, log_file_.log());
  ASSERT_FALSE(half);
  EXPECT_EQ(half.error().code, ErrorCode::config_invalid);
}

TEST_F(HttpServerTlsTest, a_certificate_out_of_its_time_is_served_with_a_warning) {
  make_certificate("fresh");
  ASSERT_TRUE(make_tls_context(path("fresh.crt"), path("fresh.key"), log_file_.log()));
  EXPECT_EQ(log_file_.text(), "");
  openssl({"req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
           "-keyout", path("old.key"), "-out", path("old.csr"), "-subj", "/CN=127.0.0.1"});
  const auto end = run_process({"openssl", "x509", "-req", "-in", path("old.csr"), "-signkey",
                                path("old.key"), "-days", "-1", "-out", path("old.crt")},
                               Environment({{"PATH", std::getenv("PATH")}}));
  ASSERT_TRUE(end && end->exit_status == 0);
  ASSERT_TRUE(make_tls_context(path("old.crt"), path("old.key"), log_file_.log()));
  EXPECT_NE(log_file_.text().find("the certificate has expired"), std::string::npos);
  EXPECT_NE(log_file_.text().find("old.crt"), std::string::npos);
}

}  // namespace
}  // namespace miniatura
