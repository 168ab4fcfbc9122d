// Bytes that mean harm or are merely broken: each an error with a stable code, at once, with
// nothing run and nothing left behind.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "runtime/environment.h"
#include "tests/support/fixture.h"
#include "tests/support/images.h"
#include "thumbnailer/render.h"

namespace miniatura {
namespace {

using namespace pictures;
using namespace std::string_literals;
namespace fs = std::filesystem;

// A directory of its own for temporary files, and first in PATH one of programs that leave a trace
// when they are run.
class Hostile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "miniatura-hostile-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    fs::create_directories(root_ / "tmp");
    fs::create_directories(root_ / "bin");
    for (const auto* program : {"gs", "gm", "curl", "wget", "html2ps", "ralcgm", "sh"}) {
      const fs::path path = root_ / "bin" / program;
      std::ofstream(path) << "#!/bin/sh\n: > '" << (root_ / "ran").string() << "'\n";
      fs::permissions(path, fs::perms::owner_all);
    }
    const Environment environment = Environment::of_process();
    path_ = environment.get("PATH");
    tmpdir_ = environment.get("TMPDIR");
    set_process_variable("PATH", (root_ / "bin").string() + ":" + path_.value_or("/usr/bin:/bin"));
    set_process_variable("TMPDIR", (root_ / "tmp").string());
  }

  void TearDown() override {
    EXPECT_TRUE(fs::is_empty(root_ / "tmp"));
    EXPECT_FALSE(fs::exists(root_ / "ran"));
    set_process_variable("PATH", path_);
    set_process_variable("TMPDIR", tmpdir_);
    fs::remove_all(root_);
  }

  static Result<Rendered> rendered(const Bytes& image) {
    const RenderOrder orders[] = {{{"a", 64, 64, Fit::inside, {}, 80}, ImageFormat::jpeg},
                                  {{"b", 32, 32, Fit::cover, {}, 80}, ImageFormat::webp}};
    MemorySource source(image);
    return render(source, orders, Limits{});
  }

  static void expect(ErrorCode code, const Bytes& image, std::string_view what) {
    const auto result = rendered(image);
    ASSERT_FALSE(result) << what;
    EXPECT_EQ(result.error().code, code) << what << ": " << result.error().message;
    EXPECT_EQ(result.error().message.find('\n'), std::string::npos) << what;
    EXPECT_FALSE(result.error().retryable()) << what;
  }

 private:
  fs::path root_;
  std::optional<std::string> path_, tmpdir_;
};

TEST_F(Hostile, programs_in_disguise_are_unsupported) {
  const auto code = ErrorCode::image_unsupported;
  expect(code, "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) print\nshowpage\n", "PS");
  expect(code, "%PDF-1.4\n1 0 obj\n<< >>\nendobj\n", "PDF");
  expect(code, "<?xml version=\"1.0\"?><image><read filename=\"/etc/passwd\"/></image>", "MSL");
  expect(code, "push graphic-context\nimage over 0,0 0,0 'url:http://127.0.0.1:1/x'\n", "MVG");
  expect(code, "<svg xmlns=\"x\"><image href=\"file:///etc/passwd\"/></svg>", "SVG");
  expect(code, "url:http://127.0.0.1:1/", "url");
  expect(code, "@/etc/passwd", "@");
  expect(code, "text:/etc/passwd", "text");
}

TEST_F(Hostile, nothings_are_refused) {
  expect(ErrorCode::image_unsupported, "", "empty");
  expect(ErrorCode::image_unsupported, Bytes(65'536, '\0'), "zeros");
  expect(ErrorCode::image_corrupt, "\xFF\xD8", "SOI alone");
  expect(ErrorCode::image_corrupt, "\xFF\xD8\xFF\xD9", "SOI and EOI");
  expect(ErrorCode::image_corrupt, "\x89PNG\r\n\x1A\n", "a PNG's signature");
  expect(ErrorCode::image_corrupt, "RIFF\x04\0\0\0WEBP"s, "a WebP's");
  expect(ErrorCode::image_corrupt, "GIF89a", "a GIF's");
  expect(ErrorCode::image_corrupt, "II*\0"s, "a TIFF's");
  expect(ErrorCode::image_corrupt, "BM" + Bytes(12, '\0'), "a BMP's");
  expect(ErrorCode::image_corrupt, heif_start("heic", {}).substr(0, 24), "a HEIC's");
}

TEST_F(Hostile, huge_headers_are_too_large) {
  const auto code = ErrorCode::image_too_large;
  expect(code, jpeg_start(0xC0, 65'500, 65'500) + Bytes(4096, '\0') + "\xFF\xD9", "JPEG");
  expect(code, jpeg_start(0xC2, 16'000, 16'000) + Bytes(4096, '\0') + "\xFF\xD9", "progressive");
  const Bytes pixels = png_chunk("IDAT", deflated_zeros(50'000'000)) + png_chunk("IEND", "");
  expect(code, png_start(20'000, 20'000, 1, 0) + pixels, "PNG");
  expect(code, png_start(0x7FFF'FFFF, 0x7FFF'FFFF, 16, 6) + pixels, "the largest PNG");
  // Within the limit of pixels, but not of memory.
  expect(code, png_start(14'000, 14'000, 16, 6) + pixels, "PNG of 16 bits");
  expect(code, gif(65'535, 65'535, std::vector<GifFrame>(20'000, {0, 0, 1, 1})), "GIF");
  expect(code, heif_start("avif", {ispe(17'000, 17'000)}) + Bytes(1000, '\0'), "AVIF");
  expect(code, heif_start("heic", {ispe(0x7FFF'FFFF, 0x7FFF'FFFF)}), "the largest HEIC");
  Bytes bmp = read_picture("bmp-24.bmp");
  bmp.replace(18, 8, little_endian(30'000, 4) + little_endian(30'000, 4));
  expect(code, bmp, "BMP");
  std::vector<TiffEntry> entries = tiff_of_grey();
  entries[0] = {256, 4, 1, 60'000};
  entries[1] = {257, 4, 1, 60'000};
  expect(code, tiff(entries), "TIFF");
  std::vector<TiffEntry> tiles = tiff_of_grey();
  tiles.insert(tiles.end(), {{322, 4, 1, 65'536}, {323, 4, 1, 65'536}, {324, 4, 1, 8}});
  expect(code, tiff(tiles), "TIFF of small size and a huge tile");
}

TEST_F(Hostile, pictures_that_lie_about_their_size_are_corrupt) {
  for (const std::string name : {"heic-two.heic", "avif-two.avif"}) {
    Bytes image = read_picture(name);
    const std::size_t size = image.find("ispe") + 8;
    image.replace(size, 8, big_endian(20, 4) + big_endian(13, 4));
    expect(ErrorCode::image_corrupt, image, name);
  }
  // And none is decoded that would take more memory than its boxes admit to.
  for (const std::string name : {"heic-two.heic", "avif-two.avif"}) {
    Bytes image = read_picture(name);
    image.replace(image.find("ispe") + 8, 8, big_endian(20, 4) + big_endian(13, 4));
    Limits limits;
    limits.decoded_bytes = 150'000;
    const RenderOrder order{{"a", 8, 8, Fit::inside, {}, 80}, ImageFormat::jpeg};
    MemorySource source(image);
    const auto result = render(source, std::span(&order, 1), limits);
    ASSERT_FALSE(result) << name;
    EXPECT_EQ(result.error().code, ErrorCode::image_too_large) << result.error().message;
  }
  Bytes within = gif(60, 40, {{0, 0, 60, 40, 0}});
  within.replace(6, 4, little_endian(30, 2) + little_endian(20, 2));
  const auto result = rendered(within);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->source.width, 60) << "the frame counts";
}

TEST_F(Hostile, a_tiff_whose_directories_loop_is_read_once) {
  const Bytes loop = tiff(tiff_of_grey(), 72);
  const auto result = rendered(loop);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->source.width, 4);
}

TEST_F(Hostile, twenty_thousand_scans_are_too_large) {
  // The first of a good picture's scans, again and again.
  const Bytes good = progressive_jpeg(97, 83);
  const std::size_t begin = good.find("\xFF\xDA");
  std::size_t end = good.find('\xFF', begin + 2);
  while (good[end + 1] == '\0') end = good.find('\xFF', end + 2);
  Bytes bomb = good.substr(0, end);
  for (int i = 0; i < 20'000; ++i) bomb += good.substr(begin, end - begin);
  expect(ErrorCode::image_too_large, bomb + "\xFF\xD9", "scans");
  // And scans of nothing.
  Bytes hollow = jpeg_start(0xC2, 4000, 4000);
  for (int i = 0; i < 20'000; ++i) hollow += "\xFF\xDA\x00\x08\x01\x01\x00\x00\x3F\x00\x12\x34"s;
  expect(ErrorCode::image_corrupt, hollow + "\xFF\xD9", "scans");
}

TEST_F(Hostile, metadata_that_would_inflate_is_never_inflated) {
  const Bytes bomb = deflated_zeros(100'000'000);
  const Bytes png = picture(ImageFormat::png, 64, 64);
  for (const auto* type : {"zTXt", "iTXt", "iCCP"}) {
    const auto result = rendered(with_png_chunk(png, type, "name\0\0"s + bomb));
    ASSERT_TRUE(result) << type << ": " << result.error().message;
    EXPECT_LT(result->thumbnails[0].bytes.size(), 10'000U);
  }
  // A small one reaches the decoder, which goes by the length that the profile claims.
  const auto small =
      rendered(with_png_chunk(png, "iCCP", "name\0\0"s + deflated_zeros(50'000'000)));
  ASSERT_TRUE(small) << small.error().message;
}

TEST_F(Hostile, exif_that_loops_does_no_harm) {
  Bytes loop = exif_block(6);
  loop.replace(loop.size() - 4, 4, little_endian(8, 4));
  for (const auto format : {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp}) {
    const auto result = rendered(with_exif(format, picture(format, 64, 48), loop));
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->source.orientation, 6);
  }
}

TEST_F(Hostile, what_breaks_off_is_corrupt_at_every_length) {
  for (const auto format : {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp}) {
    const Bytes image = picture(format, 97, 83);
    for (std::size_t size = 8; size < image.size() - 16; size += 7) {
      const auto result = rendered(image.substr(0, size));
      ASSERT_FALSE(result) << format_name(format) << " of " << size << " bytes of " << image.size();
      EXPECT_TRUE(result.error().code == ErrorCode::image_corrupt ||
                  result.error().code == ErrorCode::image_unsupported)
          << format_name(format) << " " << size << ": " << result.error().message;
    }
  }
  const Bytes progressive = progressive_jpeg(97, 83);
  for (std::size_t size = 8; size < progressive.size(); size += 7) {
    expect(ErrorCode::image_corrupt, progressive.substr(0, size), "progressive");
  }
}

// One of each way that bytes take through a decoder.
constexpr std::array kPictures = {"jpeg-420.jpg",
                                  "jpeg-progressive.jpg",
                                  "jpeg-ycck.jpg",

                                  "png-palette-4.png",
                                  "png-interlaced.png",

                                  "webp-lossy.webp",
                                  "webp-alpha.webp",
                                  "webp-animated.webp",
                                  "gif-animated.gif",
                                  "gif-interlaced.gif",
                                  "bmp-24.bmp",
                                  "bmp-rle.bmp",
                                  "bmp-32.bmp",
                                  "tiff-lzw.tiff",
                                  "tiff-tiles.tiff",
                                  "tiff-jpeg.tiff",
                                  "tiff-deflate.tiff",
                                  "tiff-planes-big-endian.tiff",
                                  "tiff-fax.tiff",
                                  "tiff-cmyk.tiff",
                                  "heic-odd.heic",
                                  "heic-alpha.heic",
                                  "avif-plain.avif",
                                  "avif-alpha.avif"};

// Cut off at 200 places each: a picture, where enough of it is there, or a final error.
TEST_F(Hostile, every_part_of_every_format_ends_in_a_thumbnail_or_a_final_error) {
  for (const auto* name : kPictures) {
    const Bytes image = read_picture(name);
    for (std::size_t i = 0; i < 200; ++i) {
      const std::size_t size = image.size() * i / 200;
      const auto result = rendered(image.substr(0, size));
      if (result) continue;
      EXPECT_FALSE(result.error().retryable()) << name << " " << size;
      EXPECT_NE(result.error().code, ErrorCode::internal) << name << " " << size;
      EXPECT_EQ(result.error().message.find('\n'), std::string::npos) << name << " " << size;
    }
  }
}

TEST_F(Hostile, damage_at_any_place_ends_in_a_thumbnail_or_a_final_error) {
  for (const auto* name : kPictures) {
    const Bytes image = read_picture(name);
    const std::size_t step = image.size() / 150 + 1;
    for (std::size_t at = 0; at < image.size(); at += step) {
      Bytes damaged = image;
      damaged[at] = static_cast<char>(~damaged[at]);
      const auto result = rendered(damaged);
      if (result) continue;
      EXPECT_FALSE(result.error().retryable())
          << name << " " << at << ": " << result.error().message;
      EXPECT_NE(result.error().code, ErrorCode::internal)
          << name << " " << at << ": " << result.error().message;
    }
  }
}

TEST_F(Hostile, a_jpeg_that_lacks_only_its_end_mark_is_read) {
  const Bytes jpeg = picture(ImageFormat::jpeg, 97, 83);
  const auto result = rendered(jpeg.substr(0, jpeg.size() - 2));
  EXPECT_TRUE(result) << result.error().message;
}

TEST_F(Hostile, every_flipped_byte_ends_in_a_thumbnail_or_a_final_error) {
  for (const auto format : {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp}) {
    const Bytes image = with_orientation(format, picture(format, 33, 21), 6);
    for (std::size_t at = 0; at < image.size(); ++at) {
      Bytes flipped = image;
      flipped[at] = static_cast<char>(~flipped[at]);
      const auto result = rendered(flipped);
      if (!result) {
        EXPECT_FALSE(result.error().retryable()) << at;
        EXPECT_NE(result.error().code, ErrorCode::internal) << at << result.error().message;
      }
    }
  }
}

}  // namespace
}  // namespace miniatura
