// What stands in the files: their structure, as the format's own description has it, and the
// pixels that another decoder finds in them.
#include "thumbnailer/codecs/png/png_encode.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/images.h"
#include "tests/support/thumbnail_planes.h"
#include "thumbnailer/byte_order.h"
#include "thumbnailer/colour.h"

namespace miniatura {
namespace {

using namespace pictures;
using ::testing::ElementsAre;

constexpr std::size_t kColourType = 25, kInterlace = 28;  // where they stand in the file
constexpr Size kSizes[] = {{1, 1}, {1, 9}, {9, 1}, {3, 2}, {5, 5}, {16, 16}, {33, 17}, {130, 65}};

struct Chunk {
  std::string type;
  Bytes body;
};

std::vector<Chunk> chunks_of(const Bytes& png) {
  std::vector<Chunk> chunks;
  for (std::size_t at = 8; at + 12 <= png.size();) {
    const std::size_t length = big_endian_32(png, at);
    chunks.push_back({png.substr(at + 4, 4), Bytes(slice(png, at + 8, length))});
    at += 12 + length;
  }
  return chunks;
}

std::vector<std::string> types_of(const Bytes& png) {
  std::vector<std::string> types;
  for (const Chunk& chunk : chunks_of(png)) types.push_back(chunk.type);
  return types;
}

Bytes body_of(const Bytes& png, std::string_view type) {
  for (const Chunk& chunk : chunks_of(png)) {
    if (chunk.type == type) return chunk.body;
  }
  return {};
}

Raster grey_picture(Size size, int channels) {
  Raster raster = smooth_picture(size, channels);
  for (std::size_t i = 0; i < raster.pixels.size(); i += static_cast<std::size_t>(channels)) {
    raster.pixels[i + 1] = raster.pixels[i + 2] = raster.pixels[i];
  }
  return raster;
}

Encoding interlaced() {
  Encoding encoding;
  encoding.progressive = true;
  return encoding;
}

// Their numbers and their alpha.
void expect_same(const Bytes& png, const Raster& raster, const std::string& what) {
  const Raster back = pixels_of(png);
  ASSERT_EQ(back.size, raster.size) << what;
  ASSERT_EQ(back.channels, raster.channels) << what;
  EXPECT_EQ(back.pixels, raster.pixels) << what;
}

TEST(png_encode, keeps_every_pixel_of_any_size) {
  for (const Size size : kSizes) {
    for (const int channels : {3, 4}) {
      for (const Encoding& encoding : {Encoding{}, interlaced()}) {
        const std::string what = fmt::format("{}x{} of {}{}", size.width, size.height, channels,
                                             encoding.progressive ? ", interlaced" : "");
        const Raster colours = smooth_picture(size, channels);
        const Bytes png = encode_png(colours, encoding).value();
        expect_same(png, colours, what);
        EXPECT_EQ(png[kColourType], channels == 4 ? 6 : 2) << what;
        EXPECT_EQ(png[kInterlace], encoding.progressive ? 1 : 0) << what;
        const Raster grey = grey_picture(size, channels);
        const Bytes grey_png = encode_png(grey, encoding).value();
        expect_same(grey_png, grey, what + ", grey");
        EXPECT_EQ(grey_png[kColourType], channels == 4 ? 4 : 0) << what;
      }
    }
  }
}

// What is drawn, what is smooth, and noise are deflated in different ways.
TEST(png_encode, keeps_every_pixel_of_any_kind) {
  Raster drawn = quarters(300, 200);
  for (std::size_t i = 0; i < drawn.pixels.size(); ++i) {
    if (i / 3 * 2654435761U >> 29U & 1U) drawn.pixels[i] = 0;
  }
  for (const Raster& raster :
       {drawn, quarters(300, 200), noisy_quarters(300, 200), smooth_picture({300, 200}),
        smooth_picture({300, 200}, 4), quarters_with_alpha(300, 200, 0)}) {
    expect_same(encode_png(raster, {}).value(), raster, "");
    expect_same(encode_png(raster, interlaced()).value(), raster, "interlaced");
  }
}

TEST(png_encode, spares_bytes_by_filters_where_they_pay) {
  const Raster smooth = smooth_picture({400, 300});
  EXPECT_LE(encode_png(smooth, {})->size(), smooth.pixels.size() / 40);
  // One of a few colours at each place: nothing is like its neighbours, much is like before.
  Raster drawn({400, 300}, 3);
  for (unsigned i = 0; i < drawn.pixels.size(); ++i) {
    drawn.pixels[i] = static_cast<std::uint8_t>((i / 96 * 2654435761U >> 30U) * 71U + i % 96 * 37U);
  }
  EXPECT_LE(encode_png(drawn, {})->size(), drawn.pixels.size() / 20);
}

TEST(png_encode, writes_no_chunks_but_what_it_is_given) {
  Encoding encoding;
  EXPECT_THAT(types_of(encode_png(quarters(20, 10), encoding).value()),
              ElementsAre("IHDR", "IDAT", "IEND"));
  encoding.exif = exif_block(1);
  encoding.icc_profile = profile_of(200'000);
  const Bytes png = encode_png(quarters(20, 10), encoding).value();
  EXPECT_THAT(types_of(png), ElementsAre("IHDR", "iCCP", "eXIf", "IDAT", "IEND"));
  EXPECT_EQ(body_of(png, "eXIf"), encoding.exif);
}

TEST(png_encode, keeps_the_profile) {
  constexpr unsigned kP3 = 12, kSrgbCurve = 13;
  Encoding encoding;
  encoding.icc_profile = icc_profile_of(kP3, kSrgbCurve);
  const Bytes png = encode_png(quarters(20, 10), encoding).value();
  EXPECT_EQ(body_of(png, "iCCP").substr(0, 13), Bytes("ICC profile\0\0", 13));
  // As another decoder takes it.
  const Raster seen = pixels_of(png);
  EXPECT_NE(seen.pixels, quarters(20, 10).pixels);
}

TEST(png_encode, does_not_write_grey_where_a_profile_is_of_colours) {
  Encoding encoding;
  encoding.icc_profile = profile_of(500);
  EXPECT_EQ(encode_png(grey_picture({9, 9}, 3), encoding).value()[kColourType], 2);
  EXPECT_EQ(encode_png(grey_picture({9, 9}, 4), encoding).value()[kColourType], 6);
}

TEST(png_encode, leaves_out_what_is_no_profile_of_colours) {
  const Bytes good = profile_of(500);
  const Bytes bad[] = {"",
                       good.substr(0, 499),
                       good + '\0',
                       Bytes(good).replace(16, 4, "GRAY"),
                       Bytes(good).replace(36, 4, "none"),
                       good.substr(0, 100)};
  for (const Bytes& profile : bad) {
    Encoding encoding;
    encoding.icc_profile = profile;
    const Bytes png = encode_png(quarters(20, 10), encoding).value();
    EXPECT_THAT(types_of(png), ElementsAre("IHDR", "IDAT", "IEND"));
  }
}

TEST(png_encode, gives_the_same_bytes_on_any_thread) {
  const Raster raster = noisy_quarters(300, 200);
  const Bytes expected = encode_png(raster, {}).value();
  Bytes made;
  std::thread other([&] { made = encode_png(raster, {}).value(); });
  EXPECT_EQ(encode_png(raster, {}), expected);
  other.join();
  EXPECT_EQ(made, expected);
}

}  // namespace
}  // namespace miniatura
