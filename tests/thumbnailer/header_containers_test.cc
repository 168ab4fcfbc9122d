// The headers of GIF, BMP, TIFF, HEIC and AVIF.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "tests/support/fixture.h"
#include "tests/support/images.h"
#include "thumbnailer/header.h"
#include "thumbnailer/limits.h"

namespace miniatura {
namespace {

using namespace pictures;
using namespace std::string_literals;

Result<ImageHeader> whole(const Bytes& image, ImageFormat format) {
  return read_header(image, format, ImageExtent::whole);
}

void expect(ErrorCode code, const Bytes& image, ImageFormat format, std::string_view what) {
  const auto header = whole(image, format);
  ASSERT_FALSE(header) << what;
  EXPECT_EQ(header.error().code, code) << what << ": " << header.error().message;
}

TEST(header, of_a_start_takes_every_breaking_off_and_of_a_whole_none) {
  const std::pair<std::string, ImageFormat> cases[] = {
      {"gif-transparent.gif", ImageFormat::gif}, {"bmp-24.bmp", ImageFormat::bmp},
      {"tiff-lzw.tiff", ImageFormat::tiff},      {"tiff-tiles.tiff", ImageFormat::tiff},
      {"heic-odd.heic", ImageFormat::heic},      {"avif-plain.avif", ImageFormat::avif}};
  for (const auto& [name, format] : cases) {
    const Bytes image = read_picture(name);
    ASSERT_TRUE(whole(image, format)) << name;
    for (std::size_t size = 0; size < image.size(); ++size) {
      const Bytes part = image.substr(0, size);
      const auto start = read_header(part, format, ImageExtent::start);
      EXPECT_TRUE(start) << name << " " << size;
      const auto header = whole(part, format);
      if (!header) {
        EXPECT_EQ(header.error().code, ErrorCode::image_corrupt) << name << " " << size;
      } else if (format == ImageFormat::gif) {
        EXPECT_EQ(size, image.size() - 1) << "only the trailer may be missing";
      } else {  // a TIFF's last directory may lack its end
        EXPECT_EQ(format, ImageFormat::tiff) << name << " " << size;
      }
    }
  }
}

TEST(gif_header, counts_the_frames_and_gives_the_decoder_the_first) {
  const GifFrame first{0, 0, 30, 20, 1};
  const Bytes moving = gif(30, 20, {first, {0, 0, 30, 20, 2}, {5, 5, 3, 3, 3}});
  const auto header = whole(moving, ImageFormat::gif);
  ASSERT_TRUE(header) << header.error().message;
  EXPECT_EQ(header->frames, 3U);
  EXPECT_EQ(header->width, 30);
  EXPECT_EQ(header->height, 20);
  EXPECT_FALSE(header->frame);
  EXPECT_EQ(essential_bytes(moving, *header), gif(30, 20, {first}));
}

TEST(gif_header, names_the_limit_of_twenty_thousand_frames) {
  const auto header =
      whole(gif(8, 8, std::vector<GifFrame>(20'000, {0, 0, 1, 1, 0})), ImageFormat::gif);
  ASSERT_TRUE(header);
  const auto checked = check_limits(*header, Limits{});
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::image_too_large);
  EXPECT_NE(checked.error().message.find("20000 frames, over the limit of 100"), std::string::npos);
}

TEST(gif_header, is_as_large_as_its_screen_and_its_first_frame) {
  const auto part = whole(gif(60, 40, {{20, 10, 30, 20, 0}}), ImageFormat::gif);
  ASSERT_TRUE(part);
  EXPECT_EQ((Size{part->width, part->height}), (Size{60, 40}));
  EXPECT_EQ(part->frame, (Rectangle{20, 10, 30, 20}));
  const auto out = whole(gif(10, 10, {{5, 0, 20, 12, 0}}), ImageFormat::gif);
  ASSERT_TRUE(out);
  EXPECT_EQ((Size{out->width, out->height}), (Size{25, 12}));
}

TEST(gif_header, keeps_comments_from_the_decoder_and_counts_them) {
  const Bytes plain = gif(8, 8, {{0, 0, 8, 8, 0}});
  const Bytes comment = "\x21\xFE\x0BGPS-IS-HERE\0"s;
  const Bytes image = plain.substr(0, 397) + comment + plain.substr(397);
  const auto header = whole(image, ImageFormat::gif);
  ASSERT_TRUE(header) << header.error().message;
  EXPECT_EQ(header->metadata_bytes, comment.size());
  EXPECT_EQ(essential_bytes(image, *header), plain);
}

TEST(gif_header, refuses_impossible_ones) {
  const auto corrupt = ErrorCode::image_corrupt;
  expect(corrupt, "GIF89a", ImageFormat::gif, "signature");
  expect(corrupt, gif(8, 8, {}), ImageFormat::gif, "no frame");
  expect(corrupt, gif(8, 8, {{0, 0, 0, 8, 0}}), ImageFormat::gif, "no pixels");
  Bytes unknown = gif(8, 8, {{0, 0, 8, 8, 0}});
  unknown[397] = 'x';
  expect(corrupt, unknown, ImageFormat::gif, "unknown block");
}

TEST(bmp_header, gives_the_size_of_every_kind) {
  for (const auto* name : {"24", "8", "few", "32", "rle"}) {
    const auto header = whole(read_picture(fmt::format("bmp-{}.bmp", name)), ImageFormat::bmp);
    ASSERT_TRUE(header) << name << header.error().message;
    EXPECT_EQ((Size{header->width, header->height}), (Size{96, 64})) << name;
  }
}

TEST(bmp_header, refuses_what_is_not_there_or_not_read) {
  const Bytes good = read_picture("bmp-24.bmp");
  const auto with = [&](std::size_t at, std::uint32_t value) {
    Bytes bytes = good;
    return bytes.replace(at, 4, little_endian(value, 4));
  };
  const auto bmp = ImageFormat::bmp;
  expect(ErrorCode::image_corrupt, with(18, 0), bmp, "width 0");
  expect(ErrorCode::image_corrupt, with(18, 0xFFFF'FFF0), bmp, "width below 0");
  expect(ErrorCode::image_corrupt, with(22, 0x8000'0000), bmp, "height without absolute value");
  expect(ErrorCode::image_corrupt, with(22, 65), bmp, "a row more than there is");
  expect(ErrorCode::image_corrupt, with(14, 13), bmp, "header of 13 bytes");
  expect(ErrorCode::image_unsupported, with(30, 4), bmp, "a JPEG within");
  expect(ErrorCode::image_unsupported, with(30, 5), bmp, "a PNG within");
  // Upside down, and with a wrong length of the file: both are common.
  Bytes odd = with(22, static_cast<std::uint32_t>(-64));
  odd.replace(2, 4, little_endian(0x7FFF'FFFF, 4));
  const auto header = whole(odd, bmp);
  ASSERT_TRUE(header) << header.error().message;
  EXPECT_EQ(header->height, 64);
  EXPECT_EQ(colour_at(thumbnail_of(odd, 48, 48), 0.25, 0.25), kBlue);
}

TEST(tiff_header, gives_size_and_orientation) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const auto header = whole(read_picture(fmt::format("tiff-orientation-{}.tiff", orientation)),
                              ImageFormat::tiff);
    ASSERT_TRUE(header);
    EXPECT_EQ((Size{header->width, header->height}), (Size{96, 64}));
    EXPECT_EQ(header->orientation, orientation);
  }
}

// What the decoder sees: one directory, of nothing but what pixels need, and the end.
TEST(tiff_header, gives_the_decoder_a_directory_of_its_own) {
  std::vector<TiffEntry> entries = tiff_of_grey();
  // A text, the camera's model, orientation.
  entries.insert(entries.begin() + 5, {{270, 2, 40, 8}, {272, 2, 4, 0x434241}, {274, 3, 1, 6}});
  entries.push_back({330, 4, 1, 72});     // SubIFDs: itself
  entries.push_back({34'665, 4, 1, 72});  // EXIF: itself
  const Bytes image = tiff(entries, 72);  // and next: itself
  const auto header = whole(image, ImageFormat::tiff);
  ASSERT_TRUE(header) << header.error().message;
  EXPECT_EQ(header->orientation, 6);
  EXPECT_EQ(header->capture.camera_model, "ABC");
  EXPECT_EQ(header->metadata_bytes, 54U) << "the texts, and three numbers that point or turn";
  const Bytes essential = essential_bytes(image, *header);
  const auto again = whole(essential, ImageFormat::tiff);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->orientation, 1);
  EXPECT_EQ(again->metadata_bytes, 0U);
  EXPECT_EQ(essential.substr(essential.size() - 4), Bytes(4, '\0'));
  EXPECT_EQ(thumbnail_of(image, 100, 100).size, (Size{4, 4}));
}

TEST(tiff_header, refuses_what_is_not_there_or_not_read) {
  const auto with = [](unsigned tag, std::uint32_t value, std::uint32_t count = 1) {
    std::vector<TiffEntry> entries = tiff_of_grey();
    for (TiffEntry& entry : entries) {
      if (entry.tag == tag) entry = {tag, entry.type, count, value};
    }
    return tiff(entries);
  };
  const auto kind = ImageFormat::tiff;
  const auto corrupt = ErrorCode::image_corrupt;
  const auto unsupported = ErrorCode::image_unsupported;
  expect(corrupt, with(256, 0), kind, "width 0");
  expect(corrupt, with(257, 4, 0), kind, "no value");
  expect(corrupt, with(273, 100'000), kind, "pixels behind the end");
  expect(corrupt, with(279, 100'000), kind, "more pixels than there are");
  expect(corrupt, with(273, 8, 100'000), kind, "more strips than there are bytes");
  expect(unsupported, with(258, 64), kind, "64 bits");
  expect(unsupported, with(259, 6), kind, "JPEG of the old kind");
  expect(unsupported, with(259, 34'712), kind, "JPEG 2000");
  expect(unsupported, with(262, 8), kind, "CIELAB");
  expect(unsupported, with(262, 5), kind, "inks of one channel");
  expect(unsupported, with(277, 9), kind, "nine channels");
  expect(corrupt, "II*\0\xFF\xFF\xFF\xFF"s, kind, "a directory behind the end");
  std::vector<TiffEntry> floating = tiff_of_grey();
  floating.push_back({339, 3, 1, 3});
  expect(unsupported, tiff(floating), kind, "floating point");
  std::vector<TiffEntry> no_data = tiff_of_grey();
  no_data.erase(no_data.begin() + 5);
  expect(corrupt, tiff(no_data), kind, "no strips");
}

TEST(tiff_header, takes_the_first_of_a_tag) {
  std::vector<TiffEntry> entries = tiff_of_grey();
  entries.insert(entries.begin() + 1, {256, 3, 1, 2});
  const Bytes image = tiff(entries);
  const auto header = whole(image, ImageFormat::tiff);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->width, 4);
  const Bytes plain = tiff(tiff_of_grey());
  EXPECT_EQ(header->essential.after, whole(plain, ImageFormat::tiff)->essential.after);
}

TEST(tiff_header, reckons_with_strips_and_tiles_of_any_size) {
  std::vector<TiffEntry> tiles = tiff_of_grey();
  tiles.push_back({322, 4, 1, 0xFFFF'FFFF});
  tiles.push_back({323, 4, 1, 0xFFFF'FFFF});
  const auto header = whole(tiff(tiles), ImageFormat::tiff);
  ASSERT_TRUE(header);
  EXPECT_GT(header->buffer_bytes, std::uint64_t{1} << 40);
}

TEST(heif_header, gives_the_size_before_turning_and_how_to_turn) {
  for (int orientation = 2; orientation <= 8; ++orientation) {
    const auto heic = whole(read_picture(fmt::format("heic-orientation-{}.heic", orientation)),
                            ImageFormat::heic);
    const auto avif = whole(read_picture(fmt::format("avif-orientation-{}.avif", orientation)),
                            ImageFormat::avif);
    ASSERT_TRUE(heic && avif) << orientation;
    EXPECT_EQ((Size{heic->width, heic->height}), (Size{96, 64}));
    EXPECT_EQ((Size{avif->width, avif->height}), (Size{96, 64}));
    EXPECT_EQ(heic->orientation, orientation);
    EXPECT_EQ(avif->orientation, orientation);
  }
  EXPECT_EQ(whole(read_picture("heic-exif-6.heic"), ImageFormat::heic)->orientation, 1);
}

TEST(heif_header, tells_depth_and_alpha) {
  EXPECT_EQ(whole(read_picture("heic-10.heic"), ImageFormat::heic)->bits, 10);
  EXPECT_EQ(whole(read_picture("avif-10.avif"), ImageFormat::avif)->bits, 10);
  const auto bytes_a_pixel = [](const std::string& name, std::uint64_t pixels) {
    return whole(read_picture(name), ImageFormat::avif)->buffer_bytes / pixels;
  };
  EXPECT_EQ(bytes_a_pixel("avif-10.avif", 16'384), 2 * bytes_a_pixel("avif-plain.avif", 6'144));
  EXPECT_EQ(whole(read_picture("avif-alpha.avif"), ImageFormat::avif)->channels, 4);
  EXPECT_EQ(whole(read_picture("heic-alpha.heic"), ImageFormat::heic)->channels, 4);
  EXPECT_EQ(whole(read_picture("heic-plain.heic"), ImageFormat::heic)->channels, 3);
}

Bytes clap(std::array<std::uint32_t, 8> fractions) {
  Bytes body;
  for (const std::uint32_t number : fractions) body += big_endian(number, 4);
  return box("clap", body);
}

TEST(heif_header, cuts_by_the_clean_aperture) {
  const auto of = [](const std::vector<Bytes>& properties) {
    return whole(heif_start("heic", properties), ImageFormat::heic);
  };
  const auto middle = of({ispe(100, 80), clap({60, 1, 40, 1, 0, 1, 0, 1})});
  ASSERT_TRUE(middle) << middle.error().message;
  EXPECT_EQ((Size{middle->width, middle->height}), (Size{60, 40}));
  EXPECT_EQ(middle->frame, (Rectangle{-20, -20, 100, 80}));
  // A half to the left of the middle: the odd column at the right goes.
  const auto corner = of({ispe(98, 66), clap({97, 1, 65, 1, ~0U, 2, ~0U, 2})});
  ASSERT_TRUE(corner) << corner.error().message;
  EXPECT_EQ(corner->frame, (Rectangle{0, 0, 98, 66}));
  for (const auto& fractions : {std::array<std::uint32_t, 8>{101, 1, 40, 1, 0, 1, 0, 1},
                                {60, 1, 40, 1, ~0U - 20, 1, 0, 1},
                                {60, 1, 40, 1, 0, 1, ~0U - 20, 1},
                                {60, 1, 40, 1, 21, 1, 0, 1},
                                {60, 0, 40, 0, 99, 0, 0, 0},
                                {0, 1, 40, 1, 0, 1, 0, 1}}) {
    const auto out = of({ispe(100, 80), clap(fractions)});
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().code, ErrorCode::image_corrupt);
  }
  const auto turned = of({ispe(100, 80), box("irot", "\x01"), clap({60, 1, 40, 1, 0, 1, 0, 1})});
  ASSERT_FALSE(turned);
  EXPECT_EQ(turned.error().code, ErrorCode::image_unsupported);
}

TEST(heif_header, names_the_limit_of_pixels) {
  const auto header = whole(heif_start("avif", {ispe(17'000, 17'000)}), ImageFormat::avif);
  ASSERT_TRUE(header);
  const auto checked = check_limits(*header, Limits{});
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("289000000 pixels, over the limit of 200000000"),
            std::string::npos);
}

TEST(heif_header, refuses_impossible_ones) {
  const auto kind = ImageFormat::heic;
  expect(ErrorCode::image_corrupt, heif_start("heic", {}), kind, "no size");
  expect(ErrorCode::image_corrupt, heif_start("heic", {ispe(0, 8)}), kind, "width 0");
  expect(ErrorCode::image_corrupt, heif_start("heic", {ispe(8, ~0U)}), kind, "height");
  Bytes boxes = heif_start("heic", {ispe(8, 8)}).substr(0, 24);
  for (int i = 0; i < 20'000; ++i) boxes += box("free", "");
  expect(ErrorCode::image_too_large, boxes, kind, "boxes without end");
  expect(ErrorCode::image_corrupt, boxes.substr(0, 24) + Bytes(100, '\0'), kind, "no boxes");
}

}  // namespace
}  // namespace miniatura
