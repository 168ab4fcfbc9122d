#include "handler/rules.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

Rules rules_with(const std::string& presets,
                 const std::string& key = "t/{dir}{name}/{preset}.{ext}") {
  Rules rules;
  rules.rules.push_back(
      {"MINIATURA_DEST", *parse_presets(presets), "thumbs", *KeyTemplate::parse(key)});
  return rules;
}

ObjectEvent created(const std::string& bucket, const std::string& key) {
  ObjectEvent event;
  event.object = {bucket, key, "v7"};
  event.etag = "e";
  return event;
}

// The reason, "error", or "planned".
std::string why(const Step<Plan>& plan) {
  if (plan) return "planned";
  const auto* skipped = std::get_if<Skipped>(&plan.error().why);
  return skipped != nullptr ? std::string(skip_reason_name(skipped->reason)) : "error";
}

TEST(RulesTest, an_upload_is_planned_preset_by_preset) {
  const auto plan =
      plan_for(created("photos", "up/a.png"), rules_with("small=256x256,card=600x:jpeg"));
  ASSERT_EQ(why(plan), "planned");
  EXPECT_EQ(plan->source.text(), "photos/up/a.png");
  EXPECT_EQ(plan->source.version, "");  // the source as it is now, not as the event saw it
  EXPECT_EQ(plan->rule, "MINIATURA_DEST");
  ASSERT_EQ(plan->thumbnails.size(), 2U);
  EXPECT_EQ(plan->thumbnails[0].bucket, "thumbs");
  EXPECT_EQ(plan->thumbnails[0].key, "t/up/a.png/small.webp");
  EXPECT_EQ(plan->thumbnails[1].key, "t/up/a.png/card.jpg");
}

TEST(RulesTest, what_is_no_upload_is_skipped_with_its_reason) {
  const Rules rules = rules_with("small=256x256");
  EXPECT_EQ(why(plan_for(created("photos", "folder/"), rules)), "folder");
  ObjectEvent removed = created("photos", "a.jpg");
  removed.kind = ObjectEvent::Kind::removed;
  EXPECT_EQ(why(plan_for(removed, rules)), "not_created");
  EXPECT_EQ(why(plan_for(created("photos", "a.jpg"), Rules{})), "no_rule");
}

TEST(RulesTest, the_first_rule_that_matches_is_taken) {
  Rules rules;
  const auto add = [&](const char* name, const Match& match) {
    rules.rules.push_back(
        {name, *parse_presets("a=9x9"), "thumbs", *KeyTemplate::parse("{key}/{preset}"), match});
  };
  add("exact", {"photos", "up/", {".jpg", ".PNG"}});
  add("bucket", {"photos", "", {}});
  add("suffix", {"", "", {".webp"}});
  const auto rule_of = [&](const char* bucket, const char* key) {
    const auto plan = plan_for(created(bucket, key), rules);
    return plan ? plan->rule : why(plan);
  };
  EXPECT_EQ(rule_of("photos", "up/a.jpg"), "exact");
  EXPECT_EQ(rule_of("photos", "up/a.JPG"), "exact") << "cameras write it so";
  EXPECT_EQ(rule_of("photos", "up/a.png"), "exact");
  EXPECT_EQ(rule_of("photos", "Up/a.jpg"), "bucket");
  EXPECT_EQ(rule_of("photos", "up/jpg"), "bucket");
  EXPECT_EQ(rule_of("photos2", "up/a.jpg"), "no_rule");
  EXPECT_EQ(rule_of("photos2", ".webp"), "suffix");
}

TEST(RulesTest, a_removal_is_planned_where_its_rule_removes) {
  Rules rules = rules_with("small=256x256");
  ObjectEvent removed = created("photos", "a.jpg");
  removed.kind = ObjectEvent::Kind::removed;
  rules.rules.front().removes = true;
  const auto plan = plan_for(removed, rules);
  ASSERT_EQ(why(plan), "planned");
  EXPECT_TRUE(plan->is_removal);
  EXPECT_EQ(plan->hash, plan_for(created("photos", "a.jpg"), rules)->hash);
  removed.object.bucket = "thumbs";
  removed.object.key = "t/a.jpg/small.jpg";
  EXPECT_EQ(why(plan_for(removed, rules)), "own_output");
  rules.rules.front().match.prefix = "elsewhere/";
  removed.object.bucket = "photos";
  EXPECT_EQ(why(plan_for(removed, rules)), "not_created");
}

TEST(RulesTest, a_version_is_read_only_where_the_rule_asks_for_it) {
  Rules rules = rules_with("small=256x256");
  rules.rules.front().use_version = true;
  const auto plan = plan_for(created("photos", "a.jpg"), rules);
  EXPECT_EQ(plan->source.version, "v7");
  EXPECT_EQ(plan->newest.version, "") << "an old version must not replace a newer one's thumbnails";
  rules.rules.front().destination_key = *KeyTemplate::parse("{etag}/{preset}");
  EXPECT_EQ(plan_for(created("photos", "a.jpg"), rules)->newest.version, "v7");
}

TEST(RulesTest, a_key_under_the_destination_is_our_own_output) {
  const Rules rules = rules_with("small=256x256");
  EXPECT_EQ(why(plan_for(created("thumbs", "t/x.jpg"), rules)), "own_output");
  EXPECT_EQ(why(plan_for(created("thumbs", "elsewhere/x.jpg"), rules)), "planned");
  EXPECT_EQ(why(plan_for(created("photos", "t/x.jpg"), rules)), "planned");
}

TEST(RulesTest, hashes_tell_presets_and_plans_apart) {
  const ObjectEvent event = created("photos", "a.jpg");
  const auto one = plan_for(event, rules_with("small=256x256,big=900x900"));
  const auto same = plan_for(event, rules_with("small=256x256,big=900x900"));
  const auto quality = plan_for(event, rules_with("small=256x256:q50,big=900x900"));
  const auto more = plan_for(event, rules_with("tiny=64x64,small=256x256,big=900x900"));
  EXPECT_EQ(one->hash, same->hash);
  EXPECT_EQ(one->thumbnails[0].preset_hash, same->thumbnails[0].preset_hash);
  EXPECT_NE(one->thumbnails[0].preset_hash, quality->thumbnails[0].preset_hash);
  EXPECT_EQ(one->thumbnails[1].preset_hash, quality->thumbnails[1].preset_hash);
  EXPECT_NE(one->hash, quality->hash);
  EXPECT_NE(one->hash, more->hash);
}

TEST(RulesTest, a_template_that_the_event_cannot_fill_is_an_error) {
  ObjectEvent event = created("photos", "a.jpg");
  event.etag.clear();
  EXPECT_EQ(why(plan_for(event, rules_with("small=256x256", "{etag}/{preset}"))), "error");
}

}  // namespace
}  // namespace miniatura
