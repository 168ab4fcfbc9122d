#include "thumbnailer/codecs/webp/webp_animation.h"

#include <gtest/gtest.h>

#include "tests/support/images.h"

namespace miniatura {
namespace {

using namespace pictures;

Raster filled(Size size, Colour colour, int alpha = 255) {
  Raster raster(size, 4);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      std::copy(colour.begin(), colour.end(), raster.at(x, y));
      raster.at(x, y)[3] = static_cast<std::uint8_t>(alpha);
    }
  }
  return raster;
}

Animation traffic_lights() {
  return {{{filled({40, 30}, kRed), 100},
           {filled({40, 30}, kYellow, 0), 250},
           {filled({40, 30}, kGreen), 40}},
          3};
}

Animation read(const Bytes& webp) {
  const FrameReader reader = read_webp_frames(webp).value();
  Animation animation;
  animation.loops = reader.loops;
  while (auto frame = reader.next().value()) animation.frames.push_back(*std::move(frame));
  return animation;
}

TEST(webp_animation, comes_back_as_it_was_written) {
  const Animation animation = read(encode_webp_animation(traffic_lights(), {}).value());
  EXPECT_EQ(animation.loops, 3);
  ASSERT_EQ(animation.frames.size(), 3U);
  const int durations[] = {100, 250, 40};
  const Colour colours[] = {kRed, {}, kGreen};
  const int alphas[] = {255, 0, 255};
  for (std::size_t i = 0; i < 3; ++i) {
    const Raster& raster = animation.frames[i].raster;
    EXPECT_EQ(animation.frames[i].duration_ms, durations[i]);
    EXPECT_EQ(raster.size, (Size{40, 30}));
    EXPECT_EQ(raster.at(20, 15)[3], alphas[i]);
    if (alphas[i] != 0) {
      EXPECT_LE(difference(colour_at(raster, 0.5, 0.5), colours[i]), 9);
    }
  }
}

TEST(webp_animation, takes_frames_without_alpha_too) {
  Animation animation;
  animation.frames = {{quarters(50, 40), 10}, {noisy_quarters(50, 40), 20}};
  const Animation back = read(encode_webp_animation(animation, {95, false, {}, {}, {}}).value());
  ASSERT_EQ(back.frames.size(), 2U);
  EXPECT_LE(difference(colour_at(back.frames[0].raster, 0.2, 0.2), kRed), 9);
  EXPECT_EQ(back.loops, 0);
}

TEST(webp_animation, carries_profile_and_copyright) {
  const Encoding encoding{80, false, {}, "A-PROFILE", "A-TIFF"};
  const Bytes webp = encode_webp_animation(traffic_lights(), encoding).value();
  EXPECT_NE(webp.find(Bytes("ICCP\x09\0\0\0A-PROFILE", 17)), Bytes::npos);
  EXPECT_NE(webp.find(Bytes("EXIF\x06\0\0\0A-TIFF", 14)), Bytes::npos);
  EXPECT_EQ(read(webp).frames.size(), 3U);
}

TEST(webp_animation, follows_the_quality) {
  Animation animation;
  animation.frames = {{noisy_quarters(64, 64), 10}, {quarters(64, 64), 10}};
  EXPECT_LT(encode_webp_animation(animation, {20, false, {}, {}, {}})->size(),
            encode_webp_animation(animation, {90, false, {}, {}, {}})->size());
}

TEST(webp_animation, that_breaks_off_or_is_none_is_corrupt) {
  const Bytes webp = encode_webp_animation(traffic_lights(), {}).value();
  for (std::size_t size = 0; size < webp.size(); ++size) {
    const auto reader = read_webp_frames(ByteView(webp).substr(0, size));
    if (!reader) {
      EXPECT_EQ(reader.error().code, ErrorCode::image_corrupt);
      continue;
    }
    for (int i = 0; i < 4; ++i) {
      const auto frame = reader->next();
      if (!frame || !*frame) break;
    }
  }
  EXPECT_FALSE(read_webp_frames(ByteView(webp).substr(0, webp.size() / 2)));
  EXPECT_FALSE(read_webp_frames("GIF89a"));
}

}  // namespace
}  // namespace miniatura
