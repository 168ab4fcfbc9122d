#include "thumbnailer/preset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace miniatura {
namespace {

TEST(parse_preset, takes_a_box_alone) {
  const auto preset = parse_preset("small=256x128");
  ASSERT_TRUE(preset);
  EXPECT_EQ(*preset, (Preset{"small", 256, 128, Fit::inside, std::nullopt, 80}));
}

TEST(parse_preset, lets_a_side_be_left_out) {
  EXPECT_EQ(parse_preset("web=1600x").value(), (Preset{"web", 1600, 0, Fit::inside, {}, 80}));
  EXPECT_EQ(parse_preset("web=x900").value(), (Preset{"web", 0, 900, Fit::inside, {}, 80}));
}

TEST(parse_preset, takes_the_options_in_any_order) {
  const Preset expected{"card", 600, 400, Fit::cover, ImageFormat::webp, 82};
  EXPECT_EQ(parse_preset("card=600x400:webp:cover:q82").value(), expected);
  EXPECT_EQ(parse_preset("card=600x400:q82:cover:webp").value(), expected);
  EXPECT_EQ(parse_preset("card=600x400:cover:q82:webp").value(), expected);
}

TEST(parse_preset, takes_auto_for_no_format) {
  EXPECT_EQ(parse_preset("a=1x1:auto").value().format, std::nullopt);
}

TEST(parse_preset, refuses_what_it_does_not_understand_and_names_it) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "no \"=\""},
      {"small", "no \"=\""},
      {"=1x1", "name"},
      {"a b=1x1", "name"},
      {"a/b=1x1", "name"},
      {"a=", "size"},
      {"a=x", "size"},
      {"a=256", "size"},
      {"a=0x10", "side \"0\""},
      {"a=10x-1", "side \"-1\""},
      {"a=16385x1", "side \"16385\""},
      {"a=99999999999999999999x1", "side"},
      {"a=1x1x1", "side \"1x1\""},
      {"a=1x1:gif", "\"gif\""},
      {"a=1x1:q0", "quality"},
      {"a=1x1:q101", "quality"},
      {"a=1x1:q", "quality"},
      {"a=1x1:", "last"},
      {"a=1x1::webp", "\"\""},
      {"a=1x1:webp:png", "format given twice"},
      {"a=1x1:auto:png", "format given twice"},
      {"a=1x1:cover:fill", "fit given twice"},
      {"a=1x1:q1:q1", "quality given twice"},
  };
  for (const auto& [text, why] : cases) {
    const auto preset = parse_preset(text);
    ASSERT_FALSE(preset) << text;
    EXPECT_EQ(preset.error().code, ErrorCode::config_invalid) << text;
    EXPECT_NE(preset.error().message.find(why), std::string::npos) << preset.error().message;
  }
  EXPECT_FALSE(parse_preset(std::string(65, 'n') + "=1x1"));
  EXPECT_TRUE(parse_preset(std::string(64, 'n') + "=1x1"));
}

TEST(parse_presets, takes_several) {
  const auto presets = parse_presets("small=256x256,card=600x400:webp");
  ASSERT_TRUE(presets);
  ASSERT_EQ(presets->size(), 2U);
  EXPECT_EQ((*presets)[1].name, "card");
}

TEST(parse_presets, refuses_none_too_many_and_a_name_twice) {
  EXPECT_FALSE(parse_presets(""));
  EXPECT_FALSE(parse_presets("a=1x1,"));
  EXPECT_FALSE(parse_presets(",a=1x1"));
  EXPECT_FALSE(parse_presets("a=1x1,a=2x2"));
  std::string many = "p0=1x1";
  for (int i = 1; i < 32; ++i) many += ",p" + std::to_string(i) + "=1x1";
  EXPECT_TRUE(parse_presets(many));
  EXPECT_FALSE(parse_presets(many + ",one_more=1x1"));
}

TEST(canonical_text, differs_where_the_thumbnail_would) {
  const Preset preset{"a", 10, 20, Fit::inside, {}, 80};
  std::set<std::string> texts{canonical_text(preset)};
  Preset other = preset;
  other.width = 11;
  texts.insert(canonical_text(other));
  other = preset;
  other.height = 21;
  texts.insert(canonical_text(other));
  other = preset;
  other.fit = Fit::cover;
  texts.insert(canonical_text(other));
  other = preset;
  other.format = ImageFormat::jpeg;
  texts.insert(canonical_text(other));
  other = preset;
  other.quality = 81;
  texts.insert(canonical_text(other));
  EXPECT_EQ(texts.size(), 6U);
  other = preset;
  other.name = "b";
  EXPECT_EQ(canonical_text(other), canonical_text(preset));
}

TEST(canonical_text, differs_for_every_option_and_every_two_of_them) {
  using Change = void (*)(Preset&);
  const Change changes[] = {
      [](Preset& p) {
        p.background = {0, 0, 0};
      },
      [](Preset& p) { p.gravity = Gravity::north; },
      [](Preset& p) { p.gravity = Gravity::north_east; },
      [](Preset& p) { p.enlarge = true; },
      [](Preset& p) { p.progressive = true; },
      [](Preset& p) { p.subsampling = Subsampling::s422; },
      [](Preset& p) { p.subsampling = Subsampling::s444; },
      [](Preset& p) { p.max_bytes = 1; },
      [](Preset& p) { p.max_bytes = 10; },
      [](Preset& p) { p.linear = true; },
      [](Preset& p) { p.sharpen = 1; },
      [](Preset& p) { p.sharpen = 0.1; },
      [](Preset& p) { p.sharpen = 0.10000000000000002; },
      [](Preset& p) { p.animated = true; },
      [](Preset& p) { p.keep_copyright = false; },
      [](Preset& p) { p.keep_icc = false; },
  };
  std::set<std::string> texts;
  std::vector<Preset> different;
  for (const Change first : changes) {
    for (const Change second : changes) {
      Preset preset{"a", 10, 20, Fit::inside, {}, 80};
      first(preset);
      second(preset);
      texts.insert(canonical_text(preset));
      if (std::find(different.begin(), different.end(), preset) == different.end()) {
        different.push_back(preset);
      }
    }
  }
  EXPECT_GT(different.size(), 100U);
  EXPECT_EQ(texts.size(), different.size());
}

TEST(enumerations, have_their_names_in_their_order) {
  EXPECT_EQ(gravity_named("center"), Gravity::center);
  EXPECT_EQ(gravity_named("north-east"), Gravity::north_east);
  EXPECT_EQ(gravity_named("south"), Gravity::south);
  EXPECT_EQ(gravity_named("north-west"), Gravity::north_west);
  EXPECT_EQ(gravity_named("northeast"), std::nullopt);
  EXPECT_EQ(subsampling_named("4:2:2"), Subsampling::s422);
  EXPECT_EQ(subsampling_named("4:4:4"), Subsampling::s444);
  EXPECT_EQ(fit_named("outside"), Fit::outside);
  EXPECT_EQ(output_format_named("avif"), ImageFormat::avif);
}

// Its hash is stored with every thumbnail: a change of the text makes all of them anew.
TEST(canonical_text, is_what_it_has_always_been) {
  EXPECT_EQ(canonical_text({"a", 600, 400, Fit::cover, ImageFormat::webp, 82}),
            "width=600;height=400;fit=cover;format=webp;quality=82");
  EXPECT_EQ(canonical_text({"a", 256, 0, Fit::inside, {}, 80}),
            "width=256;height=0;fit=inside;format=auto;quality=80");
}

TEST(canonical_text, names_a_background_that_is_not_white) {
  EXPECT_EQ(canonical_text({"a", 6, 4, Fit::contain, {}, 80, {255, 0, 16}}),
            "width=6;height=4;fit=contain;format=auto;quality=80;background=#ff0010");
}

TEST(colour_named, takes_six_digits_and_nothing_else) {
  EXPECT_EQ(colour_named("#FF00a1"), (Colour{255, 0, 161}));
  for (const auto* text : {"", "#", "#fff", "ffffff", "#ff00a", "#ff00a1b", "#ff00g0", "#+f+f+f"}) {
    EXPECT_EQ(colour_named(text), std::nullopt) << text;
  }
  EXPECT_EQ(colour_name({255, 0, 161}), "#ff00a1");
}

TEST(output_format, of_auto_is_decided_by_the_suffix_in_any_case) {
  const Preset preset{"a", 1, 1, Fit::inside, {}, 80};
  for (const auto* name : {"a.png", "a.PNG", "a.gif", "b.c.WebP", ".png"}) {
    EXPECT_EQ(output_format(preset, name), ImageFormat::webp) << name;
  }
  for (const auto* name : {"a.jpg", "a", "", "png", "a.png.jpg", "a.heic"}) {
    EXPECT_EQ(output_format(preset, name), ImageFormat::jpeg) << name;
  }
}

TEST(output_format, is_the_presets_own_where_it_has_one) {
  EXPECT_EQ(output_format({"a", 1, 1, Fit::inside, ImageFormat::png, 80}, "a.webp"),
            ImageFormat::png);
}

TEST(format_names, are_those_that_users_see) {
  EXPECT_EQ(format_name(ImageFormat::jpeg), "jpeg");
  EXPECT_EQ(format_extension(ImageFormat::jpeg), "jpg");
  EXPECT_EQ(format_content_type(ImageFormat::webp), "image/webp");
  EXPECT_EQ(format_name(ImageFormat::avif), "avif");
  EXPECT_EQ(fit_name(Fit::outside), "outside");
}

}  // namespace
}  // namespace miniatura
