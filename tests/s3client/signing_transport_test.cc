#include "s3client/signing_transport.h"

#include <gtest/gtest.h>

#include "runtime/crypto.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_transport.h"

namespace miniatura {
namespace {

// Gives what it is told to, a new answer each time.
class ChangingCredentials : public CredentialsProvider {
 public:
  explicit ChangingCredentials(std::vector<Result<Credentials>> answers)
      : answers_(std::move(answers)) {}
  Result<Credentials> credentials() override {
    return answers_[std::min(next_++, answers_.size() - 1)];
  }

 private:
  std::vector<Result<Credentials>> answers_;
  std::size_t next_ = 0;
};

class SigningTransport : public testing::Test {
 protected:
  std::unique_ptr<HttpTransport> signing(CredentialsProvider& credentials) {
    return make_signing_transport(inner_, credentials, clock_, {"s3", "us-east-1"});
  }
  std::string sent(std::size_t index, std::string_view header) {
    return inner_.seen().at(index).request.headers.get_or(header, "");
  }

  // 2013-05-24T00:00:00Z: that of AWS's examples.
  ManualClock clock_{Clock::Time(std::chrono::seconds(1369353600))};
  ScriptedTransport inner_;
  std::unique_ptr<CredentialsProvider> example_ =
      fixed_credentials({"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""});
};

TEST_F(SigningTransport, signs_as_the_documentation_does) {
  inner_.push(200);
  HttpRequest request;
  request.url = "https://examplebucket.s3.amazonaws.com/test.txt";
  request.headers.add("Range", "bytes=0-9");
  ASSERT_TRUE(signing(*example_)->open(request));
  EXPECT_EQ(sent(0, "Authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(sent(0, "x-amz-date"), "20130524T000000Z");
  EXPECT_EQ(inner_.seen()[0].request.url, request.url);
}

TEST_F(SigningTransport, the_body_is_hashed_and_sent) {
  inner_.push(200);
  HttpRequest request;
  request.method = "PUT";
  request.url = "http://h/b/k";
  request.body = "JPEG";
  ASSERT_TRUE(signing(*example_)->open(request));
  EXPECT_EQ(sent(0, "x-amz-content-sha256"), sha256_hex("JPEG"));
  EXPECT_EQ(inner_.seen()[0].body, "JPEG");
}

TEST_F(SigningTransport, over_tls_s3_needs_no_hash_of_the_body) {
  HttpRequest request;
  request.method = "PUT";
  request.url = "https://h/b/k";
  request.body = "JPEG";
  for (const char* service : {"s3", "sqs"}) {
    inner_.push(200);
    ASSERT_TRUE(
        make_signing_transport(inner_, *example_, clock_, {service, "us-east-1"})->open(request));
  }
  EXPECT_EQ(sent(0, "x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
  EXPECT_EQ(sent(1, "x-amz-content-sha256"), sha256_hex("JPEG"));
  inner_.push(200);
  request.body = {};
  ASSERT_TRUE(signing(*example_)->open(request));
  EXPECT_EQ(sent(2, "x-amz-content-sha256"), sha256_hex(""));
}

TEST_F(SigningTransport, each_request_has_the_time_and_the_credentials_of_its_own_moment) {
  ChangingCredentials changing(
      {Credentials{"A1", "s1", ""}, Credentials{"A2", "s2", "token"}, Credentials{"A2", "s3", ""}});
  const auto transport = signing(changing);
  HttpRequest request;
  request.url = "http://h/b/k";
  for (int i = 0; i < 3; ++i) {
    inner_.push(200);
    ASSERT_TRUE(transport->open(request));
  }
  clock_.sleep_for(std::chrono::hours(24));
  inner_.push(200);
  ASSERT_TRUE(transport->open(request));

  EXPECT_NE(sent(0, "Authorization").find("Credential=A1/20130524/"), std::string::npos);
  EXPECT_EQ(sent(0, "x-amz-security-token"), "");
  EXPECT_EQ(sent(1, "x-amz-security-token"), "token");
  EXPECT_EQ(sent(2, "x-amz-security-token"), "");
  // The same access key with another secret must not sign with the key that is kept.
  ScriptedTransport other;
  other.push(200);
  const auto provider = fixed_credentials({"A2", "s3", ""});
  ManualClock then{Clock::Time(std::chrono::seconds(1369353600))};
  ASSERT_TRUE(make_signing_transport(other, *provider, then, {"s3", "us-east-1"})->open(request));
  EXPECT_EQ(sent(2, "Authorization"), other.seen()[0].request.headers.get_or("Authorization", ""));
  EXPECT_NE(sent(3, "Authorization").find("/20130525/us-east-1/s3/"), std::string::npos);
}

TEST_F(SigningTransport, without_credentials_nothing_is_sent) {
  ChangingCredentials none({fail(ErrorCode::credentials_missing, "none")});
  const auto transport = signing(none);
  const HttpRequest requests[2];
  EXPECT_EQ(transport->open(requests[0]).error().code, ErrorCode::credentials_missing);
  const auto results = transport->send_all(requests);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[1].error().code, ErrorCode::credentials_missing);
  EXPECT_TRUE(inner_.seen().empty());
}

TEST_F(SigningTransport, what_nobody_sends_goes_out_as_it_came) {
  const auto nobody = anonymous_credentials();
  HttpRequest requests[1];
  requests[0].url = "http://h/b/0";
  requests[0].headers.add("Range", "bytes=0-9");
  requests[0].body = "JPEG";
  inner_.push(200);
  inner_.push(200);
  const auto transport = signing(*nobody);
  ASSERT_TRUE(transport->open(requests[0]));
  ASSERT_TRUE(transport->send_all(requests)[0]);
  ASSERT_EQ(inner_.seen().size(), 2U);
  for (const auto& seen : inner_.seen()) {
    EXPECT_EQ(seen.request.headers.size(), 1U);
    EXPECT_EQ(seen.request.headers.get("Range"), "bytes=0-9");
    EXPECT_EQ(seen.body, "JPEG");
  }
}

TEST_F(SigningTransport, all_of_several_are_signed) {
  HttpRequest requests[2];
  requests[0].url = "http://h/b/0";
  requests[1].url = "http://h/b/1";
  inner_.push(200);
  inner_.push(503);
  const auto results = signing(*example_)->send_all(requests);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[1]->status, 503);
  EXPECT_NE(sent(0, "Authorization"), "");
  EXPECT_NE(sent(1, "Authorization"), sent(0, "Authorization"));
}

}  // namespace
}  // namespace miniatura
