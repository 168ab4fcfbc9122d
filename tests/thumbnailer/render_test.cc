#include "thumbnailer/render.h"

#include <gtest/gtest.h>

#include "tests/support/images.h"

namespace miniatura {
namespace {

using namespace testing;

Result<Rendered> rendered(const Bytes& image, std::string_view presets,
                          ImageFormat format = ImageFormat::png, const Limits& limits = {}) {
  std::vector<RenderOrder> orders;
  const std::vector<Preset> parsed = parse_presets(presets).value();
  for (const Preset& preset : parsed) {
    orders.push_back({preset, preset.format.value_or(format)});
  }
  MemorySource source(image);
  return render(source, orders, limits);
}

TEST(render, a_jpeg_becomes_a_thumbnail_within_the_box) {
  const auto result = rendered(picture(ImageFormat::jpeg, 640, 480), "small=64x64");
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(result->thumbnails.size(), 1U);
  const Thumbnail& thumbnail = result->thumbnails[0];
  EXPECT_EQ(thumbnail.width, 64);
  EXPECT_EQ(thumbnail.height, 48);
  const Raster pixels = pixels_of(thumbnail.bytes);
  EXPECT_EQ(pixels.size, (Size{64, 48}));
  EXPECT_LE(difference(colour_at(pixels, 0.25, 0.25), kRed), 8);
  EXPECT_LE(difference(colour_at(pixels, 0.75, 0.25), kGreen), 8);
  EXPECT_LE(difference(colour_at(pixels, 0.25, 0.75), kBlue), 8);
  EXPECT_LE(difference(colour_at(pixels, 0.75, 0.75), kYellow), 8);
}

}  // namespace
}  // namespace miniatura
