#include "thumbnailer/scale.h"

#include <gtest/gtest.h>

#include <cmath>

namespace miniatura {
namespace {

// Brightness goes from 0 to 250 with the stored picture's width, blue with its height; colour at
// `shrunk` of brightness.
Planes slopes(Size stored, double shrunk) {
  Planes planes{stored, Coding::ycbcr, {}, {}, {}};
  for (int i = 0; i < 3; ++i) {
    const double scale = i == 0 ? 1 : shrunk;
    Plane plane({static_cast<int>(std::ceil(stored.width * scale)),
                 static_cast<int>(std::ceil(stored.height * scale))},
                8);
    plane.across = plane.down = scale;
    for (int y = 0; y < plane.size.height; ++y) {
      for (int x = 0; x < plane.size.width; ++x) {
        const double part =
            i == 1 ? (y + 0.5) / scale / stored.height : (x + 0.5) / scale / stored.width;
        plane.row(y)[x] = static_cast<std::uint8_t>(std::lround(250 * part));
      }
    }
    planes.colour.push_back(std::move(plane));
  }
  return planes;
}

Cut cut_of(Size scaled, Rectangle crop, int orientation = 1, ColourGrid grid = {2, 2}) {
  return {{scaled, crop, {crop.width, crop.height}, 0, 0}, orientation, grid, 8};
}

// What the slopes give at a pixel of the thumbnail, as it is seen.
struct Slopes {
  double brightness;
  double blue;
};
Slopes expected(const Cut& cut, double x, double y) {
  const double across = (cut.layout.crop.left + x) / cut.layout.scaled.width;
  const double down = (cut.layout.crop.top + y) / cut.layout.scaled.height;
  const Turn turn = turn_of(cut.orientation);
  const double stored_x = turn.swap ? down : across;
  const double stored_y = turn.swap ? across : down;
  return {250 * (turn.mirror_across ? 1 - stored_x : stored_x),
          250 * (turn.mirror_down ? 1 - stored_y : stored_y)};
}

// Every few samples of both are where the cut says.
void expect_in_place(const Planes& planes, const Cut& cut) {
  const auto small = scaled(planes, cut);
  ASSERT_TRUE(small) << small.error().message;
  const Plane brightness = oriented(small->colour[0], cut.orientation);
  const Plane blue = oriented(small->colour[1], cut.orientation);
  const Rectangle& crop = cut.layout.crop;
  const ColourGrid& grid = cut.grid;
  ASSERT_EQ(brightness.size, (Size{crop.width, crop.height}));
  ASSERT_EQ(blue.size,
            (Size{(crop.width - 1) / grid.across + 1, (crop.height - 1) / grid.down + 1}));
  for (int y = 3; y < brightness.size.height - 3; y += 5) {
    for (int x = 3; x < brightness.size.width - 3; x += 5) {
      ASSERT_NEAR(brightness.row(y)[x], expected(cut, x + 0.5, y + 0.5).brightness, 1.6)
          << cut.orientation << " at " << x << ", " << y;
    }
  }
  for (int y = 3; y < blue.size.height - 3; y += 3) {
    for (int x = 3; x < blue.size.width - 3; x += 3) {
      ASSERT_NEAR(blue.row(y)[x],
                  expected(cut, (x + 0.5) * grid.across, (y + 0.5) * grid.down).blue, 2.1)
          << cut.orientation << " at " << x << ", " << y;
    }
  }
}

TEST(scale, keeps_every_part_in_its_place_for_all_orientations_sizes_and_grids) {
  for (const Size stored : {Size{400, 300}, Size{401, 301}}) {
    const Planes planes = slopes(stored, 0.5);
    for (int orientation = 1; orientation <= 8; ++orientation) {
      const Size upright = oriented_size({81, 61}, orientation);
      for (const ColourGrid grid : {ColourGrid{2, 2}, ColourGrid{2, 1}, ColourGrid{1, 1}}) {
        for (const Rectangle crop : {Rectangle{0, 0, upright.width, upright.height},
                                     Rectangle{7, 11, 33, 29}, Rectangle{6, 10, 30, 20}}) {
          expect_in_place(planes, cut_of(upright, crop, orientation, grid));
        }
      }
    }
  }
}

// Copies of planes share their samples: are these the same?
bool same_samples(const Planes& a, const Planes& b) {
  return !a.colour.empty() && !b.colour.empty() && a.colour[0].row(0) == b.colour[0].row(0);
}

TEST(cascade, scales_from_the_smallest_that_is_twice_as_large) {
  const Planes decoded = slopes({800, 600}, 0.5);
  Cascade cascade(decoded);
  const Cut half = cut_of({400, 300}, {0, 0, 400, 300});
  const Cut third = cut_of({267, 200}, {0, 0, 267, 200});
  const Cut fifth = cut_of({160, 120}, {0, 0, 160, 120});
  EXPECT_TRUE(same_samples(cascade.source_for(half), decoded));
  cascade.keep(scaled(decoded, half).value(), half);
  EXPECT_TRUE(same_samples(cascade.source_for(third), decoded));
  EXPECT_EQ(cascade.source_for(fifth).colour[0].size, (Size{400, 300}));
  EXPECT_EQ(cascade.source_for(half).colour[0].size, (Size{400, 300})) << "the same once more";
}

TEST(cascade, lets_go_what_nobody_will_be_scaled_from) {
  const Cut half = cut_of({400, 300}, {0, 0, 400, 300});
  const Cut rest[] = {cut_of({267, 200}, {0, 0, 267, 200}), cut_of({160, 120}, {0, 0, 160, 120})};
  Cascade cascade(slopes({800, 600}, 0.5));
  cascade.keep(scaled(cascade.source_for(half), half).value(), half);
  cascade.expect(rest);
  EXPECT_EQ(cascade.source_for(rest[0]).colour.at(0).size, (Size{800, 600})) << "still needed";
  cascade.expect(std::span(rest).subspan(1));
  EXPECT_TRUE(cascade.source_for(rest[0]).colour.empty());
  EXPECT_EQ(cascade.source_for(rest[1]).colour.at(0).size, (Size{400, 300}));
}

TEST(cascade, takes_no_part_and_nothing_that_was_enlarged_or_has_too_coarse_colours) {
  const Planes decoded = slopes({100, 80}, 1);
  Cascade cascade(decoded);
  const Cut part = cut_of({100, 80}, {0, 0, 90, 80});
  cascade.keep(scaled(decoded, part).value(), part);
  const Cut large = cut_of({200, 160}, {0, 0, 200, 160});
  cascade.keep(scaled(decoded, large).value(), large);
  EXPECT_TRUE(same_samples(cascade.source_for(cut_of({20, 16}, {0, 0, 20, 16})), decoded));
  const Cut same = cut_of({100, 80}, {0, 0, 100, 80});
  cascade.keep(scaled(decoded, same).value(), same);
  EXPECT_FALSE(same_samples(cascade.source_for(same), decoded));
  EXPECT_TRUE(
      same_samples(cascade.source_for(cut_of({100, 80}, {0, 0, 100, 80}, 1, {1, 1})), decoded));
}

}  // namespace
}  // namespace miniatura
