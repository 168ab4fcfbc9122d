#include "thumbnailer/codecs/jpeg/rgb_planes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace miniatura {
namespace {

Plane plane_of(const std::vector<int>& samples, double across = 1) {
  Plane plane({static_cast<int>(samples.size()), 1}, 8);
  plane.across = across;
  std::transform(samples.begin(), samples.end(), plane.row(0),
                 [](int sample) { return static_cast<std::uint8_t>(sample); });
  return plane;
}

std::vector<int> samples_of(const Plane& plane) {
  return {plane.row(0), plane.row(0) + plane.size.width};
}

// The nearest to what JFIF says; at a half, either.
void expect_near(double exact, int number) {
  EXPECT_LE(std::abs(std::clamp(exact, 0.0, 255.0) - number), 0.502);
}

TEST(to_rgb, is_jfifs_rounded_and_cut_off) {
  for (int cb = 0; cb < 256; cb += 5) {
    for (int cr = 0; cr < 256; cr += 5) {
      std::vector<int> lumas(256);
      for (int y = 0; y < 256; ++y) lumas[static_cast<std::size_t>(y)] = y;
      Planes planes{{256, 1}, Coding::ycbcr, {}, {}, {}};
      planes.colour = {plane_of(lumas), plane_of(std::vector<int>(256, cb)),
                       plane_of(std::vector<int>(256, cr))};
      const Planes rgb = to_rgb(planes);
      EXPECT_EQ(rgb.coding, Coding::rgb);
      for (int y = 0; y < 256; ++y) {
        expect_near(y + 1.402 * (cr - 128), rgb.colour[0].row(0)[y]);
        expect_near(y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128), rgb.colour[1].row(0)[y]);
        expect_near(y + 1.772 * (cb - 128), rgb.colour[2].row(0)[y]);
      }
    }
  }
}

// Of colours at half the grid across, what the blue ones become where brightness is grey.
std::vector<int> blue_of(const std::vector<int>& cb, int width, double across) {
  Planes planes{{width, 1}, Coding::ycbcr, {}, {}, {}};
  const auto grey = [](std::size_t count) { return std::vector<int>(count, 128); };
  planes.colour = {plane_of(grey(static_cast<std::size_t>(width)), across),
                   plane_of(cb, across / 2), plane_of(grey(cb.size()), across / 2)};
  const Planes rgb = to_rgb(planes);
  for (const Plane& plane : rgb.colour) {
    EXPECT_EQ(plane.size, (Size{width, 1}));
    EXPECT_EQ(plane.across, across);
  }
  return samples_of(rgb.colour[2]);
}

TEST(to_rgb, makes_coarse_colours_fine_by_three_quarters_and_one) {
  // 128 and 168 make 128 and 128 + 1.772 * 40 of blue; between them there are 138 and 158.
  EXPECT_EQ(blue_of({128, 168, 168}, 6, 0.5), (std::vector<int>{128, 146, 181, 199, 199, 199}));
  EXPECT_EQ(blue_of({128, 168, 168}, 5, 0.25), (std::vector<int>{128, 146, 181, 199, 199}));
}

TEST(to_rgb, repeats_coarse_colours_at_an_eighth_and_where_there_are_two) {
  EXPECT_EQ(blue_of({128, 168, 168}, 6, 0.125), (std::vector<int>{128, 128, 199, 199, 199, 199}));
  EXPECT_EQ(blue_of({128, 168}, 4, 0.5), (std::vector<int>{128, 128, 199, 199}));
  EXPECT_EQ(blue_of({168}, 2, 0.5), (std::vector<int>{199, 199}));
}

TEST(split_row, puts_each_pixels_colours_into_its_planes_row) {
  Planes planes{{2, 2}, Coding::rgb, {}, {}, {}};
  for (int i = 0; i < 3; ++i) planes.colour.emplace_back(Size{2, 2}, 8);
  const std::array<std::uint8_t, 8> pixels = {1, 2, 3, 0, 4, 5, 6, 255};
  split_row(pixels.data(), planes, 1);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(planes.colour[i].row(1)[0], 1 + i);
    EXPECT_EQ(planes.colour[i].row(1)[1], 4 + i);
  }
}

}  // namespace
}  // namespace miniatura
