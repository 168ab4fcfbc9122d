#include "thumbnailer/plane_writer.h"

#include <gtest/gtest.h>

#include "tests/support/images.h"

namespace miniatura {
namespace {

using namespace pictures;

ImageHeader header_of(Size canvas, std::optional<Rectangle> frame = std::nullopt) {
  ImageHeader header;
  header.width = canvas.width;
  header.height = canvas.height;
  header.frame = frame;
  return header;
}

// Every pixel the same; all rows of it.
template <class Sample>
Planes filled(const ImageHeader& header, const std::vector<Sample>& pixel, int denominator) {
  PlaneWriter writer(header, {static_cast<int>(pixel.size()), static_cast<int>(sizeof(Sample)) * 8},
                     denominator);
  std::vector<Sample> row;
  for (int x = 0; x < writer.size().width; ++x) row.insert(row.end(), pixel.begin(), pixel.end());
  for (int y = 0; y < writer.size().height; ++y) writer.add(row.data());
  return writer.planes();
}

TEST(plane_writer, grey_stays_one_plane) {
  const Planes planes = filled<std::uint8_t>(header_of({9, 5}), {40}, 1);
  EXPECT_EQ(planes.coding, Coding::grey);
  EXPECT_EQ(planes.stored, (Size{9, 5}));
  ASSERT_EQ(planes.colour.size(), 1U);
  EXPECT_EQ(planes.colour[0].bits, 8);
  EXPECT_EQ(planes.colour[0].row(4)[8], 40);
  EXPECT_TRUE(planes.alpha.empty());
}

TEST(plane_writer, colours_are_multiplied_by_alpha) {
  const Planes planes = filled<std::uint8_t>(header_of({9, 5}), {200, 100, 50, 51}, 4);
  EXPECT_EQ(planes.coding, Coding::rgb);
  ASSERT_EQ(planes.colour.size(), 3U);
  ASSERT_EQ(planes.alpha.size(), 1U);
  EXPECT_EQ(planes.alpha[0].size, (Size{3, 2}));
  EXPECT_EQ(planes.alpha[0].row_16(1)[2], 51 * 257);
  EXPECT_EQ(planes.colour[0].row_16(1)[2], 40 * 257);
  EXPECT_EQ(planes.colour[2].row_16(0)[0], 10 * 257);

  const Planes grey = filled<std::uint16_t>(header_of({3, 3}), {50'000, 13'107}, 1);
  EXPECT_EQ(grey.coding, Coding::grey);
  ASSERT_EQ(grey.colour.size(), 1U);
  EXPECT_EQ(grey.colour[0].row_16(2)[2], 10'000);
  EXPECT_EQ(grey.alpha.at(0).row_16(2)[2], 13'107);
}

TEST(plane_writer, an_alpha_that_says_nothing_is_left_out) {
  const Planes planes = filled<std::uint8_t>(header_of({9, 5}), {200, 100, 50, 255}, 2);
  EXPECT_TRUE(planes.alpha.empty());
  ASSERT_EQ(planes.colour.size(), 3U);
  EXPECT_EQ(planes.colour[1].row_16(2)[4], 100 * 257);
}

TEST(plane_writer, what_the_frame_leaves_is_transparent) {
  for (const int denominator : {1, 2}) {
    const Planes planes =
        filled<std::uint8_t>(header_of({10, 8}, Rectangle{2, 4, 6, 2}), {90}, denominator);
    EXPECT_EQ(planes.coding, Coding::grey);
    ASSERT_EQ(planes.alpha.size(), 1U);
    const Plane& alpha = planes.alpha[0];
    ASSERT_EQ(alpha.size, (Size{10 / denominator, 8 / denominator}));
    for (int y = 0; y < alpha.size.height; ++y) {
      for (int x = 0; x < alpha.size.width; ++x) {
        const bool inside = y >= 4 / denominator && y < 6 / denominator && x >= 2 / denominator &&
                            x < 8 / denominator;
        ASSERT_EQ(alpha.row_16(y)[x], inside ? 65'535 : 0) << x << "," << y;
        ASSERT_EQ(planes.colour[0].row_16(y)[x], inside ? 90 * 257 : 0) << x << "," << y;
      }
    }
  }
  const Planes colour =
      filled<std::uint16_t>(header_of({4, 4}, Rectangle{3, 3, 9, 9}), {9, 8, 7}, 1);
  EXPECT_EQ(colour.colour.at(2).row_16(3)[3], 7);
  EXPECT_EQ(colour.alpha.at(0).row_16(3)[2], 0);
}

TEST(plane_writer, what_sticks_out_is_cut_off) {
  const Raster raster = quarters(20, 10);
  PlaneWriter writer(header_of({6, 4}, Rectangle{-8, -3, 20, 10}), {3, 8}, 1);
  EXPECT_EQ(writer.size(), (Size{20, 10}));
  for (int y = 0; y < 10; ++y) writer.add(raster.at(0, y));
  const Planes planes = writer.planes();
  EXPECT_TRUE(planes.alpha.empty()) << "nothing is transparent";
  ASSERT_EQ(planes.colour.at(0).size, (Size{6, 4}));
  // The middle of the quarters lies at 10, 5: 2 and 2 on the canvas.
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_EQ(planes.colour[c].row(1)[1], kRed.at(c));
    EXPECT_EQ(planes.colour[c].row(1)[2], kGreen.at(c));
    EXPECT_EQ(planes.colour[c].row(2)[1], kBlue.at(c));
    EXPECT_EQ(planes.colour[c].row(3)[5], kYellow.at(c));
  }
}

TEST(plane_writer, a_frame_beside_the_canvas_leaves_nothing) {
  for (const Rectangle& frame : {Rectangle{50, 50, 4, 4}, {-9, 0, 4, 4}, {0, -9, 4, 4}}) {
    const Planes planes = filled<std::uint8_t>(header_of({5, 5}, frame), {1, 2, 3, 255}, 2);
    ASSERT_EQ(planes.alpha.size(), 1U);
    EXPECT_EQ(planes.alpha[0].row_16(2)[2], 0);
  }
}

TEST(planes_of, takes_frames_that_come_whole) {
  const Planes planes = planes_of(quarters_with_alpha(64, 32, 0), 4);
  EXPECT_EQ(planes.stored, (Size{64, 32}));
  ASSERT_EQ(planes.alpha.size(), 1U);
  EXPECT_EQ(planes.alpha[0].row_16(1)[1], 0);
  EXPECT_EQ(planes.colour.at(0).row_16(1)[1], 0);
  EXPECT_EQ(planes.colour.at(1).row_16(1)[14], kGreen[1] * 257);
  EXPECT_EQ(planes_of(quarters(64, 32), 1).colour.at(2).row(31)[0], kBlue[2]);
}

}  // namespace
}  // namespace miniatura
