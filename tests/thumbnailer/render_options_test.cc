// What each option of a preset does to the pixels.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/images.h"
#include "thumbnailer/header.h"
#include "thumbnailer/render.h"

namespace miniatura {
namespace {

using namespace pictures;
using ::testing::HasSubstr;

Result<Bytes> thumbnail_of(const Bytes& image, const Preset& preset,
                           ImageFormat format = ImageFormat::png) {
  MemorySource source(image);
  const RenderOrder order{preset, format};
  TRY(rendered, render(source, std::span(&order, 1), {}));
  return std::move(rendered.thumbnails.at(0).bytes);
}

Preset preset_of(int width, int height, Fit fit = Fit::inside) {
  return {"card", width, height, fit, {}, 80};
}

// Nine fields of 100 by 100, each of a colour of its own.
Colour field_colour(int across, int down) {
  return {static_cast<std::uint8_t>(40 + 90 * across), static_cast<std::uint8_t>(40 + 90 * down),
          static_cast<std::uint8_t>(120)};
}
Raster nine_fields() {
  Raster raster({300, 300}, 3);
  for (int y = 0; y < 300; ++y) {
    for (int x = 0; x < 300; ++x) {
      const Colour colour = field_colour(x / 100, y / 100);
      std::copy(colour.begin(), colour.end(), raster.at(x, y));
    }
  }
  return raster;
}

struct Held {
  Gravity gravity;
  int across, down;  // 0 to 2
};
constexpr Held kHeld[] = {
    {Gravity::center, 1, 1},     {Gravity::north, 1, 0},      {Gravity::north_east, 2, 0},
    {Gravity::east, 2, 1},       {Gravity::south_east, 2, 2}, {Gravity::south, 1, 2},
    {Gravity::south_west, 0, 2}, {Gravity::west, 0, 1},       {Gravity::north_west, 0, 0},
};

TEST(render_gravity, says_which_part_a_cover_keeps) {
  const Bytes image = picture(ImageFormat::png, nine_fields());
  for (const Held& held : kHeld) {
    const auto name = kGravityNames.at(static_cast<std::size_t>(held.gravity));
    Preset preset = preset_of(30, 10, Fit::cover);
    preset.gravity = held.gravity;
    const Raster wide = pixels_of(thumbnail_of(image, preset).value());
    ASSERT_EQ(wide.size, (Size{30, 10}));
    for (int x = 0; x < 3; ++x) {
      EXPECT_LE(difference(colour_at(wide, x / 3.0 + 0.16, 0.5), field_colour(x, held.down)), 3)
          << name;
    }
    preset = preset_of(10, 30, Fit::cover);
    preset.gravity = held.gravity;
    const Raster high = pixels_of(thumbnail_of(image, preset).value());
    for (int y = 0; y < 3; ++y) {
      EXPECT_LE(difference(colour_at(high, 0.5, y / 3.0 + 0.16), field_colour(held.across, y)), 3)
          << name;
    }
  }
}

TEST(render_gravity, says_where_in_its_box_a_contain_puts_the_picture) {
  const Bytes wide = picture(ImageFormat::png, 400, 100);
  const Bytes high = picture(ImageFormat::png, 100, 400);
  for (const Held& held : kHeld) {
    const auto name = kGravityNames.at(static_cast<std::size_t>(held.gravity));
    Preset preset = preset_of(120, 120, Fit::contain);
    preset.gravity = held.gravity;
    preset.background = {1, 2, 3};
    const Raster lying = pixels_of(thumbnail_of(wide, preset).value());
    const Raster standing = pixels_of(thumbnail_of(high, preset).value());
    for (int third = 0; third < 3; ++third) {
      const double middle = third / 3.0 + 0.16;
      const bool row_is_painted = difference(colour_at(lying, 0.5, middle), {1, 2, 3}) == 0;
      const bool column_is_painted = difference(colour_at(standing, middle, 0.5), {1, 2, 3}) == 0;
      EXPECT_EQ(row_is_painted, third != held.down) << name;
      EXPECT_EQ(column_is_painted, third != held.across) << name;
    }
  }
}

TEST(render_gravity, speaks_of_the_picture_as_it_is_seen) {
  // Stored lying on its side: its upper edge is the stored left one.
  const Bytes image =
      with_orientation(ImageFormat::png, picture(ImageFormat::png, nine_fields()), 6);
  Preset preset = preset_of(30, 10, Fit::cover);
  preset.gravity = Gravity::north;
  const Raster raster = pixels_of(thumbnail_of(image, preset).value());
  EXPECT_LE(difference(colour_at(raster, 0.16, 0.5), field_colour(0, 2)), 3);
  EXPECT_LE(difference(colour_at(raster, 0.84, 0.5), field_colour(0, 0)), 3);
}

TEST(render_enlarge, makes_a_small_picture_as_large_as_the_box) {
  const Bytes image = picture(ImageFormat::png, 40, 20);
  const std::pair<Fit, Size> cases[] = {{Fit::inside, {120, 60}},
                                        {Fit::cover, {120, 120}},
                                        {Fit::contain, {120, 120}},
                                        {Fit::fill, {120, 120}},
                                        {Fit::outside, {240, 120}}};
  for (const auto& [fit, size] : cases) {
    Preset preset = preset_of(120, 120, fit);
    preset.enlarge = true;
    const Raster raster = pixels_of(thumbnail_of(image, preset).value());
    EXPECT_EQ(raster.size, size) << fit_name(fit);
    const double above = fit == Fit::contain ? 0.4 : 0.2;
    EXPECT_LE(difference(colour_at(raster, 0.2, above), kRed), 3) << fit_name(fit);
    EXPECT_LE(difference(colour_at(raster, 0.8, 1 - above), kYellow), 3) << fit_name(fit);
  }
}

TEST(render_enlarge, is_refused_where_it_would_take_too_much_memory) {
  Preset preset = preset_of(16'384, 16'384);
  preset.enlarge = true;
  const auto thumbnail = thumbnail_of(picture(ImageFormat::png, 20, 20), preset);
  ASSERT_FALSE(thumbnail);
  EXPECT_EQ(thumbnail.error().code, ErrorCode::image_too_large);
  preset = preset_of(16'384, 0);
  preset.enlarge = true;
  EXPECT_FALSE(thumbnail_of(picture(ImageFormat::png, 1, 60'000), preset));
}

TEST(render_enlarge, does_not_take_what_was_enlarged_for_the_picture) {
  const Bytes image = picture(ImageFormat::png, noisy_quarters(100, 100));
  Preset large = preset_of(400, 400);
  large.enlarge = true;
  const Preset small = preset_of(20, 20);
  MemorySource source(image);
  const RenderOrder orders[] = {{large, ImageFormat::png}, {small, ImageFormat::png}};
  const auto both = render(source, orders, {});
  ASSERT_TRUE(both);
  // Beside one that has the picture decoded as finely.
  const RenderOrder same[] = {{preset_of(100, 100), ImageFormat::png}, {small, ImageFormat::png}};
  MemorySource again(image);
  const auto alone = render(again, same, {});
  ASSERT_TRUE(alone);
  EXPECT_EQ(both->thumbnails[1].bytes, alone->thumbnails[1].bytes);
}

// Black and white lines, one pixel wide: half of the light, whatever they are made to.
Raster lines() {
  Raster raster({512, 512}, 3);
  for (std::size_t i = 0; i < raster.pixels.size(); ++i) {
    raster.pixels[i] = i / 3 % 2 == 0 ? 0 : 255;
  }
  return raster;
}

TEST(render_linear, keeps_the_brightness_of_fine_patterns) {
  for (const auto format : {ImageFormat::png, ImageFormat::jpeg}) {
    const Bytes image = picture(format, lines());
    Preset preset = preset_of(32, 32);
    EXPECT_LE(difference(colour_at(pixels_of(thumbnail_of(image, preset).value()), 0.5, 0.5),
                         {128, 128, 128}),
              2);
    preset.linear = true;
    EXPECT_LE(difference(colour_at(pixels_of(thumbnail_of(image, preset).value()), 0.5, 0.5),
                         {188, 188, 188}),
              2)
        << format_name(format);
  }
}

TEST(render_linear, is_not_made_from_what_was_resized_otherwise) {
  Preset plain = preset_of(128, 128);
  Preset linear = preset_of(32, 32);
  linear.linear = true;
  Preset smaller = linear;
  smaller.width = smaller.height = 8;
  MemorySource source(picture(ImageFormat::png, lines()));
  const RenderOrder orders[] = {
      {plain, ImageFormat::png}, {linear, ImageFormat::png}, {smaller, ImageFormat::png}};
  const auto all = render(source, orders, {});
  ASSERT_TRUE(all);
  const int expected[] = {128, 188, 188};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(colour_at(pixels_of(all->thumbnails[i].bytes), 0.5, 0.5)[0], expected[i], 2);
  }
}

TEST(render_sharpen, makes_edges_steeper_but_not_that_of_the_painted_background) {
  Raster steps({400, 200}, 3);
  for (int y = 0; y < 200; ++y) {
    for (int x = 0; x < 400; ++x) std::fill_n(steps.at(x, y), 3, x < 200 ? 100 : 150);
  }
  Preset preset = preset_of(100, 100, Fit::contain);
  const Bytes image = picture(ImageFormat::png, steps);
  const Raster plain = pixels_of(thumbnail_of(image, preset).value());
  preset.sharpen = 1;
  const Raster sharp = pixels_of(thumbnail_of(image, preset).value());
  EXPECT_LE(*sharp.at(48, 50), *plain.at(48, 50) - 3);
  EXPECT_GE(*sharp.at(51, 50), *plain.at(51, 50) + 3);
  EXPECT_EQ(*sharp.at(10, 50), 100);
  EXPECT_EQ(*sharp.at(10, 25), 100) << "beside the background";
  EXPECT_EQ(*sharp.at(10, 24), 255);
}

TEST(render_encoding, follows_the_preset) {
  const Bytes image = picture(ImageFormat::png, noisy_quarters(200, 200));
  Preset preset = preset_of(100, 100);
  const Bytes usual = thumbnail_of(image, preset, ImageFormat::jpeg).value();
  preset.progressive = true;
  EXPECT_NE(thumbnail_of(image, preset, ImageFormat::jpeg)->find("\xFF\xC2"), Bytes::npos);
  preset.progressive = false;
  preset.subsampling = Subsampling::s444;
  EXPECT_GT(thumbnail_of(image, preset, ImageFormat::jpeg)->size(), usual.size());
  preset.subsampling = Subsampling::s420;
  preset.max_bytes = usual.size() / 2;
  const Bytes small = thumbnail_of(image, preset, ImageFormat::jpeg).value();
  EXPECT_LE(small.size(), preset.max_bytes);
  EXPECT_GT(small.size(), preset.max_bytes / 2);
}

TEST(render_encoding, writes_avif_with_and_without_transparency) {
  const Raster opaque = pixels_of(
      thumbnail_of(picture(ImageFormat::jpeg, 200, 150), preset_of(100, 100), ImageFormat::avif)
          .value());
  ASSERT_EQ(opaque.size, (Size{100, 75}));
  EXPECT_EQ(opaque.channels, 3);
  EXPECT_LE(difference(colour_at(opaque, 0.25, 0.25), kRed), 9);
  EXPECT_LE(difference(colour_at(opaque, 0.75, 0.75), kYellow), 9);
  const Bytes seen_through = picture(ImageFormat::png, quarters_with_alpha(200, 200, 100));
  const Raster kept =
      pixels_of(thumbnail_of(seen_through, preset_of(51, 51), ImageFormat::avif).value());
  ASSERT_EQ(kept.size, (Size{51, 51}));
  ASSERT_EQ(kept.channels, 4);
  EXPECT_NEAR(kept.at(10, 10)[3], 100, 4);
  EXPECT_GE(kept.at(40, 10)[3], 252);
}

TEST(render_keep, keeps_copyright_and_artist_and_nothing_else_of_exif) {
  for (const auto in : {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp}) {
    const Bytes exif = exif_with_place("Ada Lovelace", "(c) 1843 Ada");
    const Bytes image = with_exif(in, picture(in, 64, 64), exif);
    for (const auto out :
         {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp, ImageFormat::avif}) {
      Preset preset = preset_of(32, 32);
      const std::string what = fmt::format("{} to {}", format_name(in), format_name(out));
      const Bytes kept = thumbnail_of(image, preset, out).value();
      EXPECT_NE(kept.find("Ada Lovelace"), Bytes::npos) << what;
      EXPECT_NE(kept.find("(c) 1843 Ada"), Bytes::npos) << what;
      EXPECT_EQ(kept.find("IS-HERE"), Bytes::npos) << what;
      EXPECT_EQ(pixels_of(kept).size, (Size{32, 32})) << what;
      preset.keep_copyright = false;
      const Bytes bare = thumbnail_of(image, preset, out).value();
      for (const auto* mark : {"Ada", "Exif", "EXIF", "eXIf", "IS-HERE"}) {
        EXPECT_EQ(bare.find(mark), Bytes::npos) << mark << " in " << what;
      }
    }
  }
}

TEST(render_keep, reads_back_what_it_wrote) {
  const Copyright copyright{"Ada", "(c) Ada"};
  const Bytes exif = exif_with_place(copyright.artist, copyright.copyright);
  const Bytes image = with_exif(ImageFormat::jpeg, picture(ImageFormat::jpeg, 64, 64), exif);
  for (const auto out : {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp}) {
    const Bytes thumbnail = thumbnail_of(image, preset_of(32, 32), out).value();
    const auto header = read_header(thumbnail, out, ImageExtent::whole);
    ASSERT_TRUE(header) << header.error().message;
    EXPECT_EQ(header->copyright, copyright) << format_name(out);
    EXPECT_EQ(header->orientation, 1);
  }
}

TEST(render_encoding, names_the_preset_whose_bytes_are_too_many) {
  Preset preset = preset_of(100, 100);
  preset.max_bytes = 100;
  const auto thumbnail =
      thumbnail_of(picture(ImageFormat::png, noisy_quarters(200, 200)), preset, ImageFormat::jpeg);
  ASSERT_FALSE(thumbnail);
  EXPECT_EQ(thumbnail.error().code, ErrorCode::image_too_large);
  EXPECT_FALSE(thumbnail.error().retryable());
  EXPECT_THAT(thumbnail.error().message, HasSubstr("preset card: "));
}

}  // namespace
}  // namespace miniatura
