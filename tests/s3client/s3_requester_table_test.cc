// The whole table of what is tried again, walked over real sockets: the S3 client as it ships, and
// a server that says and does each of it.
//
// The rows are written down here once more, from the sources that s3client/recovery.h names: a row
// that is lost or changed there fails here, and so does one that is new there and not here.
#include <gtest/gtest.h>

#include <set>

#include "runtime/curl_http.h"
#include "s3client/s3_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_server.h"

namespace miniatura {
namespace {

using E = ErrorCode;
using Fault = ScriptedReply::Fault;
using std::chrono::milliseconds;

// What follows the first answer: a success is then there to be had.
enum class Then { is_final, is_retried, is_mended };

class Rotating : public CredentialsProvider {
 public:
  Result<Credentials> credentials() override { return current_; }
  void refused(const Credentials&) override { current_.access_key = "AKIA2"; }

 private:
  Credentials current_{"AKIA1", "secret", "token"};
};

// One client, one server, no waiting: the clock passes time at once.
class Conversation {
 public:
  Conversation() {
    server_.emplace();
    curl_ = make_curl_transport({"miniatura-tests", false}, clock_);
    store_ = std::make_unique<S3Store>(S3Access{
        *curl_, credentials_, clock_, {server_->url(""), true, "us-east-1"}, [] { return 0.5; }});
  }

  ScriptedServer& server() { return *server_; }
  S3Store& store() { return *store_; }

  void push(int status, const std::string& code, HttpHeaders headers = {}) {
    server_->push(status, code.empty() ? "" : "<Error><Code>" + code + "</Code></Error>",
                  std::move(headers));
  }
  void push_success() { server_->push(200, "body", {{"ETag", "\"e\""}}); }

  // The bytes of photos/a, or the name of the error's code.
  std::string get() {
    auto object = store_->get({"photos", "a", ""}, {}, {});
    if (!object) return std::string(code_name(object.error().code));
    auto bytes = read_all(*object->body, 1 << 20, E::internal, "it");
    return bytes ? *bytes : std::string(code_name(bytes.error().code));
  }

  void expect(const std::string& got, E code, Then then, const std::string& row) {
    const std::size_t requests = server_->requests().size();
    if (then == Then::is_final) {
      EXPECT_EQ(got, code_name(code)) << row;
      EXPECT_EQ(requests, 1U) << row << got;
    } else {
      EXPECT_EQ(got, "body") << row;
      EXPECT_EQ(requests, 2U) << row;
      EXPECT_EQ(clock_.slept().size(), then == Then::is_retried ? 1U : 0U) << row;
    }
  }

 private:
  ManualClock clock_;
  Rotating credentials_;
  std::optional<ScriptedServer> server_;
  std::unique_ptr<HttpTransport> curl_;
  std::unique_ptr<S3Store> store_;
};

struct Row {
  const char* service_code;
  int status;
  E code;
  Then then;
};

constexpr Row kCodes[] = {
    {"NoSuchKey", 404, E::store_not_found, Then::is_final},
    {"NoSuchVersion", 404, E::store_not_found, Then::is_final},
    {"NoSuchBucket", 404, E::store_no_bucket, Then::is_final},
    {"AccessDenied", 403, E::store_denied, Then::is_final},
    {"AllAccessDisabled", 403, E::store_denied, Then::is_final},
    {"AccountProblem", 403, E::store_denied, Then::is_final},
    {"InvalidAccessKeyId", 403, E::store_denied, Then::is_final},
    {"NotSignedUp", 403, E::store_denied, Then::is_final},
    {"SignatureDoesNotMatch", 403, E::store_denied, Then::is_final},
    {"AuthorizationHeaderMalformed", 400, E::store_denied, Then::is_mended},
    {"IllegalLocationConstraintException", 400, E::store_denied, Then::is_mended},
    {"IncorrectEndpoint", 400, E::store_denied, Then::is_mended},
    {"PermanentRedirect", 301, E::store_denied, Then::is_mended},
    {"TemporaryRedirect", 307, E::store_unavailable, Then::is_mended},
    {"RequestExpired", 400, E::store_denied, Then::is_mended},
    {"RequestInTheFuture", 403, E::store_denied, Then::is_mended},
    {"RequestTimeTooSkewed", 403, E::store_denied, Then::is_mended},
    {"ExpiredToken", 400, E::credentials_expired, Then::is_mended},
    {"ExpiredTokenException", 400, E::credentials_expired, Then::is_mended},
    {"InvalidToken", 400, E::credentials_expired, Then::is_mended},
    {"TokenRefreshRequired", 400, E::credentials_expired, Then::is_mended},
    {"PreconditionFailed", 412, E::store_precondition_failed, Then::is_final},
    {"ConditionalRequestConflict", 409, E::store_precondition_failed, Then::is_final},
    {"InternalError", 500, E::store_unavailable, Then::is_retried},
    {"InternalFailure", 500, E::store_unavailable, Then::is_retried},
    {"OperationAborted", 409, E::store_unavailable, Then::is_retried},
    {"PriorRequestNotComplete", 400, E::store_unavailable, Then::is_retried},
    {"RequestTimeout", 400, E::store_unavailable, Then::is_retried},
    {"BandwidthLimitExceeded", 509, E::store_unavailable, Then::is_retried},
    {"KMS.ThrottlingException", 400, E::store_unavailable, Then::is_retried},
    {"RequestLimitExceeded", 400, E::store_unavailable, Then::is_retried},
    {"RequestThrottled", 400, E::store_unavailable, Then::is_retried},
    {"RequestThrottledException", 400, E::store_unavailable, Then::is_retried},
    {"ServiceUnavailable", 503, E::store_unavailable, Then::is_retried},
    {"SlowDown", 503, E::store_unavailable, Then::is_retried},
    {"SlowDownRead", 503, E::store_unavailable, Then::is_retried},
    {"SlowDownWrite", 503, E::store_unavailable, Then::is_retried},
    {"Throttling", 400, E::store_unavailable, Then::is_retried},
    {"ThrottlingException", 400, E::store_unavailable, Then::is_retried},
    {"ThrottledException", 400, E::store_rejected, Then::is_final},
    {"KMS.DisabledException", 400, E::store_denied, Then::is_final},
    {"InvalidURI", 400, E::store_invalid_key, Then::is_final},
    {"KeyTooLong", 400, E::store_invalid_key, Then::is_final},
    {"KeyTooLongError", 400, E::store_invalid_key, Then::is_final},
    {"XMinioInvalidObjectName", 400, E::store_invalid_key, Then::is_final},
    {"XMinioInvalidResourceName", 400, E::store_invalid_key, Then::is_final},
    {"EntityTooLarge", 400, E::store_rejected, Then::is_final},
    {"InvalidObjectState", 403, E::store_rejected, Then::is_final},
    {"InvalidRange", 400, E::store_rejected,
     Then::is_final},  // with 416: the store looks once more
    {"MalformedXML", 400, E::store_rejected, Then::is_final},
    {"NotImplemented", 501, E::store_rejected, Then::is_final},
    {"SomethingNew", 400, E::store_rejected, Then::is_final},
    {"SomethingNew", 500, E::store_unavailable, Then::is_retried},
    {"SomethingNew", 404, E::store_rejected, Then::is_final},
};

// What there is to mend with, in every answer: the region (of the mending codes alone) and the
// time.
HttpHeaders mending_headers(const Row& row) {
  HttpHeaders headers{{"Date", "Tue, 14 Nov 2023 23:13:20 GMT"}};
  if (row.then == Then::is_mended) headers.add("x-amz-bucket-region", "eu-central-1");
  return headers;
}

TEST(RetryTable, by_the_code_of_the_service) {
  for (const Row& row : kCodes) {
    Conversation talk;
    talk.push(row.status, row.service_code, mending_headers(row));
    talk.push_success();
    const std::string got = talk.get();
    // A 403 by a clock an hour off is tried once more whatever its code: kept out of these rows.
    if (row.status == 403 && row.then == Then::is_final) {
      EXPECT_EQ(got, "body") << row.service_code;
      continue;
    }
    talk.expect(got, row.code, row.then, row.service_code);
  }
}

TEST(RetryTable, a_no_that_is_meant_is_final) {
  for (const Row& row : kCodes) {
    if (row.then != Then::is_final) continue;
    Conversation talk;
    talk.push(row.status, row.service_code);
    talk.push_success();
    talk.expect(talk.get(), row.code, row.then, row.service_code);
  }
}

TEST(RetryTable, by_the_code_within_a_200) {
  for (const Row& row : kCodes) {
    if (row.then != Then::is_retried || row.status == 200) continue;
    if (std::string_view(row.service_code) == "SomethingNew") continue;
    Conversation talk;
    talk.push(200, row.service_code);
    talk.push_success();
    PutRequest put;
    put.bucket = "photos";
    put.key = "a";
    EXPECT_TRUE(talk.store().put(put, {})) << row.service_code;
    EXPECT_EQ(talk.server().requests().size(), 2U) << row.service_code;
  }
}

TEST(RetryTable, no_row_of_the_program_is_missing_here) {
  std::set<std::string> walked;
  for (const Row& row : kCodes) walked.insert(row.service_code);
  for (const CodeRow& row : code_rows()) {
    std::string code(row.service_code);
    if (code.back() == '*') code.pop_back();
    const auto first = walked.lower_bound(code);
    EXPECT_TRUE(first != walked.end() && first->compare(0, code.size(), code) == 0) << code;
  }
}

TEST(RetryTable, by_the_status_alone) {
  const struct {
    int status;
    E code;
    Then then;
  } rows[] = {
      {300, E::store_unavailable, Then::is_final},
      {302, E::store_unavailable, Then::is_final},
      {301, E::store_unavailable, Then::is_final},
      {307, E::store_unavailable, Then::is_final},
      {304, E::store_unavailable, Then::is_final},
      {400, E::store_rejected, Then::is_final},
      {401, E::store_denied, Then::is_final},
      {403, E::store_denied, Then::is_final},
      {404, E::store_unavailable, Then::is_final},
      {405, E::store_rejected, Then::is_final},
      {407, E::network_denied, Then::is_final},
      {408, E::store_unavailable, Then::is_retried},
      {409, E::store_rejected, Then::is_final},
      {412, E::store_precondition_failed, Then::is_final},
      {416, E::store_rejected, Then::is_final},
      {418, E::store_rejected, Then::is_final},
      {429, E::store_unavailable, Then::is_retried},
      {500, E::store_unavailable, Then::is_retried},
      {501, E::store_rejected, Then::is_final},
      {502, E::store_unavailable, Then::is_retried},
      {503, E::store_unavailable, Then::is_retried},
      {504, E::store_unavailable, Then::is_retried},
      {505, E::store_unavailable, Then::is_final},
      {599, E::store_unavailable, Then::is_final},
  };
  std::set<int> walked;
  for (const auto& row : rows) {
    Conversation talk;
    talk.push(row.status, "");
    if (row.status == 416) talk.push(404, "");  // is it empty? No: it is not there
    talk.push_success();
    if (row.status == 416) {
      EXPECT_NE(talk.get(), "body");
    } else {
      talk.expect(talk.get(), row.code, row.then, std::to_string(row.status));
    }
    walked.insert(row.status);
  }
  for (const StatusRow& row : status_rows()) EXPECT_EQ(walked.count(row.status), 1U) << row.status;
}

TEST(RetryTable, a_heads_bare_refusal_that_names_a_region_is_mended) {
  for (const int status : {301, 307, 400}) {
    Conversation talk;
    talk.push(status, "", {{"x-amz-bucket-region", "eu-central-1"}});
    talk.push_success();
    EXPECT_TRUE(talk.store().head({"photos", "a", ""}, {})) << status;
    EXPECT_NE(
        talk.server().requests()[1].headers.get_or("Authorization", "").find("/eu-central-1/"),
        std::string::npos);
  }
}

TEST(RetryTable, by_what_the_connection_does) {
  const Fault faults[] = {Fault::reset_before_request, Fault::reset_before_reply};
  for (const Fault fault : faults) {
    Conversation talk;
    ScriptedReply broken;
    broken.fault = fault;
    talk.server().push(broken);
    talk.push_success();
    EXPECT_EQ(talk.get(), "body");
  }
  for (const std::string& raw :
       {std::string("SSH-2.0-nothing\r\n\r\n"), std::string("HTTP/1.1 2")}) {
    Conversation talk;
    ScriptedReply broken;
    broken.raw = raw;
    broken.fault = Fault::close_after_body;
    for (int i = 0; i < 4; ++i) talk.server().push(broken);
    EXPECT_NE(talk.get(), "body") << raw;
  }
}

TEST(RetryTable, a_body_cut_short_goes_on_by_range) {
  for (const Fault fault : {Fault::reset_after_body, Fault::close_after_body}) {
    Conversation talk;
    ScriptedReply cut;
    cut.headers = {{"ETag", "\"e\""}};
    cut.body = "bo";
    cut.announced_bytes = 4;
    cut.fault = fault;
    talk.server().push(cut);
    talk.server().push(206, "dy", {{"ETag", "\"e\""}, {"Content-Range", "bytes 2-3/4"}});
    EXPECT_EQ(talk.get(), "body");
    EXPECT_EQ(talk.server().requests()[1].headers.get_or("Range", ""), "bytes=2-3");
  }
}

TEST(RetryTable, a_chunked_body_cut_short_is_never_a_whole_one) {
  Conversation talk;
  ScriptedReply cut;
  cut.raw = "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n";
  cut.fault = Fault::close_after_body;
  talk.server().push(cut);
  EXPECT_EQ(talk.get(), "network.unreachable");
}

TEST(RetryTable, a_body_that_nothing_announces_is_refused) {
  Conversation talk;
  ScriptedReply endless;
  endless.raw = "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nConnection: close\r\n\r\nbody";
  endless.fault = Fault::close_after_body;
  talk.server().push(endless);
  EXPECT_EQ(talk.get(), "network.invalid");
}

TEST(RetryTable, more_bytes_than_were_announced_are_not_the_objects) {
  Conversation talk;
  ScriptedReply longer;
  longer.headers = {{"ETag", "\"e\""}};
  longer.body = "body and more";
  longer.announced_bytes = 4;
  talk.server().push(longer);
  EXPECT_EQ(talk.get(), "body");
}

}  // namespace
}  // namespace miniatura
