// The whole pipeline on the memory store: what an event leaves behind.
#include "handler/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "s3client/s3_store.h"
#include "tests/handler/pipeline_test.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_s3.h"

namespace miniatura {
namespace {

using ::testing::ElementsAre;
using What = Outcome::What;

class ProcessTest : public PipelineTest {};

TEST_F(ProcessTest, an_upload_becomes_all_its_thumbnails) {
  const Outcome outcome = work_on(upload("up/a.png", red()));
  ASSERT_EQ(outcome.what, What::stored) << outcome.error->message;
  EXPECT_THAT(store_.keys("thumbs"), ElementsAre("up/a.png/card.png", "up/a.png/small.png"));
  ASSERT_EQ(outcome.thumbnails.size(), 2U);
  EXPECT_EQ(outcome.thumbnails[0].preset, "small");
  EXPECT_EQ(outcome.thumbnails[0].width, 16);
  EXPECT_EQ(outcome.thumbnails[0].height, 12);
  EXPECT_EQ(outcome.thumbnails[1].etag, store_.info("thumbs", "up/a.png/card.png")->etag);
  EXPECT_EQ(outcome.source->width, 64);
  const auto info = store_.info("thumbs", "up/a.png/small.png");
  EXPECT_EQ(info->content_type, "image/png");
  EXPECT_EQ(info->metadata.at(kSourceKey), "photos/up/a.png");
}

TEST_F(ProcessTest, a_source_that_is_gone_or_empty_is_skipped) {
  EXPECT_EQ(work_on(event_of("never.png", "e")).reason, SkipReason::gone);
  EXPECT_EQ(work_on(upload("empty.png", "")).reason, SkipReason::empty);
}

TEST_F(ProcessTest, a_source_that_comes_without_its_length_is_not_taken_for_empty) {
  ScriptedS3 s3;
  s3.transport.push(404);  // the commit mark
  s3.transport.push(200, red(), {{"ETag", "\"red\""}, {"Transfer-Encoding", "chunked"}});
  s3.transport.push(200, {}, {{"ETag", "\"small\""}});
  s3.transport.push(200, {}, {{"ETag", "\"card\""}});
  S3Store store(s3.access());
  const Outcome outcome =
      process(event_of("a.png", "red"), {&rules_, &limits_, &store, &clock_}, {});
  EXPECT_EQ(outcome.what, What::stored);
  EXPECT_EQ(outcome.thumbnails.size(), 2U);
}

TEST_F(ProcessTest, a_thumbnail_copied_elsewhere_is_recognised_by_its_metadata) {
  PutRequest copy;
  copy.bucket = "photos";
  copy.key = "copy.png";
  const Bytes bytes = red();
  copy.body = bytes;
  copy.metadata = {{kSourceKey, "photos/original.png"}};
  const auto put = store_.put(copy, {});
  EXPECT_EQ(work_on(event_of("copy.png", put->etag)).reason, SkipReason::own_output);
  EXPECT_THAT(store_.keys("thumbs"), ElementsAre());
}

TEST_F(ProcessTest, a_bad_picture_fails_and_names_its_object) {
  const Outcome outcome = work_on(upload("bad.png", red().substr(0, 60)));
  EXPECT_EQ(outcome.what, What::failed);
  EXPECT_EQ(outcome.error->code, ErrorCode::image_corrupt);
  EXPECT_THAT(outcome.error->message, ::testing::HasSubstr("photos/bad.png"));
  EXPECT_THAT(store_.keys("thumbs"), ElementsAre());
}

TEST_F(ProcessTest, each_fault_of_a_store_has_its_side_and_its_class) {
  struct Case {
    const char* operation;
    const char* bucket;
    ErrorCode store_says;
    ErrorCode outcome;
    What what;
  };
  const Case cases[] = {
      {"get", "photos", ErrorCode::store_denied, ErrorCode::source_denied, What::deferred},
      {"get", "photos", ErrorCode::store_no_bucket, ErrorCode::source_no_bucket, What::deferred},
      {"get", "photos", ErrorCode::store_rejected, ErrorCode::source_rejected, What::failed},
      {"get", "photos", ErrorCode::network_timeout, ErrorCode::network_timeout, What::deferred},
      {"head", "thumbs", ErrorCode::store_denied, ErrorCode::destination_denied, What::deferred},
      {"put", "thumbs", ErrorCode::store_denied, ErrorCode::destination_denied, What::deferred},
      {"put", "thumbs", ErrorCode::store_no_bucket, ErrorCode::destination_no_bucket,
       What::deferred},
      {"put", "thumbs", ErrorCode::store_invalid_key, ErrorCode::destination_rejected,
       What::failed},
      {"put", "thumbs", ErrorCode::store_precondition_failed, ErrorCode::destination_contended,
       What::deferred},
  };
  const ObjectEvent event = upload("a.png", red());
  for (const Case& c : cases) {
    store_.set_hook([&](std::string_view operation, const ObjectId& id) -> std::optional<Error> {
      if (operation != c.operation || id.bucket != c.bucket) return std::nullopt;
      return Error{c.store_says, "no", 0, "", "", std::nullopt};
    });
    const Outcome outcome = work_on(event);
    EXPECT_EQ(outcome.what, c.what) << c.operation << ' ' << code_name(c.store_says);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(code_name(outcome.error->code), code_name(c.outcome))
        << c.operation << ' ' << code_name(c.store_says);
  }
}

TEST_F(ProcessTest, a_thumbnail_has_what_its_rule_says_beside_ours) {
  rules_.rules.front().put = {"max-age=60", "STANDARD_IA", {{"made", "yes"}}, {{"owner", "me"}}};
  ASSERT_EQ(work_on(upload("a.png", red())).what, What::stored);
  for (const char* key : {"a.png/small.png", "a.png/card.png"}) {
    const auto version = store_.history("thumbs", key).back();
    EXPECT_EQ(version.info.cache_control, "max-age=60");
    EXPECT_EQ(version.info.storage_class, "STANDARD_IA");
    EXPECT_EQ(version.tags.at("made"), "yes");
    EXPECT_EQ(version.info.metadata.at("owner"), "me");
    EXPECT_EQ(version.info.metadata.at(kSourceKey), "photos/a.png");
  }
}

TEST_F(ProcessTest, the_version_of_the_event_is_read_and_an_old_one_replaces_nothing) {
  rules_.rules.front().use_version = true;
  ObjectEvent old = upload("a.png", red());
  old.object.version = store_.info("photos", "a.png")->version;
  EXPECT_EQ(work_on(old).what, What::stored);
  ObjectEvent newer = upload("a.png", green());
  newer.object.version = store_.info("photos", "a.png")->version;
  ASSERT_NE(old.object.version, newer.object.version);
  EXPECT_EQ(work_on(newer).what, What::stored);
  store_.remove("thumbs", "a.png/card.png");  // the mark does not tell
  EXPECT_EQ(work_on(old).reason, SkipReason::stale);
  EXPECT_EQ(work_on(newer).what, What::stored);
  expect_thumbnails_of("a.png");
}

TEST_F(ProcessTest, keys_with_an_etag_hold_the_bytes_of_that_etag) {
  rules_.rules.front().destination_key = *KeyTemplate::parse("{etag}/{preset}");
  ObjectEvent old = upload("a.png", red());
  old.object.version = store_.info("photos", "a.png")->version;
  upload("a.png", green());
  EXPECT_EQ(work_on(old).reason, SkipReason::stale) << "what is there now is not what it tells of";
  rules_.rules.front().use_version = true;
  EXPECT_EQ(work_on(old).what, What::stored);
  EXPECT_EQ(source_etag(old.etag + "/small"), old.etag);
}

TEST_F(ProcessTest, past_the_deadline_nothing_is_begun_and_the_event_is_deferred) {
  const ObjectEvent event = upload("a.png", red());
  store_.forget_operations();
  const Outcome outcome = work_on(event, {Deadline(clock_.now() - std::chrono::seconds(1)), ""});
  EXPECT_EQ(outcome.what, What::deferred);
  EXPECT_EQ(outcome.error->code, ErrorCode::deadline_exceeded);
  EXPECT_THAT(store_.operations(), ElementsAre());
}

TEST_F(ProcessTest, what_is_rendered_too_late_is_not_stored) {
  const ObjectEvent event = upload("a.png", red());
  ManualClock clock;
  store_.set_hook([&](std::string_view operation, const ObjectId&) -> std::optional<Error> {
    if (operation == "get") clock.sleep_for(std::chrono::seconds(2));
    return std::nullopt;
  });
  const Outcome outcome = process(event, {&rules_, &limits_, &store_, &clock},
                                  {Deadline::after(clock, std::chrono::seconds(1)), ""});
  EXPECT_EQ(outcome.what, What::deferred);
  EXPECT_EQ(outcome.error->message, "photos/a.png: no time left to store the thumbnails");
  EXPECT_THAT(store_.keys("thumbs"), ElementsAre());
}

TEST_F(ProcessTest, a_destination_that_denies_is_not_asked_by_every_event) {
  ManualClock clock;
  Breaker breaker(clock);
  bool denies = true;
  store_.set_hook([&](std::string_view operation, const ObjectId& id) -> std::optional<Error> {
    if (!denies || operation != "put" || id.bucket != "thumbs") return std::nullopt;
    Error error;
    error.code = ErrorCode::store_denied;
    error.message = "PUT thumbs: denied";
    return error;
  });
  const auto serve = [&](const std::string& key) {
    return process(upload(key, red()), {&rules_, &limits_, &store_, &clock_, &breaker}, {});
  };
  EXPECT_EQ(serve("first.png").error->code, ErrorCode::destination_denied);
  store_.forget_operations();
  const Outcome second = serve("second.png");
  EXPECT_EQ(second.what, What::deferred);
  EXPECT_EQ(second.error->code, ErrorCode::destination_denied);
  EXPECT_TRUE(second.error->retry_after);
  EXPECT_THAT(store_.operations(), ElementsAre());

  denies = false;
  clock.sleep_for(std::chrono::seconds(1));
  EXPECT_EQ(serve("third.png").what, What::stored);
  EXPECT_EQ(serve("second.png").what, What::stored);
}

}  // namespace
}  // namespace miniatura
