// The whole pipeline on the memory store: what an event leaves behind, whatever else happens
// meanwhile.
#include "handler/process.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "handler/once.h"
#include "s3client/s3_store.h"
#include "tests/support/memory_store.h"
#include "tests/support/scripted_transport.h"
#include "tests/support/solid.h"

namespace miniatura {
namespace {

using ::testing::ElementsAre;
using What = Outcome::What;

// Pictures of different colours, so that etags and thumbnails tell versions apart.
Bytes red() { return solid_png(64, 48, pictures::kRed); }
Bytes green() { return solid_png(64, 48, pictures::kGreen); }
Bytes blue() { return solid_png(64, 48, pictures::kBlue); }

class ProcessTest : public ::testing::Test {
 protected:
  ProcessTest() {
    rules_.rules.push_back({"MINIATURA_DEST", *parse_presets("small=16x16:png,card=32x32:png"),
                            "thumbs", *KeyTemplate::parse("{dir}{name}/{preset}.{ext}")});
  }

  static ObjectEvent event_of(const std::string& key, const std::string& etag) {
    ObjectEvent event;
    event.object = {"photos", key, ""};
    event.etag = etag;
    return event;
  }
  // Puts a source and gives the event that tells of it.
  ObjectEvent upload(const std::string& key, const Bytes& bytes) {
    return event_of(key, store_.add("photos", key, bytes));
  }

  Outcome work_on(const ObjectEvent& event, const Context& context = {}) {
    return process(event, {&rules_, &limits_, &store_, &clock_}, context);
  }

  std::string source_etag(const std::string& key) const {
    const auto info = store_.info("thumbs", key);
    return info ? info->metadata.at(kSourceEtagKey) : "absent";
  }
  void expect_thumbnails_of(const std::string& key) const {
    const std::string etag = store_.info("photos", key)->etag;
    EXPECT_EQ(source_etag(key + "/small.png"), etag);
    EXPECT_EQ(source_etag(key + "/card.png"), etag);
  }
  // No version of a thumbnail made from older bytes may follow one made from newer ones.
  void expect_never_backwards(const std::string& key,
                              const std::vector<std::string>& etags_oldest_first) const {
    for (const char* preset : {"/small.png", "/card.png"}) {
      std::ptrdiff_t newest = -1;
      for (const auto& version : store_.history("thumbs", key + preset)) {
        const std::string& etag = version.info.metadata.at(kSourceEtagKey);
        const auto place = std::find(etags_oldest_first.begin(), etags_oldest_first.end(), etag) -
                           etags_oldest_first.begin();
        EXPECT_GE(place, newest) << key << preset;
        newest = std::max(newest, place);
      }
    }
  }

  MemoryStore store_{"photos", "thumbs"};
  Rules rules_;
  Limits limits_;
  SystemClock clock_;
};

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

TEST_F(ProcessTest, the_usual_event_costs_one_head_one_get_and_the_puts_with_the_commit_mark_last) {
  work_on(upload("a.png", red()));
  EXPECT_THAT(store_.operations(),
              ElementsAre("head thumbs/a.png/card.png", "get photos/a.png",
                          "put thumbs/a.png/small.png", "put thumbs/a.png/card.png"));
}

TEST_F(ProcessTest, a_duplicate_costs_one_head_and_changes_nothing) {
  const ObjectEvent event = upload("a.png", red());
  work_on(event);
  store_.forget_operations();
  const Outcome outcome = work_on(event);
  EXPECT_EQ(outcome.what, What::skipped);
  EXPECT_EQ(outcome.reason, SkipReason::done);
  EXPECT_THAT(store_.operations(), ElementsAre("head thumbs/a.png/card.png"));
}

TEST_F(ProcessTest, an_event_without_an_etag_is_recognised_as_done_too) {
  ObjectEvent event = upload("a.png", red());
  work_on(event);
  event.etag.clear();
  EXPECT_EQ(work_on(event).reason, SkipReason::done);
}

TEST_F(ProcessTest, an_overwritten_source_replaces_its_thumbnails) {
  const ObjectEvent old_event = upload("a.png", red());
  work_on(old_event);
  const Outcome outcome = work_on(upload("a.png", green()));
  EXPECT_EQ(outcome.what, What::stored);
  expect_thumbnails_of("a.png");
  const Raster small = pictures::pixels_of(*store_.bytes("thumbs", "a.png/small.png"));
  EXPECT_LE(pictures::difference(pictures::colour_at(small, 0.5, 0.5), pictures::kGreen), 2);
  // The old event, late: nothing to do.
  EXPECT_EQ(work_on(old_event).reason, SkipReason::stale);
}

TEST_F(ProcessTest, an_event_that_comes_late_works_on_the_newest_source) {
  const ObjectEvent old_event = upload("a.png", red());
  const ObjectEvent new_event = upload("a.png", green());
  EXPECT_EQ(work_on(old_event).what, What::stored);
  expect_thumbnails_of("a.png");
  EXPECT_EQ(work_on(new_event).reason, SkipReason::done);
}

TEST_F(ProcessTest, a_run_cut_off_before_the_commit_mark_is_made_whole_by_the_next) {
  const ObjectEvent event = upload("a.png", red());
  store_.set_hook([](std::string_view operation, const ObjectId& id) -> std::optional<Error> {
    if (operation != "put" || id.key != "a.png/card.png") return std::nullopt;
    return Error{ErrorCode::store_unavailable, "the plug was pulled", 503, "", "", std::nullopt};
  });
  const Outcome cut = work_on(event);
  EXPECT_EQ(cut.what, What::deferred);
  EXPECT_THAT(store_.keys("thumbs"), ElementsAre("a.png/small.png"));
  store_.set_hook(nullptr);
  EXPECT_EQ(work_on(event).what, What::stored);
  expect_thumbnails_of("a.png");
  EXPECT_EQ(store_.history("thumbs", "a.png/small.png").size(),
            1U);  // what was there is not written again
}

TEST_F(ProcessTest, changed_presets_are_made_anew_and_the_others_left) {
  const ObjectEvent event = upload("a.png", red());
  work_on(event);
  rules_.rules[0].presets = *parse_presets("small=8x8:png,card=32x32:png");
  EXPECT_EQ(work_on(event).what, What::stored);
  EXPECT_EQ(store_.history("thumbs", "a.png/small.png").size(), 2U);
  rules_.rules[0].presets = *parse_presets("tiny=4x4:png,small=8x8:png,card=32x32:png");
  EXPECT_EQ(work_on(event).what, What::stored);
  EXPECT_TRUE(store_.info("thumbs", "a.png/tiny.png"));
  EXPECT_EQ(store_.history("thumbs", "a.png/small.png").size(), 2U);
  EXPECT_EQ(work_on(event).reason, SkipReason::done);
}

TEST_F(ProcessTest, overwritten_while_it_is_worked_on_the_newest_wins) {
  const ObjectEvent event = upload("a.png", red());
  const std::string red_etag = event.etag;
  std::string green_etag;
  // Another worker serves the newer event, whole, between our render and our first put.
  bool once = false;
  store_.set_hook([&](std::string_view operation, const ObjectId& id) -> std::optional<Error> {
    if (!once && operation == "put" && id.key == "a.png/small.png") {
      once = true;
      const ObjectEvent newer = upload("a.png", green());
      green_etag = newer.etag;
      EXPECT_EQ(work_on(newer).what, What::stored);
    }
    return std::nullopt;
  });
  const Outcome outcome = work_on(event);
  EXPECT_EQ(outcome.what, What::stored);
  expect_thumbnails_of("a.png");
  expect_never_backwards("a.png", {red_etag, green_etag});
}

TEST_F(ProcessTest, overwritten_between_two_puts_the_newest_wins) {
  const ObjectEvent event = upload("a.png", red());
  std::string green_etag;
  bool once = false;
  store_.set_hook([&](std::string_view operation, const ObjectId& id) -> std::optional<Error> {
    if (!once && operation == "put" && id.key == "a.png/card.png") {
      once = true;
      const ObjectEvent newer = upload("a.png", green());
      green_etag = newer.etag;
      EXPECT_EQ(work_on(newer).what, What::stored);
    }
    return std::nullopt;
  });
  EXPECT_EQ(work_on(event).what, What::stored);
  expect_thumbnails_of("a.png");
  expect_never_backwards("a.png", {event.etag, green_etag});
}

TEST_F(ProcessTest, overwritten_again_before_an_overwrite_takes_effect_the_newest_wins) {
  const ObjectEvent first = upload("a.png", red());
  work_on(first);
  const ObjectEvent second = upload("a.png", green());
  std::string blue_etag;
  bool once = false;
  // The condition of our overwrite holds for the thumbnail that we saw; meanwhile there is a newer
  // one.
  store_.set_hook([&](std::string_view operation, const ObjectId& id) -> std::optional<Error> {
    if (!once && operation == "put" && id.key == "a.png/small.png") {
      const auto operations = store_.operations();
      if (std::count(operations.begin(), operations.end(), "put thumbs/a.png/small.png") < 3)
        return std::nullopt;
      once = true;
      const ObjectEvent newest = upload("a.png", blue());
      blue_etag = newest.etag;
      EXPECT_EQ(work_on(newest).what, What::stored);
    }
    return std::nullopt;
  });
  EXPECT_EQ(work_on(second).what, What::stored);
  EXPECT_TRUE(once);
  expect_thumbnails_of("a.png");
  expect_never_backwards("a.png", {first.etag, second.etag, blue_etag});
}

// The event of the old bytes' return trusts the mark that is about to be overwritten.
TEST_F(ProcessTest, overwritten_by_what_it_was_before_while_an_overwrite_is_on_its_way) {
  for (const char* presets : {"small=16x16:png,card=32x32:png", "card=32x32:png"}) {
    rules_.rules[0].presets = *parse_presets(presets);
    const std::string key = fmt::format("{}.png", rules_.rules[0].presets.size());
    work_on(upload(key, red()));
    const ObjectEvent second = upload(key, green());
    bool once = false;
    int looks = 0;  // at the source: whether there is work, and whether ours is right
    store_.set_hook([&](std::string_view operation, const ObjectId& id) -> std::optional<Error> {
      if (operation == "head" && id.bucket == "photos") ++looks;
      if (looks == 2 && !once && operation == "put" && id.bucket == "thumbs") {
        once = true;
        EXPECT_EQ(work_on(upload(key, red())).reason, SkipReason::done);
      }
      return std::nullopt;
    });
    work_on(second);
    store_.set_hook(nullptr);
    EXPECT_TRUE(once);
    EXPECT_EQ(source_etag(key + "/card.png"), store_.info("photos", key)->etag);
    if (rules_.rules[0].presets.size() == 2) expect_thumbnails_of(key);
  }
}

TEST_F(ProcessTest, overwritten_over_and_over_is_deferred) {
  const ObjectEvent event = upload("a.png", red());
  work_on(event);
  int version = 0;
  store_.set_hook([&](std::string_view operation, const ObjectId& id) -> std::optional<Error> {
    if (operation == "head" && id.bucket == "photos") {
      store_.add("photos", "a.png",
                 solid_png(64, 48, {static_cast<unsigned char>(++version), 1, 1}));
    }
    return std::nullopt;
  });
  const Outcome outcome = work_on(event_of("a.png", "of a newer version"));
  EXPECT_EQ(outcome.what, What::deferred);
  EXPECT_EQ(outcome.error->code, ErrorCode::source_changed);
}

TEST_F(ProcessTest, a_put_whose_reply_was_lost_is_settled_by_a_look) {
  const ObjectEvent event = upload("a.png", red());
  bool once = false;
  store_.set_hook([&](std::string_view operation, const ObjectId& id) -> std::optional<Error> {
    if (!once && operation == "put" && id.key == "a.png/small.png") {
      once = true;  // the first attempt of a retried PUT took effect, its answer did not come
      const auto other = store_.share();
      EXPECT_EQ(work_on(event).what, What::stored);
    }
    return std::nullopt;
  });
  EXPECT_EQ(work_on(event).what, What::stored);
  EXPECT_EQ(store_.history("thumbs", "a.png/small.png").size(), 1U);
}

TEST_F(ProcessTest, a_mixture_that_a_cut_off_overwrite_left_is_never_called_done) {
  const ObjectEvent first = upload("a.png", red());
  work_on(first);
  const ObjectEvent second = upload("a.png", green());
  int puts_of_the_mark = 0;
  store_.set_hook([&](std::string_view operation, const ObjectId& id) -> std::optional<Error> {
    if (operation != "put" || id.key != "a.png/card.png" || ++puts_of_the_mark == 1) return {};
    return Error{ErrorCode::store_unavailable, "the plug was pulled", 503, "", "", std::nullopt};
  });
  EXPECT_EQ(work_on(second).what, What::deferred);  // small is green, card is not committed
  store_.set_hook(nullptr);
  const ObjectEvent third =
      upload("a.png", red());  // the very bytes that the old mark was made from
  EXPECT_EQ(third.etag, first.etag);
  EXPECT_EQ(work_on(third).what, What::stored);
  expect_thumbnails_of("a.png");
}

TEST_F(ProcessTest, back_to_older_bytes_while_an_overwrite_runs_the_newest_wins) {
  const ObjectEvent first = upload("a.png", red());
  work_on(first);
  const ObjectEvent second = upload("a.png", green());
  int puts_of_small = 0;
  store_.set_hook([&](std::string_view operation, const ObjectId& id) -> std::optional<Error> {
    if (operation == "put" && id.key == "a.png/small.png" && ++puts_of_small == 2) {
      store_.add("photos", "a.png", red());  // its own event is still to come
    }
    return std::nullopt;
  });
  EXPECT_EQ(work_on(second).what, What::stored);
  store_.set_hook(nullptr);
  work_on(first);  // the event of the third upload, which has the same etag
  expect_thumbnails_of("a.png");
}

TEST_F(ProcessTest, a_conflict_at_the_commit_mark_is_seen_before_anything_is_written) {
  store_.add("thumbs", "a.png/card.png", "somebody's");
  const Outcome outcome = work_on(upload("a.png", red()));
  EXPECT_EQ(outcome.error->code, ErrorCode::destination_conflict);
  EXPECT_THAT(store_.keys("thumbs"), ElementsAre("a.png/card.png"));
}

TEST_F(ProcessTest, what_another_source_made_is_never_overwritten) {
  work_on(upload("a.png", red()));
  // A rule without {dir} lets two sources meet at one key.
  rules_.rules[0].destination_key = *KeyTemplate::parse("{name}/{preset}.{ext}");
  const Outcome outcome = work_on(upload("other/a.png", green()));
  EXPECT_EQ(outcome.what, What::failed);
  EXPECT_EQ(outcome.error->code, ErrorCode::destination_conflict);
  EXPECT_THAT(outcome.error->message, ::testing::HasSubstr("thumbs/a.png/card.png"));
  expect_thumbnails_of("a.png");
  EXPECT_EQ(store_.history("thumbs", "a.png/small.png").size(), 1U);
}

TEST_F(ProcessTest, what_is_not_ours_at_the_destination_is_never_overwritten) {
  store_.add("thumbs", "a.png/small.png", "somebody's");
  const Outcome outcome = work_on(upload("a.png", red()));
  EXPECT_EQ(outcome.error->code, ErrorCode::destination_conflict);
  EXPECT_EQ(store_.bytes("thumbs", "a.png/small.png"), "somebody's");
  EXPECT_FALSE(store_.info("thumbs", "a.png/card.png"));
}

TEST_F(ProcessTest, a_source_that_is_gone_or_empty_is_skipped) {
  EXPECT_EQ(work_on(event_of("never.png", "e")).reason, SkipReason::gone);
  EXPECT_EQ(work_on(upload("empty.png", "")).reason, SkipReason::empty);
}

TEST_F(ProcessTest, a_source_that_comes_without_its_length_is_not_taken_for_empty) {
  ScriptedTransport transport;
  transport.push(404);                                // the commit mark
  transport.push(200, red(), {{"ETag", "\"red\""}});  // the source, in chunks
  transport.push(200, {}, {{"ETag", "\"small\""}});
  transport.push(200, {}, {{"ETag", "\"card\""}});
  S3Store store(transport, {"http://127.0.0.1:9000", true, "us-east-1"});
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

TEST_F(ProcessTest, past_the_deadline_nothing_is_stored_and_the_event_is_deferred) {
  const Outcome outcome =
      work_on(upload("a.png", red()), {Deadline(clock_.now() - std::chrono::seconds(1)), ""});
  EXPECT_EQ(outcome.what, What::deferred);
  EXPECT_EQ(outcome.error->code, ErrorCode::deadline_exceeded);
  EXPECT_THAT(store_.keys("thumbs"), ElementsAre());
}

}  // namespace
}  // namespace miniatura
