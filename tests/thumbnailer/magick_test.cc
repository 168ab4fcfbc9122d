#include "thumbnailer/codecs/magick/magick.h"

#include <gtest/gtest.h>

#include "tests/support/images.h"
#include "thumbnailer/codecs/magick/magick_parts.h"

namespace miniatura {
namespace {

using namespace pictures;
using namespace std::string_literals;

ImageHeader header_of(ImageFormat format, int width, int height) {
  ImageHeader header;
  header.format = format;
  header.width = width;
  header.height = height;
  return header;
}

const Bytes kDisguises[] = {
    "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\nshowpage\n",
    "%PDF-1.4\n",
    "<?xml version=\"1.0\"?>\n<image><read filename=\"/etc/passwd\"/></image>\n",
    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"8\" height=\"8\"/>",
    "push graphic-context\nviewbox 0 0 8 8\nimage over 0,0 0,0 'url:http://127.0.0.1/'\n",
    "P6\n8 8\n255\n" + Bytes(192, 'x'),
    "GIF89a\x08\0\x08\0\x80\0\0\0\0\0\xFF\xFF\xFF,\0\0\0\0\x08\0\x08\0\0\x02\x07\x84\x8F\xA9\xCB\xED\x5D\0;"s,
};

// The first lock: the coder is told, whatever the bytes are.
TEST(magick, decodes_nothing_but_the_format_that_it_was_told) {
  for (const Bytes& bytes : kDisguises) {
    for (const auto format : {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp}) {
      const auto decoded = MagickImage::decode(bytes, header_of(format, 8, 8), 1);
      ASSERT_FALSE(decoded) << bytes.substr(0, 20);
      EXPECT_EQ(decoded.error().code, ErrorCode::image_corrupt);
      EXPECT_EQ(decoded.error().message.find('\n'), std::string::npos);
    }
  }
}

TEST(magick, does_not_take_one_format_that_it_knows_for_another) {
  const auto decoded =
      MagickImage::decode(picture(ImageFormat::png, 8, 8), header_of(ImageFormat::jpeg, 8, 8), 1);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, ErrorCode::image_corrupt);
}

// The second lock: even if it guessed, there is nothing there to guess.
TEST(magick, knows_no_other_coder_at_all) {
  for (const Bytes& bytes : kDisguises) {
    EXPECT_EQ(decodes_by_guess(bytes), bytes.starts_with("GIF")) << bytes.substr(0, 20);
  }
  EXPECT_TRUE(decodes_by_guess(picture(ImageFormat::png, 8, 8)));
}

// The third: no format has a program of its own.
TEST(magick, knows_no_foreign_program) { EXPECT_EQ(foreign_programs(), 0U); }

TEST(magick, shrinks_a_jpeg_while_it_decodes_by_exactly_what_is_asked) {
  for (const Size size : {Size{640, 480}, {641, 479}, {65, 64}, {1023, 71}}) {
    const Bytes jpeg = picture(ImageFormat::jpeg, size.width, size.height);
    for (const int denominator : {1, 2, 4, 8}) {
      const auto decoded = MagickImage::decode(
          jpeg, header_of(ImageFormat::jpeg, size.width, size.height), denominator);
      ASSERT_TRUE(decoded) << decoded.error().message;
      EXPECT_EQ(decoded->size(), shrunk_size(size, denominator));
    }
  }
}

TEST(magick, refuses_a_picture_of_another_size_than_its_header_said) {
  const auto decoded =
      MagickImage::decode(picture(ImageFormat::png, 8, 8), header_of(ImageFormat::png, 9, 8), 1);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, ErrorCode::image_corrupt);
}

TEST(magick, resizes_without_shifting) {
  const Bytes png = picture(ImageFormat::png, 400, 300);
  const auto decoded = MagickImage::decode(png, header_of(ImageFormat::png, 400, 300), 1);
  ASSERT_TRUE(decoded);
  const auto small = decoded->resized({40, 30});
  ASSERT_TRUE(small);
  const Raster raster = small->raster().value();
  EXPECT_EQ(raster.size, (Size{40, 30}));
  // The edge between the quarters lies exactly in the middle.
  for (int y = 0; y < 30; ++y) {
    for (const int x : {0, 16, 23, 39}) {
      const Colour expected = y < 15 ? (x < 20 ? kRed : kGreen) : (x < 20 ? kBlue : kYellow);
      if (y >= 12 && y < 18) continue;  // the filter's reach
      const std::uint8_t* const pixel = raster.at(x, y);
      EXPECT_LE(difference({pixel[0], pixel[1], pixel[2]}, expected), 2) << x << "," << y;
    }
  }
}

TEST(magick, keeps_transparent_colours_out_of_the_edges) {
  // A red quarter beside transparent green: no green may be seen in what is left.
  Raster raster({64, 64}, 4);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x) {
      const Colour colour = x < 33 ? kRed : kGreen;
      std::copy(colour.begin(), colour.end(), raster.at(x, y));
      raster.at(x, y)[3] = x < 33 ? 255 : 0;
    }
  }
  const auto decoded = MagickImage::decode(picture(ImageFormat::png, raster),
                                           header_of(ImageFormat::png, 64, 64), 1);
  ASSERT_TRUE(decoded);
  const Raster small = decoded->resized({16, 16}).value().raster().value();
  ASSERT_EQ(small.channels, 4);
  const std::uint8_t* const edge = small.at(8, 8);
  EXPECT_GT(edge[3], 20);
  EXPECT_LT(edge[3], 235);
  EXPECT_LE(difference({edge[0], edge[1], edge[2]}, kRed), 3);
}

template <class Exception>
ErrorCode code_of() {
  const auto failed = guarded(ErrorCode::image_corrupt, "gif",
                              []() -> Result<void> { throw Exception("of a line\nor two"); });
  EXPECT_EQ(failed.error().message, "gif: of a line or two");
  return failed.error().code;
}

TEST(magick, its_exceptions_are_told_apart_by_what_they_are_about) {
  EXPECT_EQ(code_of<Magick::ErrorResourceLimit>(), ErrorCode::memory_exhausted);
  EXPECT_EQ(code_of<Magick::ErrorCache>(), ErrorCode::memory_exhausted);
  EXPECT_EQ(code_of<Magick::ErrorCoder>(), ErrorCode::image_corrupt);
  EXPECT_EQ(code_of<Magick::WarningResourceLimit>(), ErrorCode::image_corrupt);
  EXPECT_TRUE(is_magick("Warning", Magick::WarningCoder("")));
  EXPECT_FALSE(is_magick("Warning", Magick::ErrorCoder("")));
  EXPECT_FALSE(is_magick("", std::runtime_error("")));
}

}  // namespace
}  // namespace miniatura
