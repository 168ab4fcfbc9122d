// Through render(): what of an animation is in a thumbnail that keeps it.
#include "thumbnailer/animate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/images.h"
#include "thumbnailer/codecs/webp/webp_animation.h"

namespace miniatura {
namespace {

using namespace pictures;
using ::testing::HasSubstr;

// The quarters, then two pictures with noise.
Bytes moving_picture() {
  Animation animation;
  animation.frames = {{quarters(200, 100), 100},
                      {noisy_quarters(200, 100), 50},
                      {oriented(quarters(200, 100), 3), 70}};
  animation.loops = 2;
  Encoding encoding;
  encoding.quality = 95;
  return encode(animation, encoding).value();
}

Preset moving(int width, int height, Fit fit = Fit::inside) {
  Preset preset{"move", width, height, fit, ImageFormat::webp, 80};
  preset.animated = true;
  return preset;
}

Result<Rendered> rendered(const Bytes& image, std::vector<RenderOrder> orders,
                          const Limits& limits = {}) {
  MemorySource source(image);
  return render(source, orders, limits);
}

Animation frames_of(const Bytes& webp) {
  const FrameReader reader = read_webp_frames(webp).value();
  Animation animation;
  animation.loops = reader.loops;
  while (auto frame = reader.next().value()) animation.frames.push_back(*std::move(frame));
  return animation;
}

TEST(animate, keeps_every_frame_and_how_long_it_lasts) {
  const auto result = rendered(moving_picture(), {{moving(50, 50), ImageFormat::webp}});
  ASSERT_TRUE(result) << result.error().message;
  const Thumbnail& thumbnail = result->thumbnails.at(0);
  EXPECT_EQ(thumbnail.width, 50);
  EXPECT_EQ(thumbnail.height, 25);
  const Animation animation = frames_of(thumbnail.bytes);
  EXPECT_EQ(animation.loops, 2);
  ASSERT_EQ(animation.frames.size(), 3U);
  const int durations[] = {100, 50, 70};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(animation.frames[i].raster.size, (Size{50, 25}));
    EXPECT_EQ(animation.frames[i].duration_ms, durations[i]);
  }
  EXPECT_LE(difference(colour_at(animation.frames[0].raster, 0.2, 0.2), kRed), 9);
  EXPECT_LE(difference(colour_at(animation.frames[2].raster, 0.2, 0.2), kYellow), 9);
  EXPECT_LE(difference(colour_at(animation.frames[2].raster, 0.8, 0.8), kRed), 9);
}

TEST(animate, lays_each_frame_out_as_the_preset_says) {
  Preset preset = moving(60, 60, Fit::contain);
  preset.background = kBlue;
  preset.gravity = Gravity::north;
  const auto result = rendered(moving_picture(), {{preset, ImageFormat::webp}});
  ASSERT_TRUE(result) << result.error().message;
  const Animation animation = frames_of(result->thumbnails.at(0).bytes);
  ASSERT_EQ(animation.frames.size(), 3U);
  for (const Frame& frame : animation.frames) {
    EXPECT_EQ(frame.raster.size, (Size{60, 60}));
    EXPECT_LE(difference(colour_at(frame.raster, 0.5, 0.9), kBlue), 9);
  }
  EXPECT_LE(difference(colour_at(animation.frames[0].raster, 0.2, 0.1), kRed), 9);
}

TEST(animate, stands_each_frame_upright_and_keeps_the_copyright) {
  const Bytes image = with_webp_chunk(moving_picture(), "EXIF", exif_block(6));
  const auto turned = rendered(image, {{moving(50, 50), ImageFormat::webp}});
  ASSERT_TRUE(turned) << turned.error().message;
  const Animation animation = frames_of(turned->thumbnails.at(0).bytes);
  EXPECT_EQ(animation.frames.at(0).raster.size, (Size{25, 50}));
  EXPECT_LE(difference(colour_at(animation.frames.at(0).raster, 0.2, 0.2), kBlue), 9);
  const auto owned = rendered(
      with_webp_chunk(moving_picture(), "EXIF", exif_with_place("Ada", "(c) Ada Lovelace")),
      {{moving(50, 50), ImageFormat::webp}});
  EXPECT_THAT(owned->thumbnails.at(0).bytes, HasSubstr("(c) Ada Lovelace"));
  EXPECT_THAT(owned->thumbnails.at(0).bytes, Not(HasSubstr("IS-HERE")));
}

// 6x4 pixels, red and then green in its right half alone, for 300 ms and 40 ms; shown for ever.
Bytes moving_gif() {
  using namespace std::string_literals;
  // Codes of 3 bits, 0 or 1, each after a clear (4), so that they never grow; 5 is the end.
  const auto codes = [](int count, unsigned index) {
    Bytes packed;
    unsigned pending = 0;
    unsigned used = 0;
    const auto put = [&](unsigned code) {
      pending |= code << used;
      for (used += 3; used >= 8; used -= 8, pending >>= 8U) packed += static_cast<char>(pending);
    };
    for (int i = 0; i < count; ++i) {
      put(4);
      put(index);
    }
    put(5);
    packed += static_cast<char>(pending);
    return "\2"s + static_cast<char>(packed.size()) + packed + '\0';
  };
  Bytes gif = "GIF89a\6\0\4\0\x80\0\0"s;
  gif.append(kRed.begin(), kRed.end()).append(kGreen.begin(), kGreen.end());
  gif += "\x21\xFF\x0BNETSCAPE2.0\3\1\0\0\0"s;
  gif += "\x21\xF9\4\4\x1E\0\0\0\x2C\0\0\0\0\6\0\4\0\0"s + codes(24, 0);
  gif += "\x21\xF9\4\4\4\0\0\0\x2C\3\0\0\0\3\0\4\0\0"s + codes(12, 1);
  return gif + ';';
}

TEST(animate, makes_a_webp_of_an_animated_gif) {
  const auto result = rendered(moving_gif(), {{moving(6, 4), ImageFormat::webp}});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->source.format, ImageFormat::gif);
  const Animation animation = frames_of(result->thumbnails.at(0).bytes);
  EXPECT_EQ(animation.loops, 0);
  ASSERT_EQ(animation.frames.size(), 2U);
  EXPECT_EQ(animation.frames[0].duration_ms, 300);
  EXPECT_EQ(animation.frames[1].duration_ms, 40);
  EXPECT_LE(difference(colour_at(animation.frames[0].raster, 0.9, 0.5), kRed), 12);
  EXPECT_LE(difference(colour_at(animation.frames[1].raster, 0.9, 0.5), kGreen), 12);
  EXPECT_LE(difference(colour_at(animation.frames[1].raster, 0, 0.5), kRed), 12);
}

TEST(animate, keeps_what_can_be_seen_through) {
  Animation animation;
  animation.frames = {{quarters(200, 100), 50},
                      {quarters_with_alpha(200, 100, 0), 50},
                      {quarters_with_alpha(200, 100, 90), 50}};
  const Bytes image = encode(animation, {}).value();
  const auto result = rendered(image, {{moving(50, 50), ImageFormat::webp}});
  ASSERT_TRUE(result) << result.error().message;
  const Animation small = frames_of(result->thumbnails.at(0).bytes);
  const int alphas[] = {255, 0, 90};
  for (std::size_t i = 0; i < 3; ++i) {
    const Raster& raster = small.frames.at(i).raster;
    EXPECT_NEAR(raster.at(10, 10)[3], alphas[i], 3);
    EXPECT_EQ(raster.at(40, 10)[3], 255);
    EXPECT_LE(difference(colour_at(raster, 0.8, 0.2), kGreen), 9);
  }
}

TEST(animate, makes_still_ones_beside_each_in_its_place) {
  const Preset still{"still", 20, 20, Fit::inside, ImageFormat::webp, 80};
  Preset other = moving(30, 30);
  other.name = "other";
  const auto result = rendered(moving_picture(), {{still, ImageFormat::webp},
                                                  {moving(50, 50), ImageFormat::webp},
                                                  {still, ImageFormat::jpeg},
                                                  {other, ImageFormat::webp}});
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(result->thumbnails.size(), 4U);
  EXPECT_EQ(result->thumbnails[0].preset, "still");
  EXPECT_THAT(result->thumbnails[0].bytes, Not(HasSubstr("ANMF")));
  EXPECT_EQ(pixels_of(result->thumbnails[0].bytes).size, (Size{20, 10}));
  EXPECT_EQ(result->thumbnails[1].preset, "move");
  EXPECT_EQ(frames_of(result->thumbnails[1].bytes).frames.size(), 3U);
  EXPECT_EQ(result->thumbnails[2].format, ImageFormat::jpeg);
  EXPECT_EQ(result->thumbnails[3].preset, "other");
  EXPECT_EQ(result->thumbnails[3].width, 30);
}

TEST(animate, is_for_webp_and_for_what_moves) {
  const auto jpeg = rendered(moving_picture(), {{moving(50, 50), ImageFormat::jpeg}});
  EXPECT_EQ(jpeg->thumbnails.at(0).format, ImageFormat::jpeg);
  EXPECT_EQ(pixels_of(jpeg->thumbnails.at(0).bytes).size, (Size{50, 25}));
  const auto still =
      rendered(picture(ImageFormat::webp, 200, 100), {{moving(50, 50), ImageFormat::webp}});
  EXPECT_THAT(still->thumbnails.at(0).bytes, Not(HasSubstr("ANMF")));
}

TEST(animate, keeps_within_max_bytes) {
  Preset preset = moving(100, 100);
  const std::size_t usual =
      rendered(moving_picture(), {{preset, ImageFormat::webp}})->thumbnails.at(0).bytes.size();
  preset.max_bytes = usual * 2 / 3;
  const auto smaller = rendered(moving_picture(), {{preset, ImageFormat::webp}});
  ASSERT_TRUE(smaller) << smaller.error().message;
  EXPECT_LE(smaller->thumbnails.at(0).bytes.size(), preset.max_bytes);
  EXPECT_EQ(frames_of(smaller->thumbnails.at(0).bytes).frames.size(), 3U);
}

TEST(animate, counts_the_pixels_of_all_frames) {
  Limits limits;
  limits.pixels = 60'000;
  EXPECT_TRUE(rendered(moving_picture(), {{moving(50, 50), ImageFormat::webp}}, limits));
  limits.pixels -= 1;
  const auto over = rendered(moving_picture(), {{moving(50, 50), ImageFormat::webp}}, limits);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, ErrorCode::image_too_large);
  EXPECT_THAT(over.error().message,
              HasSubstr("60000 pixels in all frames, over the limit of 59999"));
  Preset still = moving(50, 50);
  still.animated = false;
  EXPECT_TRUE(rendered(moving_picture(), {{still, ImageFormat::webp}}, limits));
}

TEST(animate, of_a_broken_frame_is_an_error) {
  Bytes image = moving_picture();
  const std::size_t second = image.find("ANMF", image.find("ANMF") + 4);
  image.replace(second + 8 + 16 + 8, 30, Bytes(30, '\xFF'));
  const auto result = rendered(image, {{moving(50, 50), ImageFormat::webp}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::image_corrupt);
}

}  // namespace
}  // namespace miniatura
