// Through render(): colours that are not sRGB's, kept with their profile or converted.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/images.h"
#include "thumbnailer/colour.h"
#include "thumbnailer/encode.h"
#include "thumbnailer/header.h"
#include "thumbnailer/render.h"

namespace miniatura {
namespace {

using namespace pictures;
using ::testing::HasSubstr;

// The same colour by its numbers in Display P3 and in sRGB, by both standards' matrices.
constexpr Colour kInP3 = {200, 100, 100}, kInSrgb = {215, 93, 97};

Bytes display_p3() {
  constexpr unsigned kP3 = 12, kSrgbCurve = 13;
  return icc_profile_of(kP3, kSrgbCurve);
}

Raster filled(Colour colour, int channels = 3) {
  Raster raster({64, 64}, channels);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x) {
      std::copy(colour.begin(), colour.end(), raster.at(x, y));
      if (channels == 4) raster.at(x, y)[3] = 128;
    }
  }
  return raster;
}

Bytes with_profile(const Raster& raster, ImageFormat format, const Bytes& profile) {
  Encoding encoding;
  encoding.quality = 100;
  encoding.icc_profile = profile;
  return encode(raster, format, encoding).value();
}

Preset preset_of(bool keep_icc) {
  Preset preset{"p", 16, 16, Fit::inside, {}, 95};
  preset.keep_icc = keep_icc;
  return preset;
}

Result<Rendered> rendered(const Bytes& image, const std::vector<RenderOrder>& orders) {
  MemorySource source(image);
  return render(source, orders, {});
}

// As the format says that there is one; PNG deflates it.
bool has_profile(const Bytes& image, ImageFormat format) {
  const std::string_view mark = format == ImageFormat::png    ? "iCCP"
                                : format == ImageFormat::jpeg ? "ICC_PROFILE"
                                : format == ImageFormat::avif ? "colrprof"
                                                              : "ICCP";
  return image.find(mark) != Bytes::npos;
}

TEST(render_keep_icc, keeps_the_numbers_with_their_profile_or_converts_them) {
  for (const auto in : {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp}) {
    const Bytes image = with_profile(filled(kInP3), in, display_p3());
    for (const auto out :
         {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp, ImageFormat::avif}) {
      const auto result = rendered(image, {{preset_of(true), out}, {preset_of(false), out}});
      const std::string what = fmt::format("{} to {}", format_name(in), format_name(out));
      ASSERT_TRUE(result) << what << result.error().message;
      const Bytes& kept = result->thumbnails[0].bytes;
      const Bytes& converted = result->thumbnails[1].bytes;
      EXPECT_TRUE(has_profile(kept, out)) << what;
      EXPECT_FALSE(has_profile(converted, out)) << what;
      // As one sees it: by the profile. (libheif, that reads it back here, knows of none.)
      const Colour seen = out == ImageFormat::avif ? kInP3 : kInSrgb;
      EXPECT_LE(difference(colour_at(pixels_of(kept), 0.5, 0.5), seen), 4) << what;
      EXPECT_LE(difference(colour_at(pixels_of(converted), 0.5, 0.5), kInSrgb), 4) << what;
    }
  }
}

TEST(render_keep_icc, leaves_transparency_alone) {
  const Bytes image = with_profile(filled(kInP3, 4), ImageFormat::png, display_p3());
  const auto result = rendered(image, {{preset_of(false), ImageFormat::png}});
  ASSERT_TRUE(result);
  const Raster raster = pixels_of(result->thumbnails[0].bytes);
  ASSERT_EQ(raster.channels, 4);
  EXPECT_EQ(raster.at(8, 8)[3], 128);
  EXPECT_LE(difference(colour_at(raster, 0.5, 0.5), kInSrgb), 2);
}

TEST(render_keep_icc, does_not_carry_a_profile_that_changes_nothing_or_is_broken) {
  Bytes broken = display_p3();
  broken.replace(128, 100, Bytes(100, '\xFF'));
  constexpr unsigned kBt709 = 1, kSrgbCurve = 13;
  for (const Bytes& profile : {icc_profile_of(kBt709, kSrgbCurve), broken}) {
    const Bytes image = with_profile(filled(kInP3), ImageFormat::jpeg, profile);
    for (const bool keep : {true, false}) {
      const auto result = rendered(image, {{preset_of(keep), ImageFormat::jpeg}});
      ASSERT_TRUE(result) << result.error().message;
      const Bytes& bytes = result->thumbnails[0].bytes;
      EXPECT_FALSE(has_profile(bytes, ImageFormat::jpeg));
      EXPECT_LE(difference(colour_at(pixels_of(bytes), 0.5, 0.5), kInP3), 4);
    }
  }
}

TEST(render_keep_icc, a_grey_picture_keeps_the_profile_of_colours_that_it_is_in) {
  const Bytes image = with_profile(filled({90, 90, 90}), ImageFormat::png, display_p3());
  for (const auto out : {ImageFormat::jpeg, ImageFormat::png}) {
    const auto result = rendered(image, {{preset_of(true), out}});
    ASSERT_TRUE(result);
    EXPECT_TRUE(has_profile(result->thumbnails[0].bytes, out));
    const auto header = read_header(result->thumbnails[0].bytes, out, ImageExtent::whole);
    EXPECT_EQ(header->channels, 3) << format_name(out);
  }
}

TEST(render_keep_icc, of_an_animation_does_the_same) {
  Animation animation;
  animation.frames = {{filled(kInP3), 50}, {filled({100, 100, 100}), 50}};
  Encoding encoding;
  encoding.quality = 100;
  encoding.icc_profile = display_p3();
  const Bytes image = encode(animation, encoding).value();
  Preset keeps = preset_of(true);
  Preset converts = preset_of(false);
  keeps.animated = converts.animated = true;
  const auto result = rendered(image, {{keeps, ImageFormat::webp}, {converts, ImageFormat::webp}});
  ASSERT_TRUE(result) << result.error().message;
  const Bytes& kept = result->thumbnails[0].bytes;
  const Bytes& converted = result->thumbnails[1].bytes;
  EXPECT_THAT(kept, HasSubstr("ANMF"));
  EXPECT_THAT(converted, HasSubstr("ANMF"));
  EXPECT_TRUE(has_profile(kept, ImageFormat::webp));
  EXPECT_FALSE(has_profile(converted, ImageFormat::webp));
  EXPECT_LE(difference(colour_at(pixels_of(kept), 0.5, 0.5), kInSrgb), 4);
  EXPECT_LE(difference(colour_at(pixels_of(converted), 0.5, 0.5), kInSrgb), 4);
}

}  // namespace
}  // namespace miniatura
