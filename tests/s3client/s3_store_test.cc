// What goes over the wire; the contract itself runs on MinIO (object_store_minio_test.cc).
#include "s3client/s3_store.h"

#include <gtest/gtest.h>

#include "tests/support/scripted_s3.h"

namespace miniatura {
namespace {

class S3StoreWire : public testing::Test {
 protected:
  PutRequest put_request(const std::string& key, PutCondition condition = Always{}) {
    PutRequest request;
    request.bucket = "b";
    request.key = key;
    request.body = "body";
    request.condition = std::move(condition);
    return request;
  }
  const HttpRequest& sent(std::size_t index) { return s3_.sent(index); }

  ScriptedS3 s3_;
  ScriptedTransport& transport_ = s3_.transport;
  S3Store store_{s3_.access()};
};

TEST_F(S3StoreWire, an_object_is_what_the_headers_say) {
  transport_.push(200, "bytes",
                  {{"ETag", "\"abc\""},
                   {"Content-Length", "5"},
                   {"Content-Type", "image/png"},
                   {"Last-Modified", "Thu, 01 Jan 1970 00:00:00 GMT"},
                   {"x-amz-version-id", "v1"},
                   {"X-Amz-Meta-Miniatura-Source", "photos/a"}});
  const auto object = store_.get({"b", "a b//c", "v/1"}, {});
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ(object->info.etag, "abc");
  EXPECT_EQ(object->info.size, 5U);
  EXPECT_EQ(object->info.content_type, "image/png");
  EXPECT_EQ(object->info.last_modified, "1970-01-01T00:00:00Z");
  EXPECT_EQ(object->info.version, "v1");
  EXPECT_EQ(object->info.metadata.at("miniatura-source"), "photos/a");
  EXPECT_EQ(read_all(*object->body, 100, ErrorCode::internal, "it").value(), "bytes");
  EXPECT_EQ(sent(0).method, "GET");
  EXPECT_EQ(sent(0).url, "http://h:9000/b/a%20b//c?versionId=v%2F1");
}

TEST_F(S3StoreWire, the_xml_of_a_refusal_never_reaches_the_reader) {
  transport_.push(404, "<Error><Code>NoSuchKey</Code></Error>", {{"ETag", "\"abc\""}});
  const auto object = store_.get({"b", "k", ""}, {});
  ASSERT_FALSE(object);
  EXPECT_EQ(object.error().code, ErrorCode::store_not_found);
}

TEST_F(S3StoreWire, a_body_that_looks_like_an_error_is_data) {
  const Bytes data = "<Error><Code>NoSuchKey</Code></Error>";
  transport_.push(200, data, {{"ETag", "\"abc\""}, {"Content-Length", "37"}});
  EXPECT_TRUE(store_.get({"b", "k", ""}, {}));
}

TEST_F(S3StoreWire, an_endless_refusal_is_read_in_part) {
  for (int i = 0; i < 4; ++i) transport_.push(500, std::string(10 << 20, 'x'));
  EXPECT_EQ(store_.get({"b", "k", ""}, {}).error().code, ErrorCode::store_unavailable);
}

TEST_F(S3StoreWire, what_has_no_etag_is_no_answer_of_a_store) {
  transport_.push(200, "<html>Welcome</html>");
  transport_.push(200, "");
  transport_.push(200, "");
  EXPECT_EQ(store_.get({"b", "k", ""}, {}).error().code, ErrorCode::store_unavailable);
  EXPECT_EQ(store_.head({"b", "k", ""}, {}).error().code, ErrorCode::store_unavailable);
  EXPECT_EQ(store_.put(put_request("k"), {}).error().code, ErrorCode::store_unavailable);
}

TEST_F(S3StoreWire, a_put_carries_its_type_metadata_and_condition) {
  for (int i = 0; i < 3; ++i) transport_.push(200, "", {{"ETag", "\"e\""}});
  PutRequest request = put_request("k", IfAbsent{});
  request.content_type = "image/webp";
  request.metadata = {{"miniatura-preset", "small"}};
  ASSERT_TRUE(store_.put(request, {}));
  ASSERT_TRUE(store_.put(put_request("k", IfMatches{"old"}), {}));
  EXPECT_EQ(store_.put(put_request("k"), {}).value().etag, "e");

  EXPECT_EQ(sent(0).method, "PUT");
  EXPECT_EQ(transport_.seen()[0].body, "body");
  EXPECT_EQ(sent(0).headers.get("Content-Type"), "image/webp");
  EXPECT_EQ(sent(0).headers.get("x-amz-meta-miniatura-preset"), "small");
  EXPECT_EQ(sent(0).headers.get("If-None-Match"), "*");
  EXPECT_EQ(sent(1).headers.get("If-Match"), "\"old\"");
  EXPECT_FALSE(sent(2).headers.get("If-Match"));
  EXPECT_FALSE(sent(2).headers.get("If-None-Match"));
}

TEST_F(S3StoreWire, every_request_carries_the_deadline_and_the_trace) {
  Context context;
  context.deadline = Deadline::after(s3_.clock, std::chrono::seconds(5));
  context.trace_id = "Root=1-2-3";
  (void)store_.get({"b", "k", ""}, context);
  (void)store_.head({"b", "k", ""}, context);
  (void)store_.put(put_request("k"), context);
  const std::vector<PutRequest> requests = {put_request("k")};
  (void)store_.put_all(requests, context);
  (void)store_.reach("b", context);
  ASSERT_EQ(transport_.seen().size(), 5U);
  for (const auto& seen : transport_.seen()) {
    EXPECT_EQ(seen.request.deadline.at(), context.deadline.at());
    EXPECT_EQ(seen.request.headers.get("X-Amzn-Trace-Id"), "Root=1-2-3");
  }
}

TEST_F(S3StoreWire, a_trace_that_would_break_the_headers_is_left_out) {
  Context context;
  context.trace_id = "Root=1\r\nx-amz-acl: public-read";
  (void)store_.head({"b", "k", ""}, context);
  EXPECT_FALSE(sent(0).headers.get("X-Amzn-Trace-Id"));
}

TEST_F(S3StoreWire, a_fault_of_the_network_keeps_its_code_and_names_the_object) {
  for (int i = 0; i < 4; ++i) transport_.push(ErrorCode::network_timeout);
  const auto object = store_.get({"b", "k", ""}, {});
  ASSERT_FALSE(object);
  EXPECT_EQ(object.error().code, ErrorCode::network_timeout);
  EXPECT_EQ(object.error().message, "GET b/k: as scripted, after 4 attempts");
}

TEST_F(S3StoreWire, of_several_puts_the_invalid_are_not_sent_and_the_order_stays) {
  transport_.push(200, "", {{"ETag", "\"e0\""}});
  transport_.push(403, "");
  const std::vector<PutRequest> requests = {put_request("0"), put_request(""), put_request("2")};
  const auto results = store_.put_all(requests, {});
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0].value().etag, "e0");
  EXPECT_EQ(results[1].error().code, ErrorCode::store_invalid_key);
  EXPECT_EQ(results[2].error().code, ErrorCode::store_denied);
  EXPECT_EQ(transport_.seen().size(), 2U);
}

TEST_F(S3StoreWire, reach_asks_for_the_bucket_alone) {
  transport_.push(200);
  transport_.push(404);
  transport_.push(403);
  EXPECT_TRUE(store_.reach("b", {}));
  EXPECT_EQ(sent(0).method, "HEAD");
  EXPECT_EQ(sent(0).url, "http://h:9000/b");
  EXPECT_EQ(store_.reach("b", {}).error().code, ErrorCode::store_no_bucket);
  EXPECT_EQ(store_.reach("b", {}).error().code, ErrorCode::store_denied);
}

TEST_F(S3StoreWire, a_put_carries_what_the_object_is_kept_with) {
  transport_.push(200, "", {{"ETag", "\"e\""}});
  PutRequest request = put_request("k");
  request.cache_control = "max-age=60";
  request.storage_class = "STANDARD_IA";
  request.tags = {{"a b", "c+d=/"}, {"ä", ""}};
  ASSERT_TRUE(store_.put(request, {}));
  EXPECT_EQ(s3_.header(0, "Cache-Control"), "max-age=60");
  EXPECT_EQ(s3_.header(0, "x-amz-storage-class"), "STANDARD_IA");
  EXPECT_EQ(s3_.header(0, "x-amz-tagging"), "a%20b=c%2Bd%3D%2F&%C3%A4=");
}

TEST_F(S3StoreWire, a_range_brings_its_bytes_and_the_size_of_all) {
  transport_.push(206, "234",
                  {{"ETag", "\"e\""}, {"Content-Length", "3"}, {"Content-Range", "bytes 2-4/5"}});
  const auto object = store_.get({"b", "k", ""}, {2, 9}, {});
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ(s3_.header(0, "Range"), "bytes=2-9");
  EXPECT_EQ(object->info.size, 5U);
  EXPECT_EQ(object->body->size_bytes(), 3U);
  EXPECT_EQ(read_all(*object->body, 9, ErrorCode::internal, "it").value(), "234");
}

TEST_F(S3StoreWire, another_range_than_the_one_asked_for_is_refused) {
  for (const char* range : {"bytes 0-4/5", "bytes 2-9/10", "bytes 2-3/10", "bytes */5", ""}) {
    transport_.push(206, "234",
                    {{"ETag", "\"e\""}, {"Content-Length", "3"}, {"Content-Range", range}});
    const auto object = store_.get({"b", "k", ""}, {2, 4}, {});
    ASSERT_FALSE(object) << range;
    EXPECT_EQ(object.error().code, ErrorCode::network_invalid);
  }
  transport_.push(200, "01234", {{"ETag", "\"e\""}, {"Content-Length", "5"}});
  EXPECT_EQ(store_.get({"b", "k", ""}, {2, 4}, {}).error().code, ErrorCode::store_rejected);
}

TEST_F(S3StoreWire, a_part_is_never_taken_for_the_whole) {
  for (const ByteRange& asked : {ByteRange{}, ByteRange{2, std::nullopt}}) {
    transport_.push(206, "234",
                    {{"ETag", "\"e\""}, {"Content-Length", "3"}, {"Content-Range", "bytes 2-4/9"}});
    EXPECT_EQ(store_.get({"b", "k", ""}, asked, {}).error().code, ErrorCode::network_invalid);
  }
  transport_.push(206, "01",
                  {{"ETag", "\"e\""}, {"Content-Length", "2"}, {"Content-Range", "bytes 0-1/9"}});
  EXPECT_EQ(store_.get({"b", "k", ""}, {}).error().code, ErrorCode::network_invalid);
}

TEST_F(S3StoreWire, all_of_an_empty_object_is_nothing) {
  transport_.push(416, "<Error><Code>InvalidRange</Code></Error>");
  transport_.push(200, "", {{"ETag", "\"e\""}, {"Content-Length", "0"}});
  auto object = store_.get({"b", "k", ""}, {0, 9}, {});
  ASSERT_TRUE(object);
  EXPECT_EQ(read_all(*object->body, 9, ErrorCode::internal, "it").value(), "");
  transport_.push(416, "<Error><Code>InvalidRange</Code></Error>");
  EXPECT_EQ(store_.get({"b", "k", ""}, {5, 9}, {}).error().code, ErrorCode::store_rejected);
}

// The etag of "body" is its MD5.
constexpr const char* kBodyEtag = "\"841a2d689ad86bd1611447453c22c6fc\"";

TEST_F(S3StoreWire, a_put_whose_answer_was_lost_is_settled_by_looking) {
  for (const PutCondition& condition : {PutCondition(IfAbsent{}), PutCondition(IfMatches{"old"})}) {
    transport_.push(ErrorCode::network_unreachable);  // stored, and then the connection broke
    transport_.push(412, "<Error><Code>PreconditionFailed</Code></Error>");
    transport_.push(200, "", {{"ETag", kBodyEtag}, {"Content-Length", "4"}});
    const auto stored = store_.put(put_request("k", condition), {});
    ASSERT_TRUE(stored) << stored.error().message;
    EXPECT_EQ(stored->etag, "841a2d689ad86bd1611447453c22c6fc");
  }
}

TEST_F(S3StoreWire, what_somebody_else_wrote_meanwhile_is_not_ours) {
  const HttpHeaders others[] = {
      {{"ETag", "\"other\""}, {"Content-Length", "4"}},
      {{"ETag", kBodyEtag}, {"Content-Length", "4"}, {"x-amz-meta-by", "another"}},
  };
  for (const HttpHeaders& other : others) {
    transport_.push(500);
    transport_.push(412);
    transport_.push(200, "", other);
    EXPECT_EQ(store_.put(put_request("k", IfAbsent{}), {}).error().code,
              ErrorCode::store_precondition_failed);
  }
}

TEST_F(S3StoreWire, a_no_to_the_first_attempt_is_believed) {
  transport_.push(412);
  EXPECT_EQ(store_.put(put_request("k", IfAbsent{}), {}).error().code,
            ErrorCode::store_precondition_failed);
  EXPECT_EQ(transport_.seen().size(), 1U);
}

TEST_F(S3StoreWire, when_two_writes_met_what_is_there_decides) {
  const Bytes conflict = "<Error><Code>ConditionalRequestConflict</Code></Error>";
  transport_.push(409, conflict);
  transport_.push(404);  // nothing there: the other one failed
  transport_.push(200, "", {{"ETag", kBodyEtag}});
  EXPECT_TRUE(store_.put(put_request("k", IfAbsent{}), {}));

  transport_.push(409, conflict);
  transport_.push(200, "", {{"ETag", "\"other\""}, {"Content-Length", "4"}});
  EXPECT_EQ(store_.put(put_request("k", IfAbsent{}), {}).error().code,
            ErrorCode::store_precondition_failed);

  transport_.push(409, "");
  transport_.push(200, "", {{"ETag", "\"old\""}, {"Content-Length", "4"}});
  transport_.push(200, "", {{"ETag", kBodyEtag}});
  EXPECT_TRUE(store_.put(put_request("k", IfMatches{"old"}), {}));
}

TEST_F(S3StoreWire, writes_that_keep_meeting_come_to_an_end) {
  for (int i = 0; i < 4; ++i) {
    transport_.push(409, "<Error><Code>ConditionalRequestConflict</Code></Error>");
    transport_.push(404);
  }
  const auto stored = store_.put(put_request("k", IfAbsent{}), {});
  EXPECT_EQ(stored.error().code, ErrorCode::store_precondition_failed);
  EXPECT_EQ(transport_.seen().size(), 7U);
}

TEST_F(S3StoreWire, several_puts_are_settled_each_for_itself) {
  transport_.push(500);
  transport_.push(200, "", {{"ETag", "\"e1\""}});
  transport_.push(412);
  transport_.push(200, "", {{"ETag", kBodyEtag}, {"Content-Length", "4"}});
  const std::vector<PutRequest> requests = {put_request("0", IfAbsent{}), put_request("1")};
  const auto results = store_.put_all(requests, {});
  EXPECT_TRUE(results[0]) << results[0].error().message;
  EXPECT_EQ(results[1].value().etag, "e1");
}

TEST_F(S3StoreWire, remove_asks_once_and_takes_absence_for_done) {
  transport_.push(204);
  transport_.push(404, "<Error><Code>NoSuchKey</Code></Error>");
  transport_.push(404, "<Error><Code>NoSuchBucket</Code></Error>");
  EXPECT_TRUE(store_.remove({"b", "k", "v1"}, {}));
  EXPECT_TRUE(store_.remove({"b", "k", ""}, {}));
  EXPECT_EQ(store_.remove({"b", "k", ""}, {}).error().code, ErrorCode::store_no_bucket);
  EXPECT_EQ(sent(0).method, "DELETE");
  EXPECT_EQ(sent(0).url, "http://h:9000/b/k?versionId=v1");
}

TEST_F(S3StoreWire, a_listing_names_its_page) {
  transport_.push(200,
                  "<ListBucketResult><IsTruncated>true</IsTruncated>"
                  "<NextContinuationToken>t/2</NextContinuationToken><Contents><Key>a%20b</Key>"
                  "<LastModified>2026-01-31T23:59:59.000Z</LastModified><ETag>\"e\"</ETag>"
                  "<Size>3</Size></Contents><EncodingType>url</EncodingType></ListBucketResult>");
  ListRequest request;
  request.bucket = "b";
  request.prefix = "a ";
  request.delimiter = "/";
  request.page = "t/1";
  request.limit = 7;
  const auto listing = store_.list(request, {});
  ASSERT_TRUE(listing) << listing.error().message;
  EXPECT_EQ(listing->objects.at(0).key, "a b");
  EXPECT_EQ(listing->next_page, "t/2");
  EXPECT_EQ(sent(0).url,
            "http://h:9000/b?list-type=2&encoding-type=url&max-keys=7&prefix=a%20&delimiter=%2F"
            "&continuation-token=t%2F1");
}

TEST_F(S3StoreWire, what_no_server_would_refuse_is_refused_here) {
  ListRequest request;
  request.bucket = "b";
  for (const int limit : {0, -1, 1001}) {
    request.limit = limit;
    EXPECT_EQ(store_.list(request, {}).error().code, ErrorCode::store_rejected) << limit;
  }
  EXPECT_EQ(store_.get({"b", "k", ""}, {5, 4}, {}).error().code, ErrorCode::store_rejected);
  EXPECT_EQ(transport_.seen().size(), 0U);
}

TEST_F(S3StoreWire, an_error_in_place_of_a_listing_is_tried_again) {
  transport_.push(200, "<Error><Code>InternalError</Code></Error>");
  transport_.push(200, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
  ListRequest request;
  request.bucket = "b";
  EXPECT_TRUE(store_.list(request, {}));
  transport_.push(200, "<html>Welcome</html>");
  EXPECT_EQ(store_.list(request, {}).error().code, ErrorCode::network_invalid);
}

TEST_F(S3StoreWire, a_presigned_url_is_made_without_asking) {
  PresignRequest request;
  request.id = {"b", "a b", ""};
  request.expires = std::chrono::seconds(60);
  const auto url = store_.presign(request);
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->substr(0, 75),
            "http://h:9000/b/a%20b?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKI");
  EXPECT_NE(url->find("&X-Amz-Expires=60&"), std::string::npos);
  EXPECT_EQ(transport_.seen().size(), 0U);
}

TEST_F(S3StoreWire, what_cannot_be_presigned_is_said) {
  PresignRequest request;
  request.id = {"b", "k", ""};
  for (const int seconds : {0, -1, 604'801}) {
    request.expires = std::chrono::seconds(seconds);
    EXPECT_EQ(store_.presign(request).error().code, ErrorCode::store_rejected) << seconds;
  }
  request.expires = std::chrono::seconds(60);
  request.method = "DELETE";
  EXPECT_EQ(store_.presign(request).error().code, ErrorCode::store_rejected);
  request.method = "PUT";
  request.id.key = "";
  EXPECT_EQ(store_.presign(request).error().code, ErrorCode::store_invalid_key);
}

}  // namespace
}  // namespace miniatura
