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
    const Handled done = handled(c.events);
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
      handled(std::vector{stored, skipped, kFailed}).reply,
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
  const auto parsed = parse_json(handled(std::vector{event}).reply, "the reply");
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

}  // namespace
}  // namespace miniatura
