// Whatever else happens meanwhile, the thumbnails end as those of the newest source.
#include "handler/once.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/handler/pipeline_test.h"

namespace miniatura {
namespace {

using ::testing::ElementsAre;
using What = Outcome::What;

class OnceTest : public PipelineTest {};

TEST_F(OnceTest, the_usual_event_costs_one_head_one_get_and_the_puts_with_the_commit_mark_last) {
  work_on(upload("a.png", red()));
  EXPECT_THAT(store_.operations(),
              ElementsAre("head thumbs/a.png/card.png", "get photos/a.png",
                          "put thumbs/a.png/small.png", "put thumbs/a.png/card.png"));
}

TEST_F(OnceTest, a_duplicate_costs_a_look_at_the_last_and_the_first_and_changes_nothing) {
  const ObjectEvent event = upload("a.png", red());
  work_on(event);
  store_.forget_operations();
  const Outcome outcome = work_on(event);
  EXPECT_EQ(outcome.what, What::skipped);
  EXPECT_EQ(outcome.reason, SkipReason::done);
  EXPECT_THAT(store_.operations(),
              ElementsAre("head thumbs/a.png/card.png", "head thumbs/a.png/small.png"));
}

TEST_F(OnceTest, a_duplicate_costs_one_look_where_the_first_is_the_last) {
  rules_.rules[0].presets = *parse_presets("card=32x32:png");
  const ObjectEvent event = upload("a.png", red());
  work_on(event);
  store_.forget_operations();
  EXPECT_EQ(work_on(event).reason, SkipReason::done);
  EXPECT_THAT(store_.operations(), ElementsAre("head thumbs/a.png/card.png"));
}

TEST_F(OnceTest, an_overwrite_writes_each_thumbnail_once) {
  rules_.rules[0].presets = *parse_presets("small=16x16:png,middle=24x24:png,card=32x32:png");
  work_on(upload("a.png", red()));
  work_on(upload("a.png", green()));
  for (const std::string& thumbnail : thumbnails_of("a.png")) {
    EXPECT_EQ(store_.history("thumbs", thumbnail).size(), 2U) << thumbnail;
  }
}

// Of two that were cut off, the second in the bytes of the first thumbnail's first upload.
TEST_F(OnceTest, bytes_that_came_back_are_told_from_those_that_were_there) {
  rules_.rules[0].presets = *parse_presets("small=16x16:png,middle=24x24:png,card=32x32:png");
  work_on(upload("a.png", red()));
  const auto work_until_put_of = [&](const ObjectEvent& event, const std::string& key) {
    store_.set_hook([key](std::string_view operation, const ObjectId& id) -> std::optional<Error> {
      if (operation != "put" || id.key != key) return std::nullopt;
      return Error{ErrorCode::store_unavailable, "the plug was pulled", 503, "", "", std::nullopt};
    });
    const Outcome outcome = work_on(event);
    store_.set_hook(nullptr);
    return outcome.what;
  };
  EXPECT_EQ(work_until_put_of(upload("a.png", green()), "a.png/card.png"), What::deferred);
  const ObjectEvent back = upload("a.png", red());
  EXPECT_EQ(work_until_put_of(back, "a.png/middle.png"), What::deferred);
  // The first and the last are of the same bytes now, and the middle one is not.
  EXPECT_EQ(source_etag("a.png/small.png"), source_etag("a.png/card.png"));
  EXPECT_EQ(work_on(back).what, What::stored);
  expect_thumbnails_of("a.png");
  EXPECT_EQ(work_on(back).reason, SkipReason::done);
}

// A slow worker still holds the bytes of the first upload when they are uploaded again.
TEST_F(OnceTest,
       a_worker_on_an_upload_that_was_overwritten_and_put_back_does_not_pass_for_its_worker) {
  rules_.rules[0].presets = *parse_presets("small=16x16:png,middle=24x24:png,card=32x32:png");
  const ObjectEvent first = upload("a.png", red());
  ObjectEvent third;
  const Error plug{ErrorCode::store_unavailable, "the plug was pulled", 503, "", "", std::nullopt};
  int stage = 0;
  store_.set_hook([&](std::string_view operation, const ObjectId& id) -> std::optional<Error> {
    if (operation != "put" || id.bucket != "thumbs") return std::nullopt;
    if (stage == 0) {  // the slow worker's first one: before it takes effect
      stage = 1;
      EXPECT_EQ(work_on(first).what, What::stored);
      const ObjectEvent second = upload("a.png", green());
      stage = 2;
      EXPECT_EQ(work_on(second).what, What::deferred);
      third = upload("a.png", red());
      stage = 3;
    }
    const bool pulls =
        (stage == 2 && id.key == "a.png/card.png") || (stage == 3 && id.key == "a.png/middle.png");
    return pulls ? std::optional(plug) : std::nullopt;
  });
  EXPECT_EQ(work_on(first).what, What::deferred);
  store_.set_hook(nullptr);
  EXPECT_EQ(work_on(third).what, What::stored);
  expect_thumbnails_of("a.png");
}

TEST_F(OnceTest, an_event_without_an_etag_is_recognised_as_done_too) {
  ObjectEvent event = upload("a.png", red());
  work_on(event);
  event.etag.clear();
  EXPECT_EQ(work_on(event).reason, SkipReason::done);
}

TEST_F(OnceTest, an_overwritten_source_replaces_its_thumbnails) {
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

TEST_F(OnceTest, an_event_that_comes_late_works_on_the_newest_source) {
  const ObjectEvent old_event = upload("a.png", red());
  const ObjectEvent new_event = upload("a.png", green());
  EXPECT_EQ(work_on(old_event).what, What::stored);
  expect_thumbnails_of("a.png");
  EXPECT_EQ(work_on(new_event).reason, SkipReason::done);
}

TEST_F(OnceTest, a_run_cut_off_before_the_commit_mark_is_made_whole_by_the_next) {
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

TEST_F(OnceTest, changed_presets_are_made_anew_and_the_others_left) {
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

TEST_F(OnceTest, overwritten_while_it_is_worked_on_the_newest_wins) {
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

TEST_F(OnceTest, overwritten_between_two_puts_the_newest_wins) {
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

TEST_F(OnceTest, overwritten_again_before_an_overwrite_takes_effect_the_newest_wins) {
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
TEST_F(OnceTest, overwritten_by_what_it_was_before_while_an_overwrite_is_on_its_way) {
  for (const char* presets : {"small=16x16:png,card=32x32:png", "card=32x32:png"}) {
    rules_.rules[0].presets = *parse_presets(presets);
    const std::string key = fmt::format("{}.png", rules_.rules[0].presets.size());
    work_on(upload(key, red()));
    const ObjectEvent second = upload(key, green());
    bool once = false;
    int looks = 0;  // at the source: whether there is work, and whether ours is right
    constexpr int kBeforeAnOverwrite = 2;
    store_.set_hook([&](std::string_view operation, const ObjectId& id) -> std::optional<Error> {
      if (operation == "head" && id.bucket == "photos") ++looks;
      if (looks == kBeforeAnOverwrite && !once && operation == "put" && id.bucket == "thumbs") {
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

TEST_F(OnceTest, overwritten_over_and_over_is_deferred) {
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

TEST_F(OnceTest, a_put_whose_reply_was_lost_is_settled_by_a_look) {
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

TEST_F(OnceTest, a_mixture_that_a_cut_off_overwrite_left_is_never_called_done) {
  const ObjectEvent first = upload("a.png", red());
  work_on(first);
  const ObjectEvent second = upload("a.png", green());
  store_.set_hook([&](std::string_view operation, const ObjectId& id) -> std::optional<Error> {
    if (operation != "put" || id.key != "a.png/card.png") return {};
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

TEST_F(OnceTest, back_to_older_bytes_while_an_overwrite_runs_the_newest_wins) {
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

TEST_F(OnceTest, a_conflict_at_the_commit_mark_is_seen_before_anything_is_written) {
  store_.add("thumbs", "a.png/card.png", "somebody's");
  const Outcome outcome = work_on(upload("a.png", red()));
  EXPECT_EQ(outcome.error->code, ErrorCode::destination_conflict);
  EXPECT_THAT(store_.keys("thumbs"), ElementsAre("a.png/card.png"));
}

TEST_F(OnceTest, what_another_source_made_is_never_overwritten) {
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

TEST_F(OnceTest, what_is_not_ours_at_the_destination_is_never_overwritten) {
  store_.add("thumbs", "a.png/small.png", "somebody's");
  const Outcome outcome = work_on(upload("a.png", red()));
  EXPECT_EQ(outcome.error->code, ErrorCode::destination_conflict);
  EXPECT_EQ(store_.bytes("thumbs", "a.png/small.png"), "somebody's");
  EXPECT_FALSE(store_.info("thumbs", "a.png/card.png"));
}

}  // namespace
}  // namespace miniatura
