#include "handler/event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "handler/envelope.h"
#include "runtime/json.h"
#include "tests/support/fixture.h"

namespace miniatura {
namespace {

using Kind = ObjectEvent::Kind;

// The records of a payload that is one item.
Result<std::vector<EventRecord>> parse_events(ByteView payload) {
  TRY(delivery, parse_delivery(payload));
  EXPECT_EQ(delivery.items.size(), 1U);
  return delivery.items.at(0).records;
}

std::vector<EventRecord> parsed(const std::string& fixture) {
  auto records = parse_events(read_fixture("events/" + fixture));
  EXPECT_TRUE(records) << fixture << ": " << (records ? "" : records.error().message);
  return records ? *std::move(records) : std::vector<EventRecord>();
}

ObjectEvent only_event(const std::string& fixture) {
  const auto records = parsed(fixture);
  EXPECT_EQ(records.size(), 1U) << fixture;
  if (records.size() != 1 || !std::holds_alternative<ObjectEvent>(records[0])) {
    ADD_FAILURE() << fixture << ": not one object event";
    return {};
  }
  return std::get<ObjectEvent>(records[0]);
}

TEST(EventTest, every_fixture_gives_its_key_and_kind) {
  struct Case {
    const char* fixture;
    const char* key;
    Kind kind;
  };
  const Case cases[] = {
      {"s3-put-v2.0.json", "uploads/red flower.jpg", Kind::created},
      {"s3-put-v2.1.json", "uploads/red flower.jpg", Kind::created},
      {"s3-put-v2.5.json", "uploads/red flower.jpg", Kind::created},
      {"s3-multipart-v2.1.json", "uploads/big+tiff.tif", Kind::created},
      {"s3-unicode-key-v2.1.json", "uploads/写真 1+2 (copy).jpg", Kind::created},
      {"s3-removed-delete-v2.1.json", "uploads/red flower.jpg", Kind::removed},
      {"s3-removed-deletemarker-v2.1.json", "uploads/red flower.jpg", Kind::removed},
      {"s3-tagging-v2.3.json", "uploads/red flower.jpg", Kind::other},
      {"s3-lifecycle-expiration-v2.3.json", "uploads/red flower.jpg", Kind::removed},
      {"s3-replication-v2.2.json", "uploads/red flower.jpg", Kind::other},
      {"minio-put-webhook.json", "uploads/2026/red flower+1.jpg", Kind::created},
      {"minio-puttagging-webhook.json", "uploads/2026/red flower+1.jpg", Kind::other},
      {"minio-removed-webhook.json", "uploads/2026/red flower+1.jpg", Kind::removed},
  };
  for (const Case& c : cases) {
    const ObjectEvent event = only_event(c.fixture);
    EXPECT_EQ(event.object.key, c.key) << c.fixture;
    EXPECT_EQ(event.object.bucket, "photos-in") << c.fixture;
    EXPECT_EQ(event.kind, c.kind) << c.fixture << ": " << event.name;
  }
}

TEST(EventTest, a_lifecycle_rules_expiration_removes_and_its_transition_does_not) {
  const auto read = [](const std::string& name) {
    const Json record = {{"eventSource", "aws:s3"},
                         {"eventVersion", "2.3"},
                         {"eventName", name},
                         {"s3", {{"bucket", {{"name", "b"}}}, {"object", {{"key", "a"}}}}}};
    return std::get<ObjectEvent>(read_notification(record, "")).kind;
  };
  EXPECT_EQ(read("LifecycleExpiration:Delete"), Kind::removed);
  EXPECT_EQ(read("LifecycleExpiration:DeleteMarkerCreated"), Kind::removed);
  EXPECT_EQ(read("s3:LifecycleExpiration:Delete"), Kind::removed);
  EXPECT_EQ(read("LifecycleTransition"), Kind::other);
}

TEST(EventTest, a_put_brings_its_name_etag_and_sequencer) {
  const ObjectEvent event = only_event("s3-put-v2.1.json");
  EXPECT_EQ(event.name, "ObjectCreated:Put");
  EXPECT_EQ(event.etag, "4e68adba0abe2dc8653dc3354e14c01d");
  EXPECT_EQ(event.sequencer, "0C0F6F405D6ED209E1");
}

TEST(EventTest, minios_event_name_loses_its_s3_prefix) {
  EXPECT_EQ(only_event("minio-put-webhook.json").name, "ObjectCreated:Put");
}

TEST(EventTest, no_work_is_success) {
  for (const char* fixture : {"empty-records.json", "null-records.json", "s3-test-event.json"}) {
    EXPECT_TRUE(parsed(fixture).empty()) << fixture;
  }
}

TEST(EventTest, an_unknown_shape_is_an_error_that_lists_the_accepted_ones) {
  const auto records = parse_events(read_fixture("events/unknown-shape.json"));
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, ErrorCode::event_unsupported);
  EXPECT_THAT(records.error().message, testing::HasSubstr("aws:s3"));
  EXPECT_THAT(records.error().message, testing::HasSubstr("minio:s3"));
}

TEST(EventTest, an_unknown_major_version_rejects_its_record) {
  const auto records = parsed("s3-put-v3.0-unknown-major.json");
  ASSERT_EQ(records.size(), 1U);
  const auto& rejected = std::get<RejectedRecord>(records[0]);
  EXPECT_EQ(rejected.error.code, ErrorCode::event_unsupported);
  EXPECT_THAT(rejected.error.message, testing::HasSubstr("3.0"));
}

TEST(EventTest, a_bad_escape_rejects_that_record_alone) {
  const std::string good =
      R"({"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put",)"
      R"("s3":{"bucket":{"name":"b"},"object":{"key":"good.jpg"}}})";
  const std::string bad =
      R"({"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put",)"
      R"("s3":{"bucket":{"name":"b"},"object":{"key":"bad%ZZ.jpg"}}})";
  const auto records = parse_events(R"({"Records":[)" + bad + "," + good + "]}");
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 2U);
  const auto& rejected = std::get<RejectedRecord>((*records)[0]);
  EXPECT_EQ(rejected.error.code, ErrorCode::event_malformed);
  EXPECT_THAT(rejected.error.message, testing::HasSubstr("bad%ZZ.jpg"));
  EXPECT_EQ(rejected.object.key, "bad%ZZ.jpg");
  EXPECT_EQ(std::get<ObjectEvent>((*records)[1]).object.key, "good.jpg");
}

// The only record of a payload: one of S3's, with these fields in it.
EventRecord record_of(const Json& object, const std::string& bucket,
                      const std::string& source = "aws:s3") {
  const Json record = {{"eventVersion", "2.1"},
                       {"eventSource", source},
                       {"eventName", "ObjectCreated:Put"},
                       {"s3", {{"bucket", {{"name", bucket}}}, {"object", object}}}};
  auto records = parse_events(to_text({{"Records", Json::array({record})}}));
  EXPECT_TRUE(records && records->size() == 1);
  return records->at(0);
}

TEST(EventTest, what_a_rejected_record_shows_of_a_payload_is_bounded) {
  const std::string huge(1'000'000, 'x');
  const EventRecord records[] = {
      record_of({{"key", "k"}}, "b", huge),
      record_of({{"key", huge + "%zz"}}, "b"),
      record_of({{"key", huge + "%zz"}}, huge),
      record_of({}, huge),
      record_of({{"key", huge}}, "b"),
      record_of({{"key", "k"}}, huge),
      record_of({{"key", "k"}, {"versionId", huge}}, "b"),
      record_of({{"key", "k"}, {"eTag", huge}}, "b"),
      record_of({{"key", "k"}, {"sequencer", huge}}, "b"),
  };
  for (const auto& record : records) {
    ASSERT_TRUE(std::holds_alternative<RejectedRecord>(record));
    const auto& rejected = std::get<RejectedRecord>(record);
    EXPECT_FALSE(rejected.error.retryable());
    EXPECT_LT(rejected.error.message.size(), 700U) << rejected.error.message;
    EXPECT_LE(rejected.object.bucket.size(), 1024U);
    EXPECT_LE(rejected.object.key.size(), 1024U);
    EXPECT_EQ(rejected.object.version, "");
  }
}

TEST(EventTest, a_key_counts_as_it_is_decoded) {
  std::string encoded;
  for (int i = 0; i < 1024; ++i) encoded += "%61";
  EXPECT_EQ(std::get<ObjectEvent>(record_of({{"key", encoded}}, "b")).object.key,
            std::string(1024, 'a'));
  const auto rejected = std::get<RejectedRecord>(record_of({{"key", encoded + "b"}}, "b"));
  EXPECT_EQ(rejected.error.code, ErrorCode::event_malformed);
  EXPECT_THAT(rejected.error.message, testing::HasSubstr("Records[0]: the key: 1025 bytes"));
}

TEST(EventTest, records_of_the_wrong_type_are_rejected_and_never_crash) {
  const char* payloads[] = {
      R"({"Records":[1,null,"x",[],{}]})",
      R"({"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","s3":[]}]})",
      R"({"Records":[{"eventVersion":2.1,"eventSource":"aws:s3"}]})",
      R"({"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","s3":{"bucket":{"name":7},"object":{"key":{}}}}]})",
  };
  for (const char* payload : payloads) {
    const auto records = parse_events(payload);
    ASSERT_TRUE(records) << payload;
    for (const EventRecord& record : *records) {
      EXPECT_TRUE(std::holds_alternative<RejectedRecord>(record)) << payload;
    }
  }
}

TEST(EventTest, what_is_no_json_names_the_byte) {
  for (const char* payload : {"", "{", "nonsense", "{\"Records\":[}"}) {
    const auto records = parse_events(payload);
    ASSERT_FALSE(records) << payload;
    EXPECT_EQ(records.error().code, ErrorCode::event_malformed) << payload;
    EXPECT_THAT(records.error().message, testing::HasSubstr("byte")) << payload;
  }
}

TEST(EventTest, a_field_that_no_key_can_be_made_of_is_named) {
  struct Case {
    Json object;
    const char* said;
  };
  const Case cases[] = {
      {{{"key", 7}}, "Records[0].s3.object.key: a text is needed, not number"},
      {{{"key", nullptr}}, "Records[0].s3.object.key: is missing"},
      {{{"key", "a%00b"}}, "Records[0]: the key: holds a NUL byte"},
      {{{"key", "caf%E9.jpg"}}, "Records[0]: the key: is not UTF-8"},
      {{{"key", "a%ZZ"}}, "Records[0].s3.object.key: bad escape in \"a%ZZ\""},
      {{{"key", "a"}, {"versionId", 1}}, "Records[0].s3.object.versionId: a text is needed"},
      {{{"key", "a"}, {"eTag", Json::array()}}, "Records[0].s3.object.eTag: a text is needed"},
  };
  for (const Case& c : cases) {
    const EventRecord record = record_of(c.object, "b");
    ASSERT_TRUE(std::holds_alternative<RejectedRecord>(record)) << c.said;
    EXPECT_EQ(std::get<RejectedRecord>(record).error.code, ErrorCode::event_malformed) << c.said;
    EXPECT_THAT(std::get<RejectedRecord>(record).error.message, testing::StartsWith(c.said));
  }
}

TEST(EventTest, cephs_etag_and_size_come_in_two_ways_each) {
  const Json objects[] = {{{"key", "a+b.jpg"}, {"size", 7}, {"eTag", "e1"}},
                          {{"key", "a+b.jpg"}, {"size", "7"}, {"etag", "e1"}}};
  for (const Json& object : objects) {
    const auto event = std::get<ObjectEvent>(record_of(object, "b", "ceph:s3"));
    EXPECT_EQ(event.object.key, "a b.jpg");
    EXPECT_EQ(event.etag, "e1");
  }
}

TEST(EventTest, an_eventbridge_key_is_raw_and_its_reason_is_the_kind) {
  const auto read = [](const std::string& type, const std::string& reason) {
    return read_eventbridge({{"detail-type", type},
                             {"detail",
                              {{"bucket", {{"name", "b"}}},
                               {"object", {{"key", "a+b%20c"}, {"version-id", "v1"}}},
                               {"reason", reason}}}},
                            "e");
  };
  const auto put = std::get<ObjectEvent>(read("Object Created", "PutObject"));
  EXPECT_EQ(put.object.key, "a+b%20c");
  EXPECT_EQ(put.object.version, "v1");
  EXPECT_EQ(put.name, "ObjectCreated:Put");
  EXPECT_EQ(put.kind, Kind::created);
  EXPECT_EQ(std::get<ObjectEvent>(read("Object Created", "POST Object")).name,
            "ObjectCreated:Post");
  for (const char* reason : {"DeleteObject", "Lifecycle Expiration"}) {
    EXPECT_EQ(std::get<ObjectEvent>(read("Object Deleted", reason)).kind, Kind::removed) << reason;
  }
  EXPECT_EQ(std::get<ObjectEvent>(read("Object Storage Class Changed", "")).kind, Kind::other);
  EXPECT_EQ(std::get<ObjectEvent>(read("Object Tags Added", "")).kind, Kind::other);
  const auto other = read("AWS API Call via CloudTrail", "");
  EXPECT_EQ(std::get<RejectedRecord>(other).error.code, ErrorCode::event_unsupported);
}

TEST(EventTest, a_batch_task_names_its_bucket_or_the_buckets_arn) {
  const auto task = [](const Json& fields) { return read_batch_task(fields, "tasks[0]"); };
  const auto first = std::get<ObjectEvent>(
      task({{"s3Key", "a+b%2B.jpg"}, {"s3BucketArn", "arn:aws-cn:s3:::b"}, {"s3VersionId", "v"}}));
  EXPECT_EQ(first.object.bucket, "b");
  EXPECT_EQ(first.object.key, "a b+.jpg");
  EXPECT_EQ(first.object.version, "v");
  EXPECT_EQ(first.kind, Kind::created);
  EXPECT_EQ(std::get<ObjectEvent>(task({{"s3Key", "a"}, {"s3Bucket", "c"}})).object.bucket, "c");
  for (const Json& bad : {Json{{"s3Key", "a"}}, Json{{"s3Key", "a"}, {"s3BucketArn", "b"}},
                          Json{{"s3Key", "%"}, {"s3Bucket", "c"}}, Json{{"s3Bucket", "c"}}}) {
    EXPECT_TRUE(std::holds_alternative<RejectedRecord>(task(bad))) << to_text(bad);
  }
}

TEST(EventTest, a_raw_key_of_minios_listen_notification_is_not_decoded) {
  const auto records = parse_events(
      R"({"Records":[{"eventVersion":"2.0","eventSource":"minio:s3","eventName":"s3:ObjectCreated:Put",)"
      R"("s3":{"bucket":{"name":"b"},"object":{"key":"up/1+1 100%.jpg"}}}]})");
  ASSERT_TRUE(records);
  EXPECT_EQ(std::get<ObjectEvent>((*records)[0]).object.key, "up/1+1 100%.jpg");
}

TEST(EventTest, form_decoding) {
  EXPECT_EQ(form_decode("a+b%2Bc%20d"), "a b+c d");
  EXPECT_EQ(form_decode("%E5%86%99%e7%9c%9f"), "写真");
  EXPECT_EQ(form_decode("%2525"), "%25");  // once
  EXPECT_EQ(form_decode(""), "");
  EXPECT_EQ(form_decode("%"), std::nullopt);
  EXPECT_EQ(form_decode("%4"), std::nullopt);
  EXPECT_EQ(form_decode("%4x"), std::nullopt);
}

TEST(EventTest, sequencers_compare_right_padded) {
  EXPECT_TRUE(later("0055AED6DCD90281E5", "0055AED6DCD9"));
  EXPECT_FALSE(later("0055AED6DCD9", "0055AED6DCD90281E5"));
  EXPECT_TRUE(later("1", "0FFF"));
  EXPECT_FALSE(later("10", "1"));  // equal once padded: no proof of anything
  EXPECT_FALSE(later("", "1"));
  EXPECT_FALSE(later("1", ""));
}

}  // namespace
}  // namespace miniatura
