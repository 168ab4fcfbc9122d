// Every kind of every format that is read: tests/images, each with four quarters of known colours.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <array>

#include "tests/support/fixture.h"
#include "tests/support/images.h"
#include "thumbnailer/render.h"

namespace miniatura {
namespace {

using namespace pictures;

constexpr std::array<Colour, 4> kColours = {kRed, kGreen, kBlue, kYellow};
constexpr std::array<Colour, 4> kShades = {Colour{87, 87, 87}, Colour{130, 130, 130},
                                           Colour{52, 52, 52}, Colour{202, 202, 202}};

void expect_colours(const Raster& raster, const std::array<Colour, 4>& colours, int tolerance,
                    const std::string& what) {
  constexpr std::array<std::pair<double, double>, 4> kPlaces = {
      {{0.25, 0.25}, {0.75, 0.25}, {0.25, 0.75}, {0.75, 0.75}}};
  for (std::size_t i = 0; i < colours.size(); ++i) {
    const auto& [x, y] = kPlaces.at(i);
    const Colour colour = colour_at(raster, x, y);
    EXPECT_LE(difference(colour, colours.at(i)), tolerance)
        << what << ", quarter " << i << ": " << colour_name(colour);
  }
}

// At its own size and at half of it.
void expect_picture(const std::string& name, const std::array<Colour, 4>& colours, int tolerance) {
  const Bytes image = read_picture(name);
  const int width = name.find("odd") != std::string::npos ? 97 : 96;
  const int height = width == 97 ? 65 : 64;
  try {
    const Raster whole = thumbnail_of(image, 1000, 1000);
    EXPECT_EQ(whole.size, (Size{width, height})) << name;
    EXPECT_EQ(whole.channels, 3) << name;
    expect_colours(whole, colours, tolerance, name);
    const Raster half = thumbnail_of(image, 48, 48);
    EXPECT_EQ(half.size.width, 48) << name;
    expect_colours(half, colours, tolerance, name + " halved");
  } catch (const std::exception& e) {
    ADD_FAILURE() << name << ": " << e.what();
  }
}

TEST(formats, jpeg_of_every_kind_is_read) {
  for (const auto* name : {"444", "422", "420", "411", "440", "odd", "progressive", "cmyk", "ycck",
                           "cmyk-no-marker"}) {
    expect_picture(fmt::format("jpeg-{}.jpg", name), kColours, 4);
  }
  expect_picture("jpeg-grey.jpg", kShades, 3);
}

TEST(formats, png_of_every_kind_is_read) {
  for (const auto* name : {"palette-2", "palette-4", "palette-8", "interlaced"}) {
    expect_picture(fmt::format("png-{}.png", name), kColours, 1);
  }
}

TEST(formats, gif_of_every_kind_is_read) {
  for (const auto* name : {"plain", "interlaced", "animated"}) {
    expect_picture(fmt::format("gif-{}.gif", name), kColours, 1);
  }
}

TEST(formats, tiff_of_every_kind_is_read) {
  for (const auto* name : {"none", "lzw", "deflate", "packbits", "palette", "pages", "tiles",
                           "planes-big-endian", "16", "cmyk"}) {
    expect_picture(fmt::format("tiff-{}.tiff", name), kColours, 2);
  }
  for (const auto* name : {"jpeg", "tiles-jpeg"}) {
    expect_picture(fmt::format("tiff-{}.tiff", name), kColours, 4);
  }
  expect_picture("tiff-grey.tiff", kShades, 2);
  constexpr Colour kBlack = {0, 0, 0};
  expect_picture("tiff-fax.tiff", {kBlack, kWhite, kBlack, kWhite}, 2);
}

TEST(formats, bmp_of_every_kind_is_read) {
  for (const auto* name : {"24", "8", "few", "rle"}) {
    expect_picture(fmt::format("bmp-{}.bmp", name), kColours, 1);
  }
}

TEST(formats, webp_of_every_kind_is_read) {
  for (const auto* name : {"lossy", "lossless", "animated"}) {
    expect_picture(fmt::format("webp-{}.webp", name), kColours, 9);
  }
}

TEST(formats, heic_and_avif_of_every_kind_are_read) {
  for (const auto* name : {"heic-plain.heic", "heic-odd.heic", "avif-plain.avif", "avif-odd.avif",
                           "avif-animated.avif"}) {
    expect_picture(name, kColours, 6);
  }
  // Several pictures: the primary one. A picture of several tiles: all of them.
  for (const auto* name : {"heic-two.heic", "avif-two.avif", "avif-grid.avif"}) {
    const Raster raster = thumbnail_of(read_picture(name), 1000, 1000);
    EXPECT_EQ(raster.size, (Size{200, 130})) << name;
    expect_colours(raster, kColours, 6, name);
  }
}

TEST(formats, transparency_comes_through_and_hides_the_colours_under_it) {
  for (const auto* name : {"gif-transparent.gif", "tiff-alpha.tiff", "bmp-32.bmp",
                           "webp-alpha.webp", "heic-alpha.heic", "avif-alpha.avif"}) {
    for (const int side : {1000, 47}) {
      const Raster raster = thumbnail_of(read_picture(name), side, side);
      ASSERT_EQ(raster.channels, 4) << name;
      const int y = raster.size.height / 4;
      EXPECT_LE(raster.at(raster.size.width / 4, y)[3], 2) << name;
      EXPECT_GE(raster.at(raster.size.width * 3 / 4, y)[3], 253) << name;
      expect_colours(
          raster, {colour_at(raster, 0.25, 0.25), kGreen, colour_at(raster, 0.25, 0.75), kYellow},
          9, name);
      // Where the edge is half there it is green, not some of the red that nobody may see.
      for (int x = 0; x < raster.size.width; ++x) {
        const std::uint8_t* const pixel = raster.at(x, y);
        if (pixel[3] < 32) continue;
        EXPECT_LE(difference({pixel[0], pixel[1], pixel[2]}, kGreen), 12)
            << name << " at " << x << " alpha " << int{pixel[3]};
      }
    }
  }
}

TEST(formats, every_orientation_stands_upright) {
  // The quarters of a picture that is stored turned, as they must come out.
  constexpr std::array<std::array<Colour, 4>, 8> kUpright = {{
      {kRed, kGreen, kBlue, kYellow},
      {kGreen, kRed, kYellow, kBlue},
      {kYellow, kBlue, kGreen, kRed},
      {kBlue, kYellow, kRed, kGreen},
      {kRed, kBlue, kGreen, kYellow},
      {kBlue, kRed, kYellow, kGreen},
      {kYellow, kGreen, kBlue, kRed},
      {kGreen, kYellow, kRed, kBlue},
  }};
  for (const auto* format : {"tiff", "heic", "avif"}) {
    for (int orientation = 1; orientation <= 8; ++orientation) {
      std::string name = fmt::format("{0}-orientation-{1}.{0}", format, orientation);
      if (name == "heic-orientation-1.heic") name = "heic-plain.heic";
      const Raster raster = thumbnail_of(read_picture(name), 48, 48);
      EXPECT_EQ(raster.size, orientation < 5 ? (Size{48, 32}) : (Size{32, 48})) << name;
      expect_colours(raster, kUpright.at(static_cast<std::size_t>(orientation - 1)), 6, name);
    }
  }
}

// Its orientation is what the container says; EXIF in it is a note of where the picture comes from.
TEST(formats, heic_is_not_turned_by_exif) {
  const Bytes image = read_picture("heic-exif-6.heic");
  EXPECT_NE(image.find("Exif"), Bytes::npos);
  const Raster raster = thumbnail_of(image, 48, 48);
  EXPECT_EQ(raster.size, (Size{48, 32}));
  expect_colours(raster, kColours, 6, "heic");
}

// A slope of a sixteenth of the range over the width: at 8 bits it has 17 steps, and no 8-bit
// rounding on the way moves one of them by more than a pixel.
TEST(formats, sixteen_and_ten_bits_come_through) {
  for (const auto& [name, tolerance] :
       {std::pair{"png-16-slope.png", 0.51}, {"heic-10.heic", 0.8}, {"avif-10.avif", 0.8}}) {
    const Raster raster = thumbnail_of(read_picture(name), 128, 128);
    ASSERT_EQ(raster.size, (Size{128, 32})) << name;
    for (int x = 4; x < 124; ++x) {
      // The middle of two of the 256 columns.
      const double stored = 0x4000 + 0x1000 * (2 * x + 0.5) / 255;
      EXPECT_NEAR(raster.at(x, 16)[0], stored / 257, tolerance) << name << " at " << x;
    }
  }
}

TEST(formats, a_gif_whose_first_frame_is_a_part_is_transparent_around_it) {
  const Raster raster =
      thumbnail_of(gif(60, 40, {{20, 10, 30, 20, 2}, {0, 0, 60, 40, 1}}), 1000, 1000);
  ASSERT_EQ(raster.size, (Size{60, 40}));
  ASSERT_EQ(raster.channels, 4);
  for (int y = 0; y < 40; ++y) {
    for (int x = 0; x < 60; ++x) {
      const bool inside = x >= 20 && x < 50 && y >= 10 && y < 30;
      const std::uint8_t* const pixel = raster.at(x, y);
      ASSERT_EQ(pixel[3], inside ? 255 : 0) << x << "," << y;
      if (!inside) continue;
      ASSERT_EQ(difference({pixel[0], pixel[1], pixel[2]}, kBlue), 0);
    }
  }
}

TEST(formats, a_gif_of_odd_disposals_and_a_frame_that_sticks_out_shows_its_first_frame) {
  for (const int disposal : {0, 1, 2, 3, 7}) {
    const Bytes image =
        gif(10, 10, {{0, 0, 10, 10, 3, -1, disposal}, {2, 2, 4, 4, 1, 1, disposal}});
    const Raster raster = thumbnail_of(image, 100, 100);
    EXPECT_EQ(raster.size, (Size{10, 10}));
    expect_colours(raster, {kYellow, kYellow, kYellow, kYellow}, 0, "disposal");
  }
  const Raster larger = thumbnail_of(gif(10, 10, {{5, 0, 20, 12, 1}}), 100, 100);
  EXPECT_EQ(larger.size, (Size{25, 12}));
  EXPECT_EQ(colour_at(larger, 0.9, 0.9), kGreen);
}

}  // namespace
}  // namespace miniatura
