// What goes over the wire; the contract itself runs on MinIO (object_store_minio_test.cc).
#include "s3client/s3_store.h"

#include <gtest/gtest.h>

#include "tests/support/scripted_transport.h"

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
  const HttpRequest& sent(std::size_t index) { return transport_.seen().at(index).request; }

  ScriptedTransport transport_;
  S3Store store_{transport_, {"http://h:9000", true, "us-east-1"}};
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
  EXPECT_EQ(object->info.last_modified, "Thu, 01 Jan 1970 00:00:00 GMT");
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
  transport_.push(200, "<Error><Code>NoSuchKey</Code></Error>", {{"ETag", "\"abc\""}});
  EXPECT_TRUE(store_.get({"b", "k", ""}, {}));
}

TEST_F(S3StoreWire, an_endless_refusal_is_read_in_part) {
  transport_.push(500, std::string(10 << 20, 'x'));
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
  context.deadline = Deadline(Clock::Time(std::chrono::seconds(5)));
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
  EXPECT_EQ(sent(0).headers.size(), 0U);
}

TEST_F(S3StoreWire, a_fault_of_the_network_keeps_its_code_and_names_the_object) {
  transport_.push(ErrorCode::network_timeout);
  const auto object = store_.get({"b", "k", ""}, {});
  ASSERT_FALSE(object);
  EXPECT_EQ(object.error().code, ErrorCode::network_timeout);
  EXPECT_EQ(object.error().message, "GET b/k: as scripted");
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

}  // namespace
}  // namespace miniatura
