// The contract, and what only a server that checks signatures can tell, on live MinIO.
#include <gtest/gtest.h>

#include "runtime/curl_http.h"
#include "s3client/open_store.h"
#include "s3client/s3_store.h"
#include "tests/s3client/object_store_contract_live.h"
#include "tests/support/live_server.h"
#include "tests/support/manual_clock.h"

namespace miniatura {
namespace {

// It keeps an object in a directory of files, and lists "up" alone where there is "up/below" too.
constexpr Lacking kLacking = {.odd_parts = true, .nested_listing = true, .unicode_tags = true};

INSTANTIATE_TEST_SUITE_P(Live, ObjectStoreContract,
                         testing::Values(live_param("minio", &LiveServer::minio, kLacking)),
                         contract_name);

// Changes what was signed, on its way to the server.
class Tampering : public HttpTransport {
 public:
  Tampering(HttpTransport& inner, std::function<void(HttpRequest&)> change)
      : inner_(inner), change_(std::move(change)) {}
  Result<HttpResponse> open(const HttpRequest& request) override {
    HttpRequest changed = request;
    change_(changed);
    return inner_.open(changed);
  }
  std::vector<Result<HttpResponse>> send_all(std::span<const HttpRequest>) override { return {}; }

 private:
  HttpTransport& inner_;
  std::function<void(HttpRequest&)> change_;
};

class LiveS3Store : public testing::Test {
 protected:
  void SetUp() override {
    minio_ = LiveServer::minio();
    if (minio_ == nullptr) GTEST_SKIP() << "no minio here";
    bucket_ = minio_->make_bucket();
    curl_ = make_curl_transport({"miniatura-tests", false}, clock_);
  }

  // What a PUT gets whose request is changed after it was signed.
  Result<PutResult> put_changed(std::function<void(HttpRequest&)> change, Clock& clock) {
    Tampering tampering(*curl_, std::move(change));
    const auto provider = fixed_credentials(LiveServer::credentials());
    S3Store store({tampering, *provider, clock, endpoint_from(minio_->environment()).value(),
                   [] { return 0.0; }});
    PutRequest request;
    request.bucket = bucket_;
    request.key = "k";
    request.body = "body";
    request.metadata = {{"a", "1"}};
    return store.put(request, {});
  }

  LiveServer* minio_ = nullptr;
  std::string bucket_;
  SystemClock clock_;
  std::unique_ptr<HttpTransport> curl_;
};

TEST_F(LiveS3Store, an_untouched_request_passes) {
  const auto stored = put_changed([](HttpRequest&) {}, clock_);
  EXPECT_TRUE(stored) << stored.error().message;
}

TEST_F(LiveS3Store, a_request_changed_after_signing_is_denied) {
  const std::function<void(HttpRequest&)> changes[] = {
      [](HttpRequest& request) { request.headers.set("x-amz-meta-a", "2"); },
      [](HttpRequest& request) { request.url += "2"; },
      [](HttpRequest& request) { request.url += "?versionId=1"; },
      [](HttpRequest& request) {
        std::string text = request.headers.get_or("Authorization", "");
        text.back() = text.back() == '0' ? '1' : '0';
        request.headers.set("Authorization", text);
      },
  };
  for (const auto& change : changes) {
    const auto stored = put_changed(change, clock_);
    ASSERT_FALSE(stored);
    EXPECT_EQ(stored.error().code, ErrorCode::store_denied) << stored.error().message;
    EXPECT_EQ(stored.error().service_code, "SignatureDoesNotMatch");
    EXPECT_EQ(stored.error().http_status, 403);
    EXPECT_NE(stored.error().request_id, "");
  }
}

TEST_F(LiveS3Store, a_body_changed_after_signing_is_refused) {
  const auto stored = put_changed([](HttpRequest& request) { request.body = "BODY"; }, clock_);
  ASSERT_FALSE(stored);
  EXPECT_FALSE(minio_->open()->head({bucket_, "k", ""}, {}));
}

TEST_F(LiveS3Store, an_old_signature_is_denied) {
  const auto stored = put_changed(
      [](HttpRequest& request) { request.headers.set("x-amz-date", "20231114T221320Z"); }, clock_);
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code, ErrorCode::store_denied) << stored.error().message;
}

TEST_F(LiveS3Store, a_clock_that_is_years_off_is_mended) {
  ManualClock past(Clock::Time(std::chrono::seconds(1'700'000'000)));
  int sent = 0;
  const auto stored = put_changed([&](HttpRequest&) { ++sent; }, past);
  EXPECT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(sent, 2);
}

TEST_F(LiveS3Store, wrong_credentials_are_denied_and_never_shown) {
  const Environment wrong({{"AWS_ENDPOINT_URL_S3", minio_->url()},
                           {"AWS_ACCESS_KEY_ID", LiveServer::credentials().access_key},
                           {"AWS_SECRET_ACCESS_KEY", "not-the-secret"}});
  SystemClock clock;
  const auto store = open_store("s3:", wrong, clock).value()();
  const auto object = store->get({bucket_, "k", ""}, {});
  ASSERT_FALSE(object);
  EXPECT_EQ(object.error().code, ErrorCode::store_denied);
  EXPECT_EQ(object.error().message.find("not-the-secret"), std::string::npos);
  EXPECT_EQ(store->head({bucket_, "k", ""}, {}).error().code, ErrorCode::store_denied);
  EXPECT_EQ(store->reach(bucket_, {}).error().code, ErrorCode::store_denied);
}

TEST_F(LiveS3Store, a_key_that_minio_refuses_is_invalid) {
  const auto store = minio_->open();
  for (const char* key : {"a//b", "a/../b", "./a"}) {
    PutRequest request;
    request.bucket = bucket_;
    request.key = key;
    const auto stored = store->put(request, {});
    ASSERT_FALSE(stored) << key;
    EXPECT_EQ(stored.error().code, ErrorCode::store_invalid_key) << stored.error().message;
  }
}

}  // namespace
}  // namespace miniatura
