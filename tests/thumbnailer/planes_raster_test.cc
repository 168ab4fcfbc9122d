#include "thumbnailer/planes_raster.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/colours.h"
#include "tests/support/fixture.h"

namespace miniatura {
namespace {

using Numbers = std::array<double, 3>;  // of which 1 is full

// A sample of any type; n of 1 is full.
void put(Plane& plane, int x, int y, double n) {
  if (plane.bits == 32) {
    plane.row_float(y)[x] = static_cast<float>(n);
  } else if (plane.bits == 16) {
    plane.row_16(y)[x] = static_cast<std::uint16_t>(std::lround(n * 65'535));
  } else {
    plane.row(y)[x] = static_cast<std::uint8_t>(std::lround(n * 255));
  }
}
double at(const Plane& plane, int x, int y) {
  if (plane.bits == 32) return static_cast<double>(plane.row_float(y)[x]);
  return plane.bits == 16 ? plane.row_16(y)[x] / 65'535.0 : plane.row(y)[x] / 255.0;
}

Planes planes_of(Coding coding, Size size, int bits, bool alpha = false) {
  Planes planes{size, coding, {}, {}, {}};
  for (int i = 0; i < (coding == Coding::grey ? 1 : 3); ++i) planes.colour.emplace_back(size, bits);
  if (alpha) planes.alpha.emplace_back(size, bits);
  return planes;
}

// All colours on a grid of 13 steps, a pixel each.
constexpr int kSteps = 13;
constexpr Size kCube = {kSteps * kSteps, kSteps};
Numbers cube_at(int x, int y) {
  return {x % kSteps / (kSteps - 1.0), x / kSteps / (kSteps - 1.0), y / (kSteps - 1.0)};  // NOLINT
}
Planes cube(Coding coding, int bits) {
  Planes planes = planes_of(coding, kCube, bits);
  for (int y = 0; y < kCube.height; ++y) {
    for (int x = 0; x < kCube.width; ++x) {
      for (std::size_t i = 0; i < planes.colour.size(); ++i) {
        put(planes.colour[i], x, y, cube_at(x, y).at(i));
      }
    }
  }
  return planes;
}

// H.273's equations 38 to 43 (or, of the full range, 47 to 49), turned round.
Numbers rgb_of(const Numbers& ycc, const YcbcrMatrix& matrix) {
  const double luma = matrix.full_range ? ycc[0] : (ycc[0] * 255 - 16) / 219;
  const double range = matrix.full_range ? 255 : 224;
  const double blue = (ycc[1] * 255 - 128) / range;
  const double red = (ycc[2] * 255 - 128) / range;
  const double r = luma + 2 * (1 - matrix.kr) * red;
  const double b = luma + 2 * (1 - matrix.kb) * blue;
  return {r, (luma - matrix.kr * r - matrix.kb * b) / (1 - matrix.kr - matrix.kb), b};
}

double in_bytes(double n) { return std::clamp(n, 0.0, 1.0) * 255; }

// The largest difference of a channel, of 255, from what `expected` says of a pixel.
template <class Expected>
double largest_difference(const Raster& raster, Expected expected) {
  double largest = 0;
  for (int y = 0; y < raster.size.height; ++y) {
    for (int x = 0; x < raster.size.width; ++x) {
      const Numbers numbers = expected(x, y);
      for (std::size_t i = 0; i < 3; ++i) {
        largest = std::max(largest, std::abs(in_bytes(numbers.at(i)) - raster.at(x, y)[i]));
      }
    }
  }
  return largest;
}

constexpr YcbcrMatrix kMatrices[] = {{0.299, 0.114, true},    {0.299, 0.114, false},
                                     {0.2126, 0.0722, true},  {0.2126, 0.0722, false},
                                     {0.2627, 0.0593, false}, {0.212, 0.087, false}};

TEST(raster_of, converts_brightness_and_colours_as_the_standard_says) {
  for (const YcbcrMatrix& matrix : kMatrices) {
    for (const int bits : {8, 16, 32}) {
      Planes planes = cube(Coding::ycbcr, bits);
      planes.matrix = matrix;
      const Raster raster = raster_of(planes, Light::encoded, nullptr);
      EXPECT_EQ(raster.size, kCube);
      EXPECT_EQ(raster.channels, 3);
      const double largest = largest_difference(raster, [&](int x, int y) {
        Numbers numbers{};
        for (std::size_t i = 0; i < 3; ++i) numbers.at(i) = at(planes.colour[i], x, y);
        return rgb_of(numbers, matrix);
      });
      EXPECT_LE(largest, bits == 8 ? 0.51 : 0.52) << matrix.kr << " " << matrix.full_range << bits;
    }
  }
}

TEST(raster_of, leaves_red_green_blue_and_grey_as_they_are) {
  for (const int bits : {8, 16, 32}) {
    const Raster rgb = raster_of(cube(Coding::rgb, bits), Light::encoded, nullptr);
    EXPECT_LE(largest_difference(rgb, cube_at), 0.51) << bits;
    const Raster grey = raster_of(cube(Coding::grey, bits), Light::encoded, nullptr);
    EXPECT_EQ(grey.channels, 3);
    EXPECT_LE(largest_difference(grey,
                                 [](int x, int y) {
                                   const double n = cube_at(x, y)[0];
                                   return Numbers{n, n, n};
                                 }),
              0.51)
        << bits;
  }
}

TEST(raster_of, rounds_sixteen_bits_to_the_nearest) {
  Planes planes = planes_of(Coding::grey, {256, 1}, 16);
  const auto largest = [&](int more) {
    for (int x = 0; x < 256; ++x) {
      planes.colour[0].row_16(0)[x] =
          static_cast<std::uint16_t>(std::clamp(x * 257 + more, 0, 65'535));
    }
    return largest_difference(raster_of(planes, Light::encoded, nullptr), [](int x, int) {
      return Numbers{x / 255.0, x / 255.0, x / 255.0};
    });
  };
  EXPECT_EQ(largest(0), 0);
  EXPECT_EQ(largest(128), 0);
  EXPECT_EQ(largest(-128), 0);
  EXPECT_EQ(largest(129), 1);
}

TEST(raster_of, cuts_off_what_filters_make_of_edges) {
  Planes planes = planes_of(Coding::rgb, {4, 1}, 32);
  const float numbers[] = {-0.2F, 0, 1, 1.3F};
  for (Plane& plane : planes.colour) std::copy_n(numbers, 4, plane.row_float(0));
  const Raster raster = raster_of(planes, Light::encoded, nullptr);
  const int expected[] = {0, 0, 255, 255};
  for (int x = 0; x < 4; ++x) EXPECT_EQ(raster.at(x, 0)[1], expected[x]) << x;
}

// A pixel of floats, premultiplied, as the raster has it.
std::array<int, 4> straight(float red, float green, float blue, float alpha) {
  Planes planes = planes_of(Coding::rgb, {1, 1}, 32, true);
  planes.colour[0].row_float(0)[0] = red;
  planes.colour[1].row_float(0)[0] = green;
  planes.colour[2].row_float(0)[0] = blue;
  planes.alpha[0].row_float(0)[0] = alpha;
  const Raster raster = raster_of(planes, Light::encoded, nullptr);
  EXPECT_EQ(raster.channels, 4);
  const std::uint8_t* const pixel = raster.at(0, 0);
  return {pixel[0], pixel[1], pixel[2], pixel[3]};
}

TEST(raster_of, divides_colour_by_alpha_also_where_both_are_over_their_edges) {
  using Pixel = std::array<int, 4>;
  EXPECT_EQ(straight(0.25F, 0.125F, 0, 0.5F), (Pixel{128, 64, 0, 128}));
  EXPECT_EQ(straight(0.2F, 0.4F, 1, 1), (Pixel{51, 102, 255, 255}));
  EXPECT_EQ(straight(0.52F, 1.04F, 0.26F, 1.04F), (Pixel{128, 255, 64, 255}))
      << "the same factor is in both";
  EXPECT_EQ(straight(0.6F, 0.5F, -0.1F, 0.5F), (Pixel{255, 255, 0, 128}))
      << "no more than there is";
  EXPECT_EQ(straight(0.1F, -0.1F, 0, 0), (Pixel{0, 0, 0, 0}));
  EXPECT_EQ(straight(0.1F, -0.1F, -0.05F, -0.05F), (Pixel{0, 0, 0, 0}));
}

TEST(raster_of, divides_sixteen_bits_by_alpha) {
  Planes planes = planes_of(Coding::grey, {5, 1}, 16, true);
  const std::uint16_t colours[] = {0, 10'000, 30'000, 40'000, 65'535};
  const std::uint16_t alphas[] = {0, 20'000, 40'000, 30'000, 65'535};
  std::copy_n(colours, 5, planes.colour[0].row_16(0));
  std::copy_n(alphas, 5, planes.alpha[0].row_16(0));
  const Raster raster = raster_of(planes, Light::encoded, nullptr);
  const std::array<int, 2> expected[] = {{0, 0}, {128, 78}, {191, 156}, {255, 117}, {255, 255}};
  for (int x = 0; x < 5; ++x) {
    EXPECT_EQ((std::array<int, 2>{raster.at(x, 0)[0], raster.at(x, 0)[3]}), expected[x]) << x;
    EXPECT_EQ(raster.at(x, 0)[2], raster.at(x, 0)[0]);
  }
}

TEST(raster_of, of_eight_bits_with_alpha_does_the_same) {
  Planes planes = planes_of(Coding::grey, {1, 1}, 8, true);
  planes.colour[0].row(0)[0] = 51;
  planes.alpha[0].row(0)[0] = 102;
  const Raster raster = raster_of(planes, Light::encoded, nullptr);
  EXPECT_EQ(raster.at(0, 0)[0], 128);
  EXPECT_EQ(raster.at(0, 0)[3], 102);
}

TEST(raster_of, converts_by_a_profile_of_colours) {
  const Bytes profile = read_picture("p3.icc");
  const auto to_srgb = ToSrgb::by(profile, ColourModel::rgb);
  for (const int bits : {8, 16, 32}) {
    const Raster raster = raster_of(cube(Coding::rgb, bits), Light::encoded, to_srgb.get());
    double largest = 0;
    for (int x = 0; x < kCube.width; x += 5) {
      for (int y = 0; y < kCube.height; ++y) {
        std::array<std::uint8_t, 3> numbers{};
        for (std::size_t i = 0; i < 3; ++i) {
          numbers.at(i) = static_cast<std::uint8_t>(std::lround(cube_at(x, y).at(i) * 255));
        }
        const std::uint8_t* const pixel = raster.at(x, y);
        largest = std::max(largest, pictures::delta_e(pictures::srgb_by_lcms(profile, numbers),
                                                      {pixel[0], pixel[1], pixel[2]}));
      }
    }
    EXPECT_LE(largest, 2) << bits;
  }
}

TEST(raster_of, converts_brightness_and_colours_or_grey_by_a_profile) {
  const Bytes profile = read_picture("adobe.icc");
  const auto to_srgb = ToSrgb::by(profile, ColourModel::rgb);
  Planes planes = planes_of(Coding::ycbcr, {1, 1}, 8);
  const std::uint8_t samples[] = {120, 90, 170};
  for (std::size_t i = 0; i < 3; ++i) planes.colour[i].row(0)[0] = samples[i];
  const Numbers plain = rgb_of({120 / 255.0, 90 / 255.0, 170 / 255.0}, {});
  std::array<std::uint8_t, 3> numbers{};
  for (std::size_t i = 0; i < 3; ++i) {
    numbers.at(i) = static_cast<std::uint8_t>(std::lround(in_bytes(plain.at(i))));
  }
  const Raster converted = raster_of(planes, Light::encoded, to_srgb.get());
  const std::uint8_t* const pixel = converted.at(0, 0);
  EXPECT_LE(
      pictures::delta_e(pictures::srgb_by_lcms(profile, numbers), {pixel[0], pixel[1], pixel[2]}),
      1.5);

  const Bytes grey_profile = read_picture("grey.icc");
  const auto of_grey = ToSrgb::by(grey_profile, ColourModel::grey);
  Planes grey = planes_of(Coding::grey, {256, 1}, 8);
  for (int x = 0; x < 256; ++x) grey.colour[0].row(0)[x] = static_cast<std::uint8_t>(x);
  const Raster by_grey = raster_of(grey, Light::encoded, of_grey.get());
  const Raster by_colours = raster_of(grey, Light::encoded, to_srgb.get());
  for (int x = 0; x < 256; ++x) {
    const auto n = static_cast<std::uint8_t>(x);
    const Colour expected = pictures::srgb_by_lcms(grey_profile, std::array{n});
    const Colour of_colours = pictures::srgb_by_lcms(profile, std::array{n, n, n});
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(by_grey.at(x, 0)[i], expected.at(i), 1) << x;
      EXPECT_NEAR(by_colours.at(x, 0)[i], of_colours.at(i), 2) << x;
    }
  }
}

// IEC 61966-2-1.
double light_of_number(double n) {
  return n <= 0.04045 ? n / 12.92 : std::pow((n + 0.055) / 1.055, 2.4);
}

TEST(in_linear_light, follows_srgbs_curve) {
  for (const int bits : {8, 16, 32}) {
    for (const Coding coding : {Coding::grey, Coding::rgb}) {
      Planes planes = cube(coding, bits);
      for (Plane& plane : planes.colour) plane.across = plane.down = 0.25;
      const auto linear = in_linear_light(planes);
      ASSERT_TRUE(linear);
      EXPECT_EQ(linear->coding, coding);
      EXPECT_EQ(linear->stored, planes.stored);
      ASSERT_EQ(linear->colour.size(), planes.colour.size());
      for (std::size_t i = 0; i < planes.colour.size(); ++i) {
        const Plane& plane = linear->colour[i];
        EXPECT_EQ(plane.bits, 16);
        EXPECT_EQ(plane.size, kCube);
        EXPECT_EQ(plane.across, 0.25);
        EXPECT_EQ(plane.down, 0.25);
        for (int x = 0; x < kCube.width; ++x) {
          EXPECT_NEAR(at(plane, x, 5), light_of_number(at(planes.colour[i], x, 5)), 2 / 65'535.0);
        }
      }
    }
  }
}

TEST(in_linear_light, comes_back_from_it) {
  for (const int bits : {8, 16}) {
    for (const Coding coding : {Coding::grey, Coding::rgb, Coding::ycbcr}) {
      const Planes planes = cube(coding, bits);
      const Raster straight = raster_of(planes, Light::encoded, nullptr);
      const auto linear = in_linear_light(planes);
      ASSERT_TRUE(linear);
      EXPECT_EQ(linear->coding, coding == Coding::grey ? Coding::grey : Coding::rgb);
      const Raster back = raster_of(*linear, Light::linear, nullptr);
      EXPECT_LE(largest_difference(back,
                                   [&](int x, int y) {
                                     const std::uint8_t* const p = straight.at(x, y);
                                     return Numbers{p[0] / 255.0, p[1] / 255.0, p[2] / 255.0};
                                   }),
                1);
    }
  }
}

TEST(in_linear_light, multiplies_light_not_numbers_by_alpha) {
  Planes planes = planes_of(Coding::rgb, {1, 1}, 16, true);
  for (Plane& plane : planes.colour) put(plane, 0, 0, 0.3);
  put(planes.alpha[0], 0, 0, 0.5);  // the straight number is 0.6
  const auto linear = in_linear_light(planes);
  ASSERT_TRUE(linear);
  EXPECT_NEAR(at(linear->colour[1], 0, 0), light_of_number(0.6) / 2, 5e-5);
  EXPECT_NEAR(at(linear->alpha[0], 0, 0), 0.5, 1e-4);
  EXPECT_EQ(raster_of(*linear, Light::linear, nullptr).pixels,
            raster_of(planes, Light::encoded, nullptr).pixels);
}

TEST(in_linear_light, lays_coarser_colours_over_the_brightness_that_they_belong_to) {
  // Brightness is even; blue is on the left, red on the right, at half the grid.
  Planes planes = planes_of(Coding::ycbcr, {64, 8}, 8);
  for (std::size_t i = 1; i < 3; ++i) {
    planes.colour[i] = Plane({32, 4}, 8);
    planes.colour[i].across = planes.colour[i].down = 0.5;
  }
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 64; ++x) {
      planes.colour[0].row(y)[x] = 100;
      planes.colour[1].row(y / 2)[x / 2] = x < 32 ? 180 : 90;
      planes.colour[2].row(y / 2)[x / 2] = x < 32 ? 90 : 180;
    }
  }
  const auto linear = in_linear_light(planes);
  ASSERT_TRUE(linear) << linear.error().message;
  for (const Plane& plane : linear->colour) EXPECT_EQ(plane.size, (Size{64, 8}));
  const Raster raster = raster_of(*linear, Light::linear, nullptr);
  for (const bool right : {false, true}) {
    const Numbers ycc = {100 / 255.0, (right ? 90 : 180) / 255.0, (right ? 180 : 90) / 255.0};
    const Numbers expected = rgb_of(ycc, {});
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(raster.at(right ? 40 : 23, 4)[i], in_bytes(expected.at(i)), 1);
    }
  }
  // Half way between the two, the edge is half way: it did not move.
  EXPECT_NEAR(raster.at(31, 4)[0] + raster.at(32, 4)[0], raster.at(20, 4)[0] + raster.at(43, 4)[0],
              3);
}

}  // namespace
}  // namespace miniatura
