#include "handler/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "tests/support/fixture.h"

namespace miniatura {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A delivery in a word an item: "id: kind key, kind key"; of a rejected record its code.
std::string told(const Result<ParsedDelivery>& delivery) {
  if (!delivery) return std::string(code_name(delivery.error().code));
  std::string text;
  for (const EventItem& item : delivery->items) {
    text += (text.empty() ? "" : " | ") + item.id + ":";
    for (const EventRecord& record : item.records) {
      if (const auto* bad = std::get_if<RejectedRecord>(&record)) {
        text += " " + std::string(code_name(bad->error.code));
        continue;
      }
      const auto& event = std::get<ObjectEvent>(record);
      const char* kinds[] = {"created", "removed", "other"};
      text += std::string(" ") + kinds[static_cast<int>(event.kind)] + " " + event.object.text();
    }
  }
  return text;
}
std::string told(const Json& payload) { return told(parse_delivery(to_text(payload))); }

std::string first_error(const Result<ParsedDelivery>& delivery) {
  if (!delivery) return delivery.error().message;
  for (const EventItem& item : delivery->items) {
    for (const EventRecord& record : item.records) {
      if (const auto* bad = std::get_if<RejectedRecord>(&record)) return bad->error.message;
    }
  }
  return "";
}
std::string first_error(const Json& payload) {
  return first_error(parse_delivery(to_text(payload)));
}

Json record(const std::string& key) {
  return {{"eventVersion", "2.1"},
          {"eventSource", "aws:s3"},
          {"eventName", "ObjectCreated:Put"},
          {"s3", {{"bucket", {{"name", "b"}}}, {"object", {{"key", key}}}}}};
}
Json list(const Json& value) { return Json::array({value}); }
Json records(const Json& value) { return {{"Records", list(value)}}; }
Json s3(const std::string& key) { return records(record(key)); }
Json sqs_message(const Json& inner, const std::string& id = "m") {
  return {{"messageId", id}, {"eventSource", "aws:sqs"}, {"body", to_text(inner)}};
}
Json sns_http(const Json& inner) {
  return {{"Type", "Notification"}, {"TopicArn", "arn:t"}, {"Message", to_text(inner)}};
}
Json sns_record(const Json& inner) {
  return {{"EventSource", "aws:sns"},
          {"Sns", {{"Type", "Notification"}, {"Message", to_text(inner)}}}};
}
Json eventbridge(const std::string& key) {
  return {{"source", "aws.s3"},
          {"detail-type", "Object Created"},
          {"detail",
           {{"bucket", {{"name", "b"}}}, {"object", {{"key", key}}}, {"reason", "PutObject"}}}};
}
Json redis_access(const Json& of) { return list({{"Event", list(of)}, {"EventTime", "t"}}); }

TEST(EnvelopeTest, every_fixture_is_what_the_index_says) {
  const std::string flower = ": created photos-in/uploads/red flower.jpg";
  const std::string minio = " photos-in/uploads/2026/red flower+1.jpg";
  const std::map<std::string, std::string> expected = {
      {"s3-put-v2.0.json", flower},
      {"s3-put-v2.1.json", flower},
      {"s3-put-v2.5.json", flower},
      {"s3-multipart-v2.1.json", ": created photos-in/uploads/big+tiff.tif"},
      {"s3-replication-v2.2.json", ": other photos-in/uploads/red flower.jpg"},
      {"s3-tagging-v2.3.json", ": other photos-in/uploads/red flower.jpg"},
      {"s3-lifecycle-expiration-v2.3.json", ": removed photos-in/uploads/red flower.jpg"},
      {"s3-removed-delete-v2.1.json", ": removed photos-in/uploads/red flower.jpg"},
      {"s3-removed-deletemarker-v2.1.json", ": removed photos-in/uploads/red flower.jpg"},
      {"s3-put-v3.0-unknown-major.json", ": event.unsupported"},
      {"s3-unicode-key-v2.1.json", ": created photos-in/uploads/写真 1+2 (copy).jpg"},
      {"s3-folder-marker-v2.1.json", ": created photos-in/uploads/2026/"},
      {"s3-bad-percent-v2.1.json", ": event.malformed"},
      {"s3-sequencer-old-and-new.json",
       ": created photos-in/uploads/a.jpg created photos-in/uploads/a.jpg"},
      {"s3-test-event.json", ":"},
      {"sqs-testevent.json", "m-1:"},
      {"minio-put-webhook.json", ": created" + minio},
      {"minio-put-versioned-webhook.json", ": created" + minio},
      {"minio-puttagging-webhook.json", ": other" + minio},
      {"minio-accessed-get-webhook.json", ": other" + minio},
      {"minio-removed-webhook.json", ": removed" + minio},
      {"minio-redis-namespace-value.json", ": created" + minio},
      {"eventbridge-object-created.json", ": created photos-in/uploads/red flower+1.jpg"},
      {"eventbridge-object-created-v1.1.json", ": created photos-in/uploads/red flower+1.jpg"},
      {"eventbridge-object-deleted.json", ": removed photos-in/uploads/a.jpg"},
      {"eventbridge-pipes-array.json",
       ": created photos-in/uploads/red flower+1.jpg created photos-in/uploads/b.jpg"},
      {"sns-s3-lambda.json", flower},
      {"sns-s3-http.json", flower},
      {"sns-subscription-confirmation-http.json", ":"},
      {"sqs-s3.json", "m-1" + flower},
      {"sqs-sns-s3.json", "m-1" + flower},
      {"sqs-batch-mixed.json",
       "m-ok: created photos-in/uploads/ok.jpg | m-404: created photos-in/uploads/missing.jpg | "
       "m-503: created photos-in/uploads/throttled.jpg | m-bad: event.malformed | m-test: | "
       "m-two: created photos-in/uploads/x.jpg created photos-in/uploads/throttled.jpg"},
      {"s3-batch-v1.json", "T1" + flower},
      {"unknown-shape.json", "event.unsupported"},
      {"empty-records.json", ":"},
      {"null-records.json", ":"},
      {"minio-listen-stream.ndjson", "event.malformed"},  // as a whole; its lines are below
  };
  std::size_t seen = 0;
  const std::filesystem::path folder = MINIATURA_SOURCE_DIR "/tests/fixtures/events";
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const std::string name = file.path().filename();
    ASSERT_TRUE(expected.count(name)) << name << " has no expectation";
    EXPECT_EQ(told(parse_delivery(read_fixture("events/" + name))), expected.at(name)) << name;
    ++seen;
  }
  EXPECT_EQ(seen, expected.size());
}

TEST(EnvelopeTest, the_lines_of_minios_stream_have_raw_keys_and_pings) {
  std::vector<std::string> lines;
  const Bytes text = read_fixture("events/minio-listen-stream.ndjson");
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    lines.push_back(told(parse_delivery(text.substr(at, text.find('\n', at) - at))));
  }
  EXPECT_THAT(lines, ElementsAre(": created photos-in/uploads/2026/red flower+1.jpg", ":",
                                 ": created photos-in/uploads/100%25.jpg"));
}

TEST(EnvelopeTest, the_id_of_an_event_of_eventbridges_is_its_correlation_id) {
  Json event = eventbridge("a.jpg");
  EXPECT_EQ(parse_delivery(to_text(event))->correlation_id, "");
  event["id"] = "17793124-05d4-b198-2fde-7ededc63b103";
  EXPECT_EQ(parse_delivery(to_text(event))->correlation_id, "17793124-05d4-b198-2fde-7ededc63b103");
  event["id"] = std::string(5'000, 'x');
  EXPECT_LE(parse_delivery(to_text(event))->correlation_id.size(), 100U);
  Json other = s3("a.jpg");
  other["id"] = "not EventBridge's";
  EXPECT_EQ(parse_delivery(to_text(other))->correlation_id, "");
}

TEST(EnvelopeTest, whatever_is_wrapped_in_whatever_comes_out) {
  const std::string event = " created b/a c.jpg";
  const Json s3_event = s3("a+c.jpg");
  const Json raw = eventbridge("a c.jpg");
  const Json test = {{"Service", "Amazon S3"}, {"Event", "s3:TestEvent"}};
  EXPECT_EQ(told(records(sqs_message(sns_http(s3_event)))), "m:" + event);
  EXPECT_EQ(told(records(sqs_message(raw))), "m:" + event);
  EXPECT_EQ(told(records(sqs_message(sns_http(raw)))), "m:" + event);
  EXPECT_EQ(told(records(sqs_message(redis_access(record("a+c.jpg"))))), "m:" + event);
  EXPECT_EQ(told(records(sqs_message(sns_http(test)))), "m:");
  EXPECT_EQ(told(records(sns_record(test))), ":");
  EXPECT_EQ(told(records(sns_record(raw))), ":" + event);
  EXPECT_EQ(told(redis_access(record("a+c.jpg"))), ":" + event);
  EXPECT_EQ(told(Json{{"Event", list(record("a+c.jpg"))}}), ":" + event);
  EXPECT_EQ(told(Json::array({raw, s3_event, sns_http(raw)})), ":" + event + event + event);
  // A Pipe whose source is a queue hands out its messages as they are.
  EXPECT_EQ(told(Json::array({sqs_message(raw, "1"), sqs_message(s3_event, "2")})),
            "1:" + event + " | 2:" + event);
  EXPECT_EQ(told(Json::array({sqs_message(raw), raw})), ":" + event + event);
}

TEST(EnvelopeTest, four_wrappers_are_taken_off_and_no_more) {
  Json event = s3("k");
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(told(event), ": created b/k") << i;
    event = sns_http(event);
  }
  EXPECT_EQ(told(event), ": created b/k");
  EXPECT_EQ(first_error(sns_http(event)),
            "Message.Message.Message.Message.Message: wrapped more than 4 deep");
  Json nested = list(s3("k"));
  for (int i = 0; i < 4; ++i) nested = list(nested);
  EXPECT_THAT(first_error(nested), HasSubstr("[0][0][0][0][0]: wrapped more than 4 deep"));
}

TEST(EnvelopeTest, one_bad_part_never_harms_its_neighbours) {
  Json bad_body = sqs_message(s3("k"), "2");
  bad_body["body"] = 7;
  Json no_body = sqs_message(s3("k"), "3");
  no_body.erase("body");
  EXPECT_EQ(told(Json{{"Records",
                       {sqs_message(s3("a"), "1"), bad_body, no_body,
                        sqs_message({{"hello", 1}}, "4"), sqs_message(s3("b"), "5")}}}),
            "1: created b/a | 2: event.malformed | 3: event.malformed | 4: event.unsupported | "
            "5: created b/b");
  EXPECT_EQ(told(Json::array({7, {{"hello", 1}}, sns_http("text"), s3("a")})),
            ": event.unsupported event.unsupported event.unsupported created b/a");
  EXPECT_EQ(told(Json{{"Records", {record("a"), 7, sns_record({{"hello", 1}}), record("b")}}}),
            ": created b/a event.malformed event.unsupported created b/b");
}

TEST(EnvelopeTest, a_field_that_is_there_twice_costs_its_own_record) {
  const std::string good = to_text(record("a"));
  std::string twice = to_text(record("b"));
  twice.insert(twice.find("\"key\""), R"("key":"c",)");
  const auto delivery = parse_delivery(R"({"Records":[)" + twice + "," + good + "]}");
  EXPECT_EQ(told(delivery), ": event.malformed created b/a");
  EXPECT_EQ(first_error(delivery), "Records[0].s3.object: the field \"key\" is there twice");
  EXPECT_EQ(told(parse_delivery(R"({"Records":[],"Records":[)" + good + "]}")), "event.malformed");
}

TEST(EnvelopeTest, an_error_names_the_way_to_its_place) {
  EXPECT_THAT(first_error(records(sqs_message(sns_http(s3("%ZZ"))))),
              StartsWith("Records[0].body.Message.Records[0].s3.object.key: bad escape"));
  EXPECT_THAT(first_error(records(sqs_message("x"))), StartsWith("Records[0].body: its shape"));
  const auto shape = first_error(Json{{"hello", 1}});
  for (const char* accepted :
       {"aws:s3", "minio:s3", "ceph:s3", "SQS", "SNS", "EventBridge", "Batch"}) {
    EXPECT_THAT(shape, HasSubstr(accepted));
  }
}

TEST(EnvelopeTest, a_batch_whose_items_cannot_be_told_apart_is_an_error_of_the_whole) {
  const Json good = sqs_message(s3("a"), "1");
  Json nameless = good;
  nameless.erase("messageId");
  for (const Json& other : {good, sqs_message(s3("b"), ""), nameless}) {
    EXPECT_EQ(told(Json{{"Records", {good, other}}}), "event.malformed");
    EXPECT_THAT(first_error(Json{{"Records", {good, other}}}), StartsWith("Records[1].messageId"));
  }
  const Json task = {{"taskId", "T"}, {"s3Key", "a"}, {"s3Bucket", "b"}};
  EXPECT_EQ(told(Json{{"invocationSchemaVersion", "2.0"}, {"tasks", {task, task}}}),
            "event.malformed");
}

TEST(EnvelopeTest, a_message_brings_its_attempt_and_in_a_fifo_queue_its_group) {
  const auto item_of = [](const std::string& queue, const Json& attributes) {
    Json message = sqs_message(s3("k"));
    message["eventSourceARN"] = queue;
    message["attributes"] = attributes;
    return parse_delivery(to_text(records(message)))->items.at(0);
  };
  EXPECT_EQ(item_of("arn:q", {{"ApproximateReceiveCount", "3"}}).attempt, 3);
  EXPECT_EQ(item_of("arn:q", {{"ApproximateReceiveCount", "-9"}}).attempt, 0);
  EXPECT_EQ(item_of("arn:q", {{"ApproximateReceiveCount", 9}}).attempt, 0);
  EXPECT_EQ(item_of("arn:q", nullptr).group, std::nullopt);
  EXPECT_EQ(item_of("arn:q.fifo", {{"MessageGroupId", "g"}}).group, "g");
  EXPECT_EQ(item_of("arn:q.fifo", {}).group, "");
  EXPECT_EQ(item_of("", {{"MessageGroupId", "g"}}).group, "g");
  // A standard queue's groups are for fairness: nothing waits there.
  EXPECT_EQ(item_of("arn:q", {{"MessageGroupId", "g"}}).group, std::nullopt);
}

TEST(EnvelopeTest, a_batch_operation_brings_what_its_answer_needs) {
  const auto delivery = parse_delivery(read_fixture("events/s3-batch-v1.json"));
  ASSERT_TRUE(delivery);
  EXPECT_EQ(delivery->shape, Shape::s3_batch);
  EXPECT_EQ(delivery->invocation_id, "INV1");
  EXPECT_EQ(delivery->batch_schema, "1.0");
  EXPECT_EQ(told(Json{{"invocationSchemaVersion", "2.0"},
                      {"tasks",
                       {{{"taskId", "1"}, {"s3Key", "a%2Bb"}, {"s3Bucket", "b"}},
                        {{"taskId", "2"}, {"s3Key", "a"}}}}}),
            "1: created b/a+b | 2: event.malformed");
  EXPECT_EQ(told(Json{{"invocationSchemaVersion", "3.0"}, {"tasks", Json::array()}}),
            "event.unsupported");
}

TEST(EnvelopeTest, a_confirmation_is_no_work_and_a_note_for_a_person) {
  const auto delivery =
      parse_delivery(read_fixture("events/sns-subscription-confirmation-http.json"));
  ASSERT_TRUE(delivery);
  EXPECT_THAT(delivery->note, HasSubstr("SubscriptionConfirmation"));
  EXPECT_THAT(delivery->note, HasSubstr("arn:aws:sns:eu-west-1:123456789012:uploads"));
  EXPECT_THAT(delivery->note, testing::Not(HasSubstr("TOKEN")));
}

TEST(EnvelopeTest, bytes_depth_fields_and_records_are_bounded) {
  EventLimits limits;
  limits.payload_bytes = 10'000;
  limits.records = 2;
  const auto bounded = [&](const std::string& payload) {
    return told(parse_delivery(payload, limits));
  };
  EXPECT_EQ(bounded(std::string(10'001, ' ')), "event.too_large");
  EXPECT_EQ(bounded(std::string(90, '[')), "event.too_large");
  EXPECT_EQ(bounded(R"({"Records":[1,2,3]})"), "event.too_large");
  EXPECT_EQ(bounded(R"({"Records":[1,2]})"), ": event.malformed event.malformed");
  const Json two = {{"Records", {record("a"), record("b")}}};
  EXPECT_EQ(bounded(to_text(Json::array({two, two}))), "event.too_large");
  EXPECT_EQ(bounded(to_text(sns_http(Json{{"Records", {1, 2, 3}}}))), "event.too_large");
  // Of a batch, the message that is too much bears it alone.
  const Json three = {{"Records", {1, 2, 3}}};
  EXPECT_EQ(bounded(to_text(Json{{"Records", {sqs_message(three, "1"), sqs_message(two, "2")}}})),
            "1: event.too_large | 2: created b/a created b/b");
  const Json none = Json{{"Records", nullptr}};
  EXPECT_EQ(
      bounded(to_text(Json{
          {"Records", {sqs_message(none, "1"), sqs_message(none, "2"), sqs_message(none, "3")}}})),
      "event.too_large");
  std::string many = "{\"0\":0";
  for (int i = 1; i <= 1000; ++i) many += ",\"" + std::to_string(i) + "\":0";
  EXPECT_EQ(told(parse_delivery(many + "}")), "event.too_large");
}

// Whatever becomes of a payload: each item is there once, and nothing but its own part is lost.
TEST(EnvelopeTest, a_payload_that_is_cut_or_scrambled_anywhere_gives_an_answer) {
  for (const char* name : {"sqs-batch-mixed.json", "eventbridge-pipes-array.json",
                           "sns-s3-http.json", "s3-batch-v1.json", "minio-put-webhook.json"}) {
    const Bytes whole = read_fixture(std::string("events/") + name);
    for (std::size_t at = 0; at < whole.size(); at += 7) {
      EXPECT_FALSE(parse_delivery(ByteView(whole).substr(0, at))) << name << " cut at " << at;
      Bytes scrambled = whole;
      for (const char c : {'"', '{', ']', '0', '\\', '\xFF'}) {
        scrambled[at] = c;
        const auto delivery = parse_delivery(scrambled);
        if (!delivery) continue;
        for (const EventItem& item : delivery->items) {
          EXPECT_EQ(item.id.empty(), delivery->shape == Shape::direct) << name << " at " << at;
        }
      }
    }
  }
}

}  // namespace
}  // namespace miniatura
