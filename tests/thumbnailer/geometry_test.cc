#include "thumbnailer/geometry.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

struct Case {
  const char* what;
  Size source;
  int width, height;
  Fit fit;
  Layout expected;
};

Layout whole(int width, int height) {
  return {{width, height}, {0, 0, width, height}, {width, height}, 0, 0};
}

TEST(lay_out, follows_the_table) {
  const Case cases[] = {
      {"inside: wide", {4000, 3000}, 256, 256, Fit::inside, whole(256, 192)},
      {"inside: high", {3000, 4000}, 256, 256, Fit::inside, whole(192, 256)},
      {"inside: rounded half up", {1000, 333}, 100, 100, Fit::inside, whole(100, 33)},
      {"inside: rounded half up", {1000, 335}, 100, 100, Fit::inside, whole(100, 34)},
      {"inside: not enlarged", {100, 50}, 256, 256, Fit::inside, whole(100, 50)},
      {"inside: width alone", {4000, 3000}, 1600, 0, Fit::inside, whole(1600, 1200)},
      {"inside: height alone", {4000, 3000}, 0, 300, Fit::inside, whole(400, 300)},
      {"inside: never nothing", {1, 10000}, 256, 256, Fit::inside, whole(1, 256)},
      {"inside: never nothing", {10000, 1}, 10, 10, Fit::inside, whole(10, 1)},
      {"outside", {4000, 3000}, 256, 256, Fit::outside, whole(341, 256)},
      {"outside: not enlarged", {100, 300}, 256, 256, Fit::outside, whole(100, 300)},
      {"fill", {4000, 3000}, 256, 256, Fit::fill, whole(256, 256)},
      {"fill: one side is short", {4000, 100}, 256, 256, Fit::fill, whole(256, 100)},
      {"fill: width alone keeps the ratio", {4000, 3000}, 400, 0, Fit::fill, whole(400, 300)},
      {"cover: sides cut",
       {4000, 3000},
       256,
       256,
       Fit::cover,
       {{341, 256}, {43, 0, 256, 256}, {256, 256}, 0, 0}},
      {"cover: ends cut",
       {3000, 4000},
       256,
       256,
       Fit::cover,
       {{256, 341}, {0, 43, 256, 256}, {256, 256}, 0, 0}},
      {"cover: exact", {1200, 800}, 600, 400, Fit::cover, whole(600, 400)},
      {"cover: too small either way", {300, 200}, 600, 400, Fit::cover, whole(300, 200)},
      {"cover: too narrow",
       {500, 1000},
       600,
       400,
       Fit::cover,
       {{500, 1000}, {0, 334, 500, 333}, {500, 333}, 0, 0}},
      {"cover: too low",
       {1000, 100},
       400,
       400,
       Fit::cover,
       {{1000, 100}, {450, 0, 100, 100}, {100, 100}, 0, 0}},
      {"cover: extreme",
       {10, 10000},
       256,
       256,
       Fit::cover,
       {{10, 10000}, {0, 4995, 10, 10}, {10, 10}, 0, 0}},
      {"cover: a line",
       {1, 10000},
       600,
       400,
       Fit::cover,
       {{1, 10000}, {0, 5000, 1, 1}, {1, 1}, 0, 0}},
      {"cover: width alone", {4000, 3000}, 400, 0, Fit::cover, whole(400, 300)},
      {"contain: bars above and below",
       {4000, 2000},
       300,
       300,
       Fit::contain,
       {{300, 150}, {0, 0, 300, 150}, {300, 300}, 0, 75}},
      {"contain: bars at the sides",
       {2000, 4000},
       300,
       301,
       Fit::contain,
       {{151, 301}, {0, 0, 151, 301}, {300, 301}, 74, 0}},
      {"contain: not enlarged",
       {100, 50},
       300,
       300,
       Fit::contain,
       {{100, 50}, {0, 0, 100, 50}, {300, 300}, 100, 125}},
      {"contain: a line",
       {1, 10000},
       300,
       300,
       Fit::contain,
       {{1, 300}, {0, 0, 1, 300}, {300, 300}, 149, 0}},
  };
  for (const Case& c : cases) {
    const Layout layout = lay_out(c.source, {"p", c.width, c.height, c.fit, {}, 80});
    EXPECT_EQ(layout.scaled, c.expected.scaled)
        << c.what << ": " << layout.scaled.width << "x" << layout.scaled.height;
    EXPECT_EQ(layout.crop, c.expected.crop)
        << c.what << ": " << layout.crop.left << "," << layout.crop.top << " " << layout.crop.width
        << "x" << layout.crop.height;
    EXPECT_EQ(layout.canvas, c.expected.canvas)
        << c.what << ": " << layout.canvas.width << "x" << layout.canvas.height;
    EXPECT_EQ(layout.left, c.expected.left) << c.what;
    EXPECT_EQ(layout.top, c.expected.top) << c.what;
  }
}

// What a cover keeps of a picture too wide and of one too high, and where a contain puts them, as
// sharp counts (src/common.cc, CalculateCrop and CalculateEmbedPosition).
TEST(lay_out, holds_the_picture_where_gravity_says) {
  struct Held {
    Gravity gravity;
    int wide, high;     // the crop's left of 301x100, its top of 100x301, in a box of 100x100
    int beside, above;  // the same of 51x100 and 100x51 in a contain
  };
  const Held cases[] = {
      {Gravity::center, 101, 101, 24, 24},     {Gravity::north, 101, 0, 24, 0},
      {Gravity::north_east, 201, 0, 49, 0},    {Gravity::east, 201, 101, 49, 24},
      {Gravity::south_east, 201, 201, 49, 49}, {Gravity::south, 101, 201, 24, 49},
      {Gravity::south_west, 0, 201, 0, 49},    {Gravity::west, 0, 101, 0, 24},
      {Gravity::north_west, 0, 0, 0, 0},
  };
  for (const Held& held : cases) {
    const auto name = kGravityNames.at(static_cast<std::size_t>(held.gravity));
    Preset preset{"p", 100, 100, Fit::cover, {}, 80};
    preset.gravity = held.gravity;
    EXPECT_EQ(lay_out({301, 100}, preset).crop, (Rectangle{held.wide, 0, 100, 100})) << name;
    EXPECT_EQ(lay_out({100, 301}, preset).crop, (Rectangle{0, held.high, 100, 100})) << name;
    preset.fit = Fit::contain;
    EXPECT_EQ(lay_out({51, 100}, preset).left, held.beside) << name;
    EXPECT_EQ(lay_out({51, 100}, preset).top, 0) << name;
    EXPECT_EQ(lay_out({100, 51}, preset).top, held.above) << name;
    EXPECT_EQ(lay_out({100, 51}, preset).left, 0) << name;
  }
}

TEST(lay_out, enlarges_where_it_is_asked_to) {
  const Case cases[] = {
      {"inside", {100, 50}, 256, 256, Fit::inside, whole(256, 128)},
      {"inside: width alone", {100, 50}, 256, 0, Fit::inside, whole(256, 128)},
      {"outside", {100, 50}, 256, 256, Fit::outside, whole(512, 256)},
      {"outside: one side is large enough", {100, 300}, 256, 256, Fit::outside, whole(256, 768)},
      {"fill", {4000, 100}, 256, 256, Fit::fill, whole(256, 256)},
      {"cover: too small either way", {300, 200}, 600, 400, Fit::cover, whole(600, 400)},
      {"cover: too narrow",
       {500, 1000},
       600,
       400,
       Fit::cover,
       {{600, 1200}, {0, 400, 600, 400}, {600, 400}, 0, 0}},
      {"contain",
       {100, 50},
       300,
       300,
       Fit::contain,
       {{300, 150}, {0, 0, 300, 150}, {300, 300}, 0, 75}},
      {"not needed", {4000, 3000}, 256, 256, Fit::inside, whole(256, 192)},
  };
  for (const Case& c : cases) {
    Preset preset{"p", c.width, c.height, c.fit, {}, 80};
    preset.enlarge = true;
    const Layout layout = lay_out(c.source, preset);
    EXPECT_EQ(layout, c.expected) << c.what << ": " << layout.scaled.width << "x"
                                  << layout.scaled.height;
  }
}

TEST(lay_out, of_an_enlarged_line_has_a_side_that_can_be_counted_with) {
  Preset preset{"p", 16'384, 0, Fit::inside, {}, 80};
  preset.enlarge = true;
  const Layout layout = lay_out({1, 200'000'000}, preset);
  EXPECT_EQ(layout.scaled, (Size{16'384, 1'000'000'000}));
  EXPECT_EQ(shrink_on_load({4096, 4096}, std::vector<ShrinkTarget>{{layout.scaled}}), 1);
}

TEST(lay_out, never_leaves_its_bounds) {
  for (const int width : {1, 2, 3, 17, 255, 256, 257, 1000, 10007}) {
    for (const int height : {1, 2, 5, 64, 256, 999, 20011}) {
      for (const Size box : {Size{1, 1}, {256, 256}, {16384, 1}, {1, 16384}, {600, 401}, {7, 0}}) {
        for (int i = 0; i < 90; ++i) {
          Preset preset{"p", box.width, box.height, static_cast<Fit>(i % 5), {}, 80};
          preset.gravity = static_cast<Gravity>(i / 5 % 9);
          preset.enlarge = i >= 45;
          const Layout layout = lay_out({width, height}, preset);
          EXPECT_GE(layout.scaled.width, 1);
          EXPECT_GE(layout.scaled.height, 1);
          if (!preset.enlarge) {
            EXPECT_LE(layout.scaled.width, width);
            EXPECT_LE(layout.scaled.height, height);
          }
          EXPECT_GE(layout.crop.left, 0);
          EXPECT_GE(layout.crop.top, 0);
          EXPECT_GE(layout.crop.width, 1);
          EXPECT_GE(layout.crop.height, 1);
          EXPECT_LE(layout.crop.left + layout.crop.width, layout.scaled.width);
          EXPECT_LE(layout.crop.top + layout.crop.height, layout.scaled.height);
          EXPECT_GE(layout.left, 0);
          EXPECT_GE(layout.top, 0);
          EXPECT_LE(layout.left + layout.crop.width, layout.canvas.width);
          EXPECT_LE(layout.top + layout.crop.height, layout.canvas.height);
        }
      }
    }
  }
}

TEST(oriented_size, swaps_the_axes_from_five_on) {
  for (int orientation = 1; orientation <= 4; ++orientation) {
    EXPECT_EQ(oriented_size({3, 2}, orientation), (Size{3, 2}));
  }
  for (int orientation = 5; orientation <= 8; ++orientation) {
    EXPECT_EQ(oriented_size({3, 2}, orientation), (Size{2, 3}));
  }
}

TEST(shrink_on_load, leaves_twice_the_largest_target) {
  const auto shrink = [](Size stored, const std::vector<Size>& sizes) {
    std::vector<ShrinkTarget> targets;
    for (const Size size : sizes) targets.push_back({size});
    return shrink_on_load(stored, targets);
  };
  EXPECT_EQ(shrink({4096, 4096}, {{256, 256}}), 8);
  EXPECT_EQ(shrink({4096, 4096}, {{257, 257}}), 4);
  EXPECT_EQ(shrink({4096, 4096}, {{64, 64}, {513, 513}}), 2);
  EXPECT_EQ(shrink({4096, 4096}, {{1025, 1}}), 1);
  EXPECT_EQ(shrink({4096, 4096}, {{4096, 4096}}), 1);
  EXPECT_EQ(shrink({10000, 63}, {{1, 1}}), 1);
  EXPECT_EQ(shrunk_size({4033, 8}, 8), (Size{505, 1}));
}

TEST(shrink_on_load, leaves_each_target_the_margins_that_it_wants) {
  const std::vector<ShrinkTarget> lossy = {{{300, 10}, {1.5, 1.2, 1.1}}};
  EXPECT_EQ(shrink_on_load({3600, 3600}, lossy), 8);
  EXPECT_EQ(shrink_on_load({3592, 3600}, lossy), 4);
  EXPECT_EQ(shrink_on_load({1440, 3600}, lossy), 4);
  EXPECT_EQ(shrink_on_load({1436, 3600}, lossy), 2);
  EXPECT_EQ(shrink_on_load({660, 3600}, lossy), 2);
  EXPECT_EQ(shrink_on_load({658, 3600}, lossy), 1);
  EXPECT_EQ(shrink_on_load({3600, 3600}, std::vector<ShrinkTarget>{lossy[0], {{226, 10}}}), 4);
}

}  // namespace
}  // namespace miniatura
