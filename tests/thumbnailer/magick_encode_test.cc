// What stands in the files: their structure, as the format's own description has it.
#include "thumbnailer/codecs/magick/magick_encode.h"

#include <gtest/gtest.h>

#include "tests/support/images.h"

namespace miniatura {
namespace {

using namespace pictures;

constexpr std::string_view kBaseline = "\xFF\xC0", kProgressive = "\xFF\xC2";

// The sampling factors of a JPEG's components, as its frame header has them: across and down, a
// hexadecimal digit each.
std::vector<int> sampling_of(const Bytes& jpeg, std::string_view start_of_frame) {
  const std::size_t frame = jpeg.find(start_of_frame);
  if (frame == Bytes::npos) return {};
  return {jpeg[frame + 11], jpeg[frame + 14], jpeg[frame + 17]};
}

Bytes encoded(const Raster& raster, ImageFormat format, const Encoding& encoding) {
  return encode_by_magick(raster, format, encoding).value();
}

TEST(magick_encode, samples_a_jpegs_colours_as_it_is_told_at_every_quality) {
  const std::pair<Subsampling, int> cases[] = {
      {Subsampling::s420, 0x22}, {Subsampling::s422, 0x21}, {Subsampling::s444, 0x11}};
  for (const auto& [subsampling, factors] : cases) {
    for (const int quality : {10, 80, 95}) {
      for (const bool progressive : {false, true}) {
        const Bytes jpeg =
            encoded(quarters(64, 64), ImageFormat::jpeg, {quality, progressive, subsampling, {}});
        EXPECT_EQ(sampling_of(jpeg, progressive ? kProgressive : kBaseline),
                  (std::vector<int>{factors, 0x11, 0x11}))
            << quality;
      }
    }
  }
}

TEST(magick_encode, keeps_colours_apart_where_all_samples_are_kept) {
  // Lines of red and blue in turn: half the colours would be none of both.
  Raster lines({64, 64}, 3);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x) {
      const Colour colour = x % 2 == 0 ? kRed : kBlue;
      std::copy(colour.begin(), colour.end(), lines.at(x, y));
    }
  }
  const auto error_with = [&](Subsampling subsampling) {
    const Raster back = pixels_of(encoded(lines, ImageFormat::jpeg, {95, false, subsampling, {}}));
    return difference({*back.at(32, 32), back.at(32, 32)[1], back.at(32, 32)[2]}, kRed);
  };
  EXPECT_LE(error_with(Subsampling::s444), 10);
  EXPECT_GE(error_with(Subsampling::s422), 40);
  EXPECT_GE(error_with(Subsampling::s420), 40);
}

TEST(magick_encode, writes_a_progressive_jpeg_of_the_same_pixels_in_several_scans) {
  const Raster raster = noisy_quarters(100, 80);
  const Bytes plain = encoded(raster, ImageFormat::jpeg, {});
  const Bytes coarse_first = encoded(raster, ImageFormat::jpeg, {80, true, Subsampling::s420, {}});
  EXPECT_NE(plain.find(kBaseline), Bytes::npos);
  EXPECT_EQ(plain.find(kProgressive), Bytes::npos);
  EXPECT_NE(coarse_first.find(kProgressive), Bytes::npos);
  EXPECT_EQ(coarse_first.find(kBaseline), Bytes::npos);
  EXPECT_EQ(pixels_of(plain).pixels, pixels_of(coarse_first).pixels);
}

TEST(magick_encode, interlaces_a_progressive_png) {
  constexpr std::size_t kInterlace = 28;  // signature, length, "IHDR", and 12 bytes of its body
  const Raster raster = noisy_quarters(50, 40);
  const Bytes plain = encoded(raster, ImageFormat::png, {});
  const Bytes coarse_first = encoded(raster, ImageFormat::png, {80, true, Subsampling::s420, {}});
  EXPECT_EQ(plain[kInterlace], 0);
  EXPECT_EQ(coarse_first[kInterlace], 1);
  EXPECT_EQ(pixels_of(coarse_first).pixels, raster.pixels);
}

}  // namespace
}  // namespace miniatura
