#include "thumbnailer/codecs/png/png_decode.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/decoded.h"
#include "tests/support/fixture.h"
#include "tests/support/images.h"

namespace miniatura {
namespace {

using namespace pictures;

Result<DecodedPicture> decoded(const Bytes& png, int denominator) {
  const ImageHeader header = header_of(png);
  return decode_png(essential_bytes(png, header), header, denominator);
}

void expect_as_magick_has_it(const Bytes& png, const std::string& what) {
  for (const int denominator : {1, 2, 4, 8}) {
    const auto picture = decoded(png, denominator);
    ASSERT_TRUE(picture) << what << ": " << picture.error().message;
    EXPECT_EQ(picture->planes.colour[0].across, 1.0 / denominator);
    const Distance apart = distance(raster_of(picture->planes), by_magick(png, denominator));
    EXPECT_LE(apart.worst, 1) << what << " by " << denominator;
  }
}

std::vector<std::uint16_t> random_samples(int count, unsigned below) {
  std::mt19937 random(11);
  std::vector<std::uint16_t> samples(static_cast<std::size_t>(count));
  for (auto& sample : samples) sample = static_cast<std::uint16_t>(random() % below);
  return samples;
}

struct Kind {
  int colour_type, channels;
  std::vector<int> bits;
};
const Kind kKinds[] = {{0, 1, {1, 2, 4, 8, 16}},
                       {2, 3, {8, 16}},
                       {3, 1, {1, 2, 4, 8}},
                       {4, 2, {8, 16}},
                       {6, 4, {8, 16}}};

Bytes palette(int bits) {
  Bytes colours;
  for (int i = 0; i < 3 << bits; ++i) colours += static_cast<char>(i * 37);
  return png_chunk("PLTE", colours);
}

TEST(decode_png, every_kind_is_as_magick_has_it) {
  for (const Kind& kind : kKinds) {
    for (const int bits : kind.bits) {
      for (const bool interlaced : {false, true}) {
        for (const Size size : {Size{37, 21}, {1, 1}, {3, 9}}) {
          const auto samples = random_samples(size.width * size.height * kind.channels, 1U << bits);
          const Bytes png = png_of(size, bits, kind.colour_type, samples, interlaced,
                                   kind.colour_type == 3 ? palette(bits) : Bytes());
          expect_as_magick_has_it(
              png, fmt::format("type {}, {} bits, {}, {}x{}", kind.colour_type, bits,
                               interlaced ? "interlaced" : "plain", size.width, size.height));
        }
      }
    }
  }
}

TEST(decode_png, what_is_transparent_by_its_colour_is_so) {
  for (const int bits : {1, 2, 4, 8, 16}) {
    const auto samples = random_samples(30 * 20, 1U << bits);
    const Bytes grey = png_chunk("tRNS", big_endian(samples[7], 2));
    expect_as_magick_has_it(png_of({30, 20}, bits, 0, samples, false, grey),
                            fmt::format("grey of {} bits", bits));
    EXPECT_FALSE(decoded(png_of({30, 20}, bits, 0, samples, false, grey), 1)->planes.alpha.empty());
    if (bits < 8) continue;
    const Bytes colour = png_chunk("tRNS", big_endian(samples[9], 2) + big_endian(samples[10], 2) +
                                               big_endian(samples[11], 2));
    // GraphicsMagick 1.3.40 overlooks it where there are 8 bits.
    const auto picture = decoded(png_of({10, 20}, bits, 2, samples, false, colour), 1);
    ASSERT_TRUE(picture);
    const Raster raster = raster_of(picture->planes);
    ASSERT_EQ(raster.channels, 4);
    for (int i = 0; i < 200; ++i) EXPECT_EQ(raster.at(i % 10, i / 10)[3], i == 3 ? 0 : 255) << i;
  }
  const auto samples = random_samples(30 * 20, 16);
  const Bytes alphas = palette(4) + png_chunk("tRNS", Bytes("\xFF\x00\x80\x10", 4));
  expect_as_magick_has_it(png_of({30, 20}, 4, 3, samples, false, alphas), "palette");
}

TEST(decode_png, real_files_are_as_magick_has_them) {
  for (const auto* name : {"png-16-slope", "png-interlaced", "png-palette-1", "png-palette-2",
                           "png-palette-4", "png-palette-8", "adobe", "p3"}) {
    expect_as_magick_has_it(read_picture(fmt::format("{}.png", name)), name);
  }
  for (const auto* name : {"16-bit-grey-alpha", "swiss", "tbgn2c16", "cat.gif"}) {
    expect_as_magick_has_it(read_fixture(fmt::format("images/{}.png", name)), name);
  }
}

TEST(decode_png, grey_stays_grey_and_8_bits_stay_8) {
  const auto grey = decoded(png_of({4, 4}, 2, 0, random_samples(16, 4)), 1);
  ASSERT_TRUE(grey);
  EXPECT_EQ(grey->planes.coding, Coding::grey);
  EXPECT_EQ(grey->planes.colour.at(0).bits, 8);
  EXPECT_EQ(decoded(png_of({4, 4}, 16, 2, random_samples(48, 65'536)), 1)->planes.colour.at(2).bits,
            16);
}

TEST(decode_png, brings_its_profile) {
  EXPECT_EQ(decoded(read_picture("p3.png"), 2)->icc_profile, read_picture("p3.icc"));
  EXPECT_EQ(decoded(read_picture("grey.png"), 2)->icc_profile, read_picture("grey.icc"));
  EXPECT_EQ(decoded(read_picture("grey.png"), 2)->planes.coding, Coding::grey);
  EXPECT_TRUE(decoded(read_picture("png-palette-8.png"), 2)->icc_profile.empty());
}

// What is not one stream of exactly so many bytes goes by libpng, and comes to the same.
TEST(decode_png, image_data_in_pieces_or_with_too_much_is_read) {
  const auto samples = random_samples(64 * 48 * 4, 256);
  const Bytes png = png_of({64, 48}, 8, 6, samples);
  const Raster expected = raster_of(decoded(png, 1)->planes);
  const std::size_t at = png.find("IDAT") - 4;
  const Bytes stream = png.substr(at + 8, png.size() - at - 24);
  Bytes pieces = png.substr(0, at) + png_chunk("IDAT", "");
  for (std::size_t i = 0; i < stream.size(); i += 1000) {
    pieces += png_chunk("IDAT", stream.substr(i, 1000));
  }
  const Bytes end = png_chunk("IEND", "");
  const Bytes longer = png.substr(0, at) + png_chunk("IDAT", stream + "more") + end;
  const Bytes broken_sum =
      png.substr(0, at) + png_chunk("IDAT", stream.substr(0, stream.size() - 1) + "?") + end;
  for (const Bytes& other : {pieces + end, longer, broken_sum}) {
    const auto picture = decoded(other, 1);
    ASSERT_TRUE(picture) << picture.error().message;
    EXPECT_EQ(raster_of(picture->planes).pixels, expected.pixels);
  }
}

TEST(decode_png, damage_is_told) {
  const Bytes png = picture(ImageFormat::png, noisy_quarters(60, 40));
  const std::size_t at = png.find("IDAT");
  for (const std::size_t place : {at + 20, png.size() - 2, std::size_t{30}}) {
    Bytes other = png;
    other[place] = static_cast<char>(other[place] ^ 1);
    const auto picture = decoded(other, 1);
    ASSERT_FALSE(picture) << place;
    EXPECT_EQ(picture.error().code, ErrorCode::image_corrupt);
    EXPECT_EQ(picture.error().message.find('\n'), std::string::npos);
  }
  // Checksums that are right of what is wrong: a filter that there is not, and too few rows.
  const auto samples = random_samples(16 * 4, 256);
  const Bytes good = png_of({16, 4}, 8, 0, samples);
  Bytes filter = good;
  const std::size_t stream = good.find("IDAT") + 4;
  filter[stream + 7] = 9;
  filter.replace(
      stream - 8, Bytes::npos,
      png_chunk("IDAT", filter.substr(stream, good.size() - 16 - stream)) + png_chunk("IEND", ""));
  const Bytes start = png_start(16, 9, 8, 0);
  const Bytes few = start + good.substr(start.size());
  for (const Bytes& other : {filter, few}) {
    const auto picture = decoded(other, 4);
    ASSERT_FALSE(picture);
    EXPECT_EQ(picture.error().code, ErrorCode::image_corrupt);
  }
}

TEST(decode_png, another_size_than_the_header_says_is_corrupt) {
  const Bytes png = picture(ImageFormat::png, 8, 8);
  ImageHeader header = header_of(png);
  header.width = 9;
  const auto picture = decode_png(png, header, 1);
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().code, ErrorCode::image_corrupt);
}

// Whatever the bytes: an error or a picture of the size that was said.
TEST(decode_png, broken_files_do_no_harm) {
  std::mt19937 random(5);
  for (const auto* name : {"png-interlaced.png", "png-palette-2.png", "p3.png"}) {
    const Bytes png = read_picture(name);
    const ImageHeader header = header_of(png);
    const Bytes whole = essential_bytes(png, header);
    for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 200) {
      const auto picture = decode_png(whole.substr(0, size), header, 2);
      ASSERT_FALSE(picture) << name << " of " << size << " bytes";
      EXPECT_EQ(picture.error().code, ErrorCode::image_corrupt);
    }
    for (int i = 0; i < 300; ++i) {
      Bytes flipped = whole;
      // Checksums are mended in half of them, or nothing else would be met.
      for (int n = 0; n < 3; ++n) {
        char& byte = flipped[random() % flipped.size()];
        byte = static_cast<char>(byte ^ static_cast<char>(1U << random() % 8));
      }
      if (i % 2 == 0) flipped = with_right_checksums(flipped);
      const auto picture = decode_png(flipped, header, 2);
      if (!picture) {
        EXPECT_EQ(picture.error().code, ErrorCode::image_corrupt) << picture.error().message;
      }
    }
  }
}

}  // namespace
}  // namespace miniatura
