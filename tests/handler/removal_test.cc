// What becomes of thumbnails when their source goes, and comes back meanwhile.
#include "handler/removal.h"

#include "tests/handler/pipeline_test.h"

namespace miniatura {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using What = Outcome::What;

class RemovalTest : public PipelineTest {
 protected:
  RemovalTest() { rules_.rules.front().removes = true; }

  static ObjectEvent removal_of(const std::string& key) {
    ObjectEvent event = event_of(key, "");
    event.kind = ObjectEvent::Kind::removed;
    return event;
  }
};

TEST_F(RemovalTest, thumbnails_go_with_their_source_and_no_others) {
  work_on(upload("a.png", red()));
  work_on(upload("b.png", red()));
  store_.remove("photos", "a.png");
  const Outcome outcome = work_on(removal_of("a.png"));
  EXPECT_EQ(outcome.what, What::skipped);
  EXPECT_EQ(outcome.reason, SkipReason::removed);
  EXPECT_THAT(store_.keys("thumbs"), ElementsAre("b.png/card.png", "b.png/small.png"));
  EXPECT_EQ(work_on(removal_of("a.png")).reason, SkipReason::gone) << "there is nothing left to do";
}

TEST_F(RemovalTest, a_lifecycle_rules_expiration_is_a_removal) {
  const auto notification = [](const char* name) {
    return read_notification(
        {{"eventSource", "aws:s3"},
         {"eventVersion", "2.3"},
         {"eventName", name},
         {"s3", {{"bucket", {{"name", "photos"}}}, {"object", {{"key", "a.png"}}}}}},
        "");
  };
  const EventRecord expirations[] = {
      notification("LifecycleExpiration:Delete"),
      notification("LifecycleExpiration:DeleteMarkerCreated"),
      read_eventbridge({{"source", "aws.s3"},
                        {"detail-type", "Object Deleted"},
                        {"detail",
                         {{"bucket", {{"name", "photos"}}},
                          {"object", {{"key", "a.png"}}},
                          {"reason", "Lifecycle Expiration"},
                          {"deletion-type", "Permanently Deleted"}}}},
                       "")};
  for (const EventRecord& record : expirations) {
    const auto& event = std::get<ObjectEvent>(record);
    work_on(upload("a.png", red()));
    // Of an old version: the object is there still.
    EXPECT_EQ(work_on(event).reason, SkipReason::stale) << event.name;
    expect_thumbnails_of("a.png");
    store_.remove("photos", "a.png");
    EXPECT_EQ(work_on(event).reason, SkipReason::removed) << event.name;
    EXPECT_THAT(store_.keys("thumbs"), IsEmpty()) << event.name;
  }
}

TEST_F(RemovalTest, without_the_rules_word_they_stay) {
  rules_.rules.front().removes = false;
  work_on(upload("a.png", red()));
  store_.remove("photos", "a.png");
  EXPECT_EQ(work_on(removal_of("a.png")).reason, SkipReason::not_created);
  EXPECT_EQ(store_.keys("thumbs").size(), 2U);
}

TEST_F(RemovalTest, an_old_removal_after_a_new_upload_removes_nothing) {
  work_on(upload("a.png", red()));
  store_.remove("photos", "a.png");
  work_on(upload("a.png", green()));
  EXPECT_EQ(work_on(removal_of("a.png")).reason, SkipReason::stale);
  expect_thumbnails_of("a.png");
}

TEST_F(RemovalTest, what_was_made_from_another_source_or_by_others_stays) {
  work_on(upload("a.png", red()));
  store_.add("thumbs", "a.png/small.png", "somebody's");
  store_.remove("photos", "a.png");
  EXPECT_EQ(work_on(removal_of("a.png")).reason, SkipReason::removed);
  EXPECT_THAT(store_.keys("thumbs"), ElementsAre("a.png/small.png"));
}

TEST_F(RemovalTest, a_source_that_comes_back_while_we_remove_has_its_thumbnails_again) {
  work_on(upload("a.png", red()));
  store_.remove("photos", "a.png");
  bool is_back = false;
  store_.set_hook([&](std::string_view operation, const ObjectId& id) -> std::optional<Error> {
    if (operation != "remove" || id.key != "a.png/small.png" || is_back) return std::nullopt;
    is_back = true;
    const ObjectEvent again = upload("a.png", red());  // its worker is done before we go on
    EXPECT_EQ(work_on(again).what, What::stored);
    return std::nullopt;
  });
  const Outcome outcome = work_on(removal_of("a.png"));
  EXPECT_TRUE(is_back);
  EXPECT_EQ(outcome.what, What::stored);
  expect_thumbnails_of("a.png");
}

TEST_F(RemovalTest, a_source_that_goes_while_its_thumbnails_are_made_leaves_none) {
  const ObjectEvent event = upload("a.png", red());
  store_.set_hook([&](std::string_view operation, const ObjectId& id) -> std::optional<Error> {
    if (operation == "put" && id.key == "a.png/small.png" && store_.info("photos", "a.png")) {
      store_.remove("photos", "a.png");
      EXPECT_EQ(work_on(removal_of("a.png")).reason, SkipReason::gone);
    }
    return std::nullopt;
  });
  EXPECT_EQ(work_on(event).reason, SkipReason::removed);
  EXPECT_THAT(store_.keys("thumbs"), IsEmpty());
}

TEST_F(RemovalTest, the_mark_goes_first_so_that_a_run_cut_off_is_made_whole) {
  const ObjectEvent event = upload("a.png", red());
  work_on(event);
  store_.remove("photos", "a.png");
  int removals = 0;
  store_.set_hook([&](std::string_view operation, const ObjectId&) -> std::optional<Error> {
    if (operation != "remove" || ++removals < 2) return std::nullopt;
    return Error{ErrorCode::store_unavailable, "away", 0, "", "", std::nullopt};
  });
  EXPECT_EQ(work_on(removal_of("a.png")).what, What::deferred);
  EXPECT_THAT(store_.keys("thumbs"), ElementsAre("a.png/small.png"));
  store_.set_hook(nullptr);
  EXPECT_EQ(work_on(upload("a.png", red())).what, What::stored);
  expect_thumbnails_of("a.png");
}

TEST_F(RemovalTest, a_store_that_says_no_is_told_by_its_side) {
  work_on(upload("a.png", red()));
  for (const auto& [bucket, code] :
       {std::pair("photos", ErrorCode::source_denied), {"thumbs", ErrorCode::destination_denied}}) {
    store_.remove("photos", "a.png");
    store_.set_hook([&, denied = std::string(bucket)](std::string_view,
                                                      const ObjectId& id) -> std::optional<Error> {
      if (id.bucket != denied) return std::nullopt;
      return Error{ErrorCode::store_denied, "no", 0, "", "", std::nullopt};
    });
    const Outcome outcome = work_on(removal_of("a.png"));
    EXPECT_EQ(outcome.what, What::deferred);
    EXPECT_EQ(outcome.error->code, code);
  }
}

}  // namespace
}  // namespace miniatura
