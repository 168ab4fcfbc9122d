#include "handler/reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace miniatura {
namespace {

EventOutcome outcome(Outcome::What what, std::optional<ErrorCode> code = std::nullopt) {
  EventOutcome event;
  event.object = {"photos", "a.jpg", ""};
  event.outcome.what = what;
  if (code) {
    event.outcome.error.emplace();
    event.outcome.error->code = *code;
    event.outcome.error->message = "photos/a.jpg: " + std::string(code_name(*code));
  }
  return event;
}

Handled handled_directly(const std::vector<EventOutcome>& events) {
  ParsedDelivery delivery;
  delivery.items.emplace_back();
  return handled(delivery, events);
}

// An item of these outcomes, named m-0, m-1, …
Handled handled_as(Shape shape, const std::vector<std::vector<EventOutcome>>& items) {
  ParsedDelivery delivery;
  delivery.shape = shape;
  delivery.batch_schema = "2.0";
  delivery.invocation_id = "I";
  std::vector<EventOutcome> events;
  for (std::size_t i = 0; i < items.size(); ++i) {
    delivery.items.emplace_back();
    delivery.items.back().id = "m-" + std::to_string(i);
    for (EventOutcome event : items[i]) {
      event.item_id = delivery.items.back().id;
      events.push_back(std::move(event));
    }
  }
  return handled(delivery, events);
}

const EventOutcome kStored = outcome(Outcome::What::stored);
const EventOutcome kSkipped = outcome(Outcome::What::skipped);
const EventOutcome kFailed = outcome(Outcome::What::failed, ErrorCode::image_corrupt);
const EventOutcome kDeferred = outcome(Outcome::What::deferred, ErrorCode::store_unavailable);

TEST(ReplyTest, the_table_of_outcomes) {
  struct Case {
    std::vector<EventOutcome> events;
    Item::What what;
    std::optional<ErrorCode> why;
  };
  const Case cases[] = {
      {{}, Item::What::ack, std::nullopt},
      {{kStored}, Item::What::ack, std::nullopt},
      {{kSkipped, kStored}, Item::What::ack, std::nullopt},
      {{kFailed}, Item::What::dead, ErrorCode::image_corrupt},
      {{kDeferred}, Item::What::retry, ErrorCode::store_unavailable},
      {{kStored, kFailed, kDeferred}, Item::What::retry, ErrorCode::store_unavailable},
      {{kDeferred, kFailed}, Item::What::retry, ErrorCode::store_unavailable},
      {{kFailed, outcome(Outcome::What::failed, ErrorCode::image_too_large)},
       Item::What::dead,
       ErrorCode::image_corrupt},
  };
  for (const Case& c : cases) {
    const Handled done = handled_directly(c.events);
    ASSERT_EQ(done.items.size(), 1U);
    EXPECT_EQ(done.items[0].id, "");
    EXPECT_EQ(done.items[0].what, c.what);
    ASSERT_EQ(done.items[0].why.has_value(), c.why.has_value());
    if (c.why) {
      EXPECT_EQ(done.items[0].why->code, *c.why);
    }
    EXPECT_EQ(done.failure() != nullptr, c.what != Item::What::ack);
  }
}

TEST(ReplyTest, the_reply_counts_and_tells_each_event) {
  EventOutcome stored = kStored;
  stored.outcome.thumbnails = {
      {"small", "thumbs", "a/small.webp", 256, 192, 999, ImageFormat::webp, "t1"}};
  EventOutcome skipped = kSkipped;
  skipped.outcome.reason = SkipReason::gone;
  EXPECT_EQ(
      handled_directly({stored, skipped, kFailed}).reply,
      R"({"stored":1,"skipped":1,"failed":1,"deferred":0,"events":[)"
      R"({"bucket":"photos","key":"a.jpg","outcome":"stored","thumbnails":[)"
      R"({"preset":"small","bucket":"thumbs","key":"a/small.webp","width":256,"height":192,"bytes":999,)"
      R"("format":"webp","etag":"t1"}]},)"
      R"({"bucket":"photos","key":"a.jpg","outcome":"skipped","reason":"gone","thumbnails":[]},)"
      R"({"bucket":"photos","key":"a.jpg","outcome":"failed",)"
      R"("error":{"code":"image.corrupt","message":"photos/a.jpg: image.corrupt"},"thumbnails":[]}]})");
}

TEST(ReplyTest, a_key_that_is_no_utf8_still_gives_json) {
  EventOutcome event = kFailed;
  event.object.key = "caf\xe9.jpg";
  event.outcome.error->message = "bad \xff byte";
  const auto parsed = parse_json(handled_directly({event}).reply, "the reply");
  EXPECT_TRUE(parsed);
}

TEST(ReplyTest, a_payload_that_could_not_be_parsed_is_a_failed_delivery) {
  Error error;
  error.code = ErrorCode::event_malformed;
  error.message = "not JSON";
  const Handled done = handled(error);
  ASSERT_NE(done.failure(), nullptr);
  EXPECT_EQ(done.failure()->what, Item::What::dead);
  EXPECT_EQ(done.reply, R"({"stored":0,"skipped":0,"failed":0,"deferred":0,"events":[],)"
                        R"("error":{"code":"event.malformed","message":"not JSON"}})");
}

TEST(ReplyTest, an_sqs_batch_lists_what_is_not_acknowledged) {
  const Handled done = handled_as(
      Shape::sqs,
      {{kStored}, {kFailed}, {}, {kStored, kDeferred}, {kSkipped, kStored}, {kFailed, kStored}});
  EXPECT_EQ(done.reply, R"({"batchItemFailures":[{"itemIdentifier":"m-1"},)"
                        R"({"itemIdentifier":"m-3"},{"itemIdentifier":"m-5"}]})");
  ASSERT_EQ(done.items.size(), 6U);
  const Item::What whats[] = {Item::What::ack,   Item::What::dead, Item::What::ack,
                              Item::What::retry, Item::What::ack,  Item::What::dead};
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(done.items[i].id, "m-" + std::to_string(i));
    EXPECT_EQ(done.items[i].what, whats[i]) << i;
    EXPECT_EQ(done.items[i].why.has_value(), whats[i] != Item::What::ack) << i;
  }
  // Lambda is answered by /response, never by /error: that would fail the good ones, too.
  EXPECT_EQ(done.failure(), nullptr);
}

TEST(ReplyTest, an_sqs_batch_that_went_well_lists_nothing) {
  EXPECT_EQ(handled_as(Shape::sqs, {{kStored}, {}}).reply, R"({"batchItemFailures":[]})");
}

TEST(ReplyTest, each_task_of_a_batch_operation_has_its_result) {
  EventOutcome gone = kSkipped;
  gone.outcome.reason = SkipReason::gone;
  EXPECT_EQ(handled_as(Shape::s3_batch, {{kStored}, {gone}, {kDeferred}, {kFailed}}).reply,
            R"({"invocationSchemaVersion":"2.0","treatMissingKeysAs":"PermanentFailure",)"
            R"("invocationId":"I","results":[)"
            R"({"taskId":"m-0","resultCode":"Succeeded","resultString":"stored"},)"
            R"({"taskId":"m-1","resultCode":"Succeeded","resultString":"skipped: gone"},)"
            R"({"taskId":"m-2","resultCode":"TemporaryFailure","resultString":)"
            R"("store.unavailable: photos/a.jpg: store.unavailable"},)"
            R"({"taskId":"m-3","resultCode":"PermanentFailure","resultString":)"
            R"("image.corrupt: photos/a.jpg: image.corrupt"}]})");
}

TEST(ReplyTest, a_result_is_one_short_line) {
  EventOutcome bad = kFailed;
  bad.outcome.error->message = "two\nlines\x1b " + std::string(10'000, 'x');
  const auto reply = parse_json(handled_as(Shape::s3_batch, {{bad}}).reply, "the reply");
  ASSERT_TRUE(reply);
  const std::string text = string_at((*reply)["results"][0], "resultString");
  EXPECT_LE(text.size(), 500U);
  EXPECT_EQ(text.find_first_of("\n\x1b"), std::string::npos);
}

TEST(ReplyTest, what_keeps_everything_back_uses_up_no_attempt) {
  const auto counts = [](ErrorCode code) {
    return handled_directly({outcome(Outcome::What::deferred, code)}).items[0].counts;
  };
  EXPECT_FALSE(counts(ErrorCode::destination_denied));
  EXPECT_FALSE(counts(ErrorCode::destination_no_bucket));
  EXPECT_FALSE(counts(ErrorCode::credentials_expired));
  EXPECT_FALSE(counts(ErrorCode::store_unavailable));
  EXPECT_FALSE(counts(ErrorCode::network_unreachable));
  EXPECT_TRUE(counts(ErrorCode::deadline_exceeded));
  EXPECT_TRUE(counts(ErrorCode::source_denied));
}

}  // namespace
}  // namespace miniatura
