#include "thumbnailer/header.h"

#include <gtest/gtest.h>

#include "tests/support/images.h"
#include "thumbnailer/limits.h"

namespace miniatura {
namespace {

using namespace pictures;
using namespace std::string_literals;

Result<ImageHeader> whole(const Bytes& image, ImageFormat format) {
  return read_header(image, format, ImageExtent::whole);
}

ErrorCode code_of(const Bytes& image, ImageFormat format) {
  const auto header = whole(image, format);
  EXPECT_FALSE(header);
  return header ? ErrorCode::internal : header.error().code;
}

TEST(read_header, gives_size_and_orientation_of_each_format) {
  for (const auto format : {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp}) {
    const Bytes image = with_orientation(format, picture(format, 61, 43), 6);
    for (const auto extent : {ImageExtent::start, ImageExtent::whole}) {
      const auto header = read_header(image, format, extent);
      ASSERT_TRUE(header) << header.error().message;
      EXPECT_EQ(header->width, 61);
      EXPECT_EQ(header->height, 43);
      EXPECT_EQ(header->frames, 1U);
    }
    EXPECT_EQ(whole(image, format)->orientation, 6);
  }
}

TEST(read_header, gives_what_took_the_picture_of_each_format) {
  const Bytes exif = exif_texts({{0x0110, "X100V"}}, {{0x9003, "2026:07:04 12:30:59"}});
  for (const auto format : {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp}) {
    const auto header = whole(with_exif(format, picture(format, 61, 43), exif), format);
    ASSERT_TRUE(header) << header.error().message;
    EXPECT_EQ(header->capture.camera_make, "");
    EXPECT_EQ(header->capture.camera_model, "X100V");
    EXPECT_EQ(header->capture.time, "2026-07-04T12:30:59");
  }
}

TEST(read_header, names_the_profile_of_each_format) {
  const Bytes profile = Bytes(36, '\0') + "acsp" + Bytes(88, '\0') + big_endian(1, 4) + "desc" +
                        big_endian(144, 4) + big_endian(18, 4) + "desc" + Bytes(4, '\0') +
                        big_endian(6, 4) + "Mine!\0"s;
  const Bytes jpeg = picture(ImageFormat::jpeg, 8, 8);
  EXPECT_EQ(whole(jpeg, ImageFormat::jpeg)->icc_profile, "");
  const auto part = [](const char* number, const Bytes& bytes) {
    return "ICC_PROFILE\0"s + number + "\2" + bytes;
  };
  const Bytes in_two = with_jpeg_segment(with_jpeg_segment(jpeg, 0xE2, part("\2", "the rest")),
                                         0xE2, part("\1", profile));
  EXPECT_EQ(whole(in_two, ImageFormat::jpeg)->icc_profile, "Mine!");
  const Bytes webp = picture(ImageFormat::webp, 8, 8);
  EXPECT_EQ(whole(with_webp_chunk(webp, "ICCP", profile), ImageFormat::webp)->icc_profile, "Mine!");
  const Bytes png = picture(ImageFormat::png, 8, 8);
  EXPECT_EQ(
      whole(with_png_chunk(png, "iCCP", "Its name\0\0deflated"s), ImageFormat::png)->icc_profile,
      "Its name");
}

TEST(colour_space, follows_the_channels) {
  struct Case {
    Bytes image;
    ImageFormat format;
    const char* space;
  };
  const auto png = [](int bits, int type) {
    return png_start(8, 8, bits, type) + (type < 4 ? png_chunk("tRNS", "x") : "") +
           png_chunk("IDAT", "") + png_chunk("IEND", "");
  };
  const auto jpeg = [](int channels) {
    const Bytes frame = "\x08\0\x08\0\x08"s + static_cast<char>(channels) +
                        "\x01\x11\0\x02\x11\0\x03\x11\0\x04\x11\0"s;
    return with_jpeg_segment("\xFF\xD8", 0xC0, frame) + "\xFF\xDA\0\x04\x04\0\xFF\xD9"s;
  };
  const Case cases[] = {
      {png(8, 0), ImageFormat::png, "gray"},
      {png(8, 4), ImageFormat::png, "gray"},
      {png(8, 2), ImageFormat::png, "rgb"},
      {png(8, 6), ImageFormat::png, "rgb"},
      {png(4, 3), ImageFormat::png, "rgb"},
      {jpeg(1), ImageFormat::jpeg, "gray"},
      {jpeg(3), ImageFormat::jpeg, "rgb"},
      {jpeg(4), ImageFormat::jpeg, "cmyk"},
      {picture(ImageFormat::webp, 8, 8), ImageFormat::webp, "rgb"},
  };
  for (const Case& c : cases) {
    const auto header = whole(c.image, c.format);
    ASSERT_TRUE(header) << header.error().message;
    EXPECT_EQ(colour_space(*header), c.space) << header->channels;
  }
}

TEST(read_header, says_which_formats_are_not_read_yet) {
  const auto header = whole("GIF89a", ImageFormat::gif);
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().code, ErrorCode::image_unsupported);
  EXPECT_EQ(header.error().message, "gif images are not read yet");
}

TEST(read_header, of_a_start_takes_every_breaking_off_and_of_a_whole_none) {
  for (const auto format : {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp}) {
    const Bytes image = with_orientation(format, picture(format, 33, 21), 3);
    for (std::size_t size = 0; size < image.size(); ++size) {
      const Bytes part = image.substr(0, size);
      EXPECT_TRUE(read_header(part, format, ImageExtent::start)) << size;
      // A JPEG within its only scan may be whole: the decoder tells.
      const auto header = whole(part, format);
      if (header) {
        EXPECT_EQ(format, ImageFormat::jpeg) << size;
        EXPECT_EQ(header->scans, 1U) << size;
      } else {
        EXPECT_EQ(header.error().code, ErrorCode::image_corrupt) << size;
      }
    }
  }
}

TEST(essential_bytes, hold_no_metadata_and_give_the_same_pixels) {
  for (const auto format : {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp}) {
    const Bytes plain = picture(format, 40, 30);
    const Bytes image = with_exif(format, plain, exif_block(1, "GPS-IS-HERE"));
    const auto header = whole(image, format);
    ASSERT_TRUE(header) << header.error().message;
    const Bytes essential = essential_bytes(image, *header);
    EXPECT_NE(image.find("GPS-IS-HERE"), Bytes::npos);
    EXPECT_EQ(essential.find("GPS-IS-HERE"), Bytes::npos);
    EXPECT_GE(header->metadata_bytes, 11U);
    EXPECT_EQ(pixels_of(essential).pixels, pixels_of(plain).pixels);
  }
}

TEST(jpeg_header, ends_at_the_end_of_image) {
  const Bytes jpeg = picture(ImageFormat::jpeg, 16, 16);
  const Bytes with_gain_map = jpeg + jpeg;
  const auto header = whole(with_gain_map, ImageFormat::jpeg);
  ASSERT_TRUE(header);
  EXPECT_EQ(essential_bytes(with_gain_map, *header).size(), jpeg.size());
}

TEST(jpeg_header, refuses_the_kinds_that_are_not_read) {
  for (const unsigned frame : {0xC3U, 0xC5U, 0xC6U, 0xC7U, 0xC9U, 0xCAU, 0xCBU, 0xCFU}) {
    EXPECT_EQ(code_of(jpeg_start(frame, 8, 8), ImageFormat::jpeg), ErrorCode::image_unsupported);
  }
  Bytes deep = jpeg_start(0xC1, 8, 8);
  deep[6] = 12;  // bits a sample
  EXPECT_EQ(code_of(deep, ImageFormat::jpeg), ErrorCode::image_unsupported);
}

TEST(jpeg_header, without_height_is_corrupt) {
  EXPECT_EQ(code_of(jpeg_start(0xC0, 8, 0), ImageFormat::jpeg), ErrorCode::image_corrupt);
  EXPECT_EQ(code_of(jpeg_start(0xC0, 0, 8), ImageFormat::jpeg), ErrorCode::image_corrupt);
}

TEST(jpeg_header, of_nothing_but_its_marks_is_corrupt) {
  EXPECT_EQ(code_of("\xFF\xD8", ImageFormat::jpeg), ErrorCode::image_corrupt);
  EXPECT_EQ(code_of("\xFF\xD8\xFF\xD9", ImageFormat::jpeg), ErrorCode::image_corrupt);
  EXPECT_EQ(code_of("\xFF\xD8" + Bytes(5000, '\xFF'), ImageFormat::jpeg), ErrorCode::image_corrupt);
  EXPECT_EQ(code_of("\xFF\xD8\xFF\xE0\0\0"s, ImageFormat::jpeg), ErrorCode::image_corrupt);
}

TEST(jpeg_header, counts_scans_over_the_whole_file) {
  Bytes bomb = jpeg_start(0xC2, 64, 64);
  const Bytes scan = "\xFF\xDA\x00\x08\x01\x01\x00\x00\x3F\x00\x12\x34"s;
  for (int i = 1; i < 20'000; ++i) bomb += scan;
  const auto header = whole(bomb + "\xFF\xD9", ImageFormat::jpeg);
  ASSERT_TRUE(header) << header.error().message;
  EXPECT_EQ(header->scans, 20'000U);
  EXPECT_LE(header->essential.ranges.size(), 4U);
  const auto checked = check_limits(*header, Limits{});
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::image_too_large);
  EXPECT_NE(checked.error().message.find("20000 scans, over the limit of 100"), std::string::npos);
}

TEST(jpeg_header, knows_a_progressive_one_that_lacks_its_last_scans) {
  const Bytes jpeg = progressive_jpeg(64, 64);
  const auto header = whole(jpeg, ImageFormat::jpeg);
  ASSERT_TRUE(header);
  EXPECT_GT(header->scans, 1U);
  EXPECT_TRUE(header->buffered);
  EXPECT_GE(header->coefficient_bytes, 64U * 64 * 2);
  EXPECT_EQ(code_of(jpeg.substr(0, jpeg.size() - 2), ImageFormat::jpeg), ErrorCode::image_corrupt);
}

TEST(jpeg_header, refuses_segments_without_end) {
  Bytes jpeg = "\xFF\xD8";
  for (int i = 0; i < 20'000; ++i) jpeg += "\xFF\xFE\x00\x02"s;
  EXPECT_EQ(code_of(jpeg, ImageFormat::jpeg), ErrorCode::image_too_large);
}

// Each gap between two parts that are kept costs a range: few bytes must not make many.
TEST(jpeg_header, refuses_scans_with_gaps_without_end) {
  Bytes jpeg = jpeg_start(0xC2, 64, 64);
  for (int i = 0; i < 20'000; ++i) jpeg += "\xFF\xDA\x00\x02\xFF\x01"s;
  EXPECT_EQ(code_of(jpeg + "\xFF\xD9", ImageFormat::jpeg), ErrorCode::image_too_large);
}

TEST(jpeg_header, counts_metadata_against_the_limit) {
  const Bytes plain = picture(ImageFormat::jpeg, 8, 8);
  const Bytes segment = "\xFF\xED\xEA\x62" + Bytes(60'000, 'x');
  Bytes jpeg = plain.substr(0, 2);
  for (int i = 0; i < 200; ++i) jpeg += segment;
  jpeg += plain.substr(2);
  const auto header = whole(jpeg, ImageFormat::jpeg);
  ASSERT_TRUE(header);
  const auto checked = check_limits(*header, Limits{});
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("bytes of metadata"), std::string::npos);
}

TEST(png_header, refuses_impossible_ones) {
  const auto png = ImageFormat::png;
  EXPECT_EQ(code_of(png_start(0, 8, 8, 2), png), ErrorCode::image_corrupt);
  EXPECT_EQ(code_of(png_start(8, 0xFFFF'FFFF, 8, 2), png), ErrorCode::image_corrupt);
  EXPECT_EQ(code_of(png_start(8, 8, 3, 2), png), ErrorCode::image_corrupt);
  EXPECT_EQ(code_of(png_start(8, 8, 8, 5), png), ErrorCode::image_corrupt);
  EXPECT_EQ(code_of(png_start(8, 8, 8, 2) + png_chunk("IEND", ""), png), ErrorCode::image_corrupt);
  const Bytes good = picture(png, 8, 8);
  EXPECT_EQ(code_of(good.substr(0, 8) + good.substr(33), png), ErrorCode::image_corrupt);
  EXPECT_EQ(code_of(with_png_chunk(good, "IHDR", good.substr(16, 13)), png),
            ErrorCode::image_corrupt);
  EXPECT_EQ(code_of(with_png_chunk(good, "CgBI", "1234"), png), ErrorCode::image_unsupported);
  EXPECT_EQ(code_of(good.substr(0, 33) + "\xFF\xFF\xFF\xFF" + good.substr(37), png),
            ErrorCode::image_corrupt);
}

TEST(png_header, keeps_texts_and_large_profiles_from_the_decoder) {
  const Bytes good = picture(ImageFormat::png, 8, 8);
  const Bytes bomb = deflated_zeros(100'000'000);
  ASSERT_GT(bomb.size(), 90'000U);
  for (const auto* type : {"zTXt", "iTXt", "iCCP", "tEXt", "eXIf", "abCd"}) {
    const Bytes image = with_png_chunk(good, type, "name\0\0"s + bomb);
    const auto header = whole(image, ImageFormat::png);
    ASSERT_TRUE(header) << type;
    EXPECT_EQ(essential_bytes(image, *header), good) << type;
    EXPECT_EQ(header->metadata_bytes, bomb.size() + 6) << type;
  }
}

TEST(png_header, refuses_chunks_without_end) {
  Bytes png = png_start(8, 8, 8, 2);
  const Bytes chunk = png_chunk("tEXt", "");
  for (int i = 0; i < 20'000; ++i) png += chunk;
  EXPECT_EQ(code_of(png, ImageFormat::png), ErrorCode::image_too_large);
}

TEST(png_header, refuses_image_data_with_gaps_without_end) {
  Bytes png = png_start(8, 8, 8, 2);
  for (int i = 0; i < 20'000; ++i) png += png_chunk("IDAT", "") + png_chunk("fdAT", "");
  EXPECT_EQ(code_of(png + png_chunk("IEND", ""), ImageFormat::png), ErrorCode::image_too_large);
}

TEST(png_header, counts_the_frames_of_an_animation) {
  const Bytes png = with_png_chunk(picture(ImageFormat::png, 8, 8), "acTL",
                                   big_endian(20'000, 4) + big_endian(0, 4));
  const auto header = whole(png, ImageFormat::png);
  ASSERT_TRUE(header);
  const auto checked = check_limits(*header, Limits{});
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("20000 frames"), std::string::npos);
}

Bytes animation(const Bytes& webp, int width, int height, int frames, int offset) {
  const auto number = [](int value, int bytes) {
    return little_endian(static_cast<std::uint32_t>(value), bytes);
  };
  Bytes chunks = webp_chunk("VP8X", "\x02\0\0\0"s + number(width - 1, 3) + number(height - 1, 3));
  chunks += webp_chunk("ANIM", Bytes(6, '\0'));
  const Bytes frame = number(offset, 3) + number(0, 3) + number(width - 1, 3) +
                      number(height - 1, 3) + number(100, 3) + "\0"s + webp.substr(12);
  for (int i = 0; i < frames; ++i) chunks += webp_chunk("ANMF", frame);
  return riff(chunks);
}

TEST(webp_header, gives_the_first_frame_of_an_animation) {
  const Bytes still = picture(ImageFormat::webp, 24, 18);
  const Bytes moving = animation(still, 24, 18, 3, 0);
  const auto header = whole(moving, ImageFormat::webp);
  ASSERT_TRUE(header) << header.error().message;
  EXPECT_EQ(header->frames, 3U);
  EXPECT_EQ(essential_bytes(moving, *header), still);
}

TEST(webp_header, refuses_an_animation_that_starts_with_a_part) {
  const Bytes still = picture(ImageFormat::webp, 24, 18);
  EXPECT_EQ(code_of(animation(still, 24, 18, 3, 1), ImageFormat::webp),
            ErrorCode::image_unsupported);
  EXPECT_EQ(code_of(animation(still, 48, 18, 3, 0), ImageFormat::webp),
            ErrorCode::image_unsupported);
}

TEST(webp_header, an_animation_of_no_size_is_corrupt) {
  EXPECT_EQ(code_of(riff(webp_chunk("ANMF", "\x01"s + Bytes(15, '\0'))), ImageFormat::webp),
            ErrorCode::image_corrupt);
}

TEST(webp_header, of_a_canvas_unlike_its_picture_is_corrupt) {
  const Bytes still = picture(ImageFormat::webp, 24, 18);
  const Bytes extended =
      webp_chunk("VP8X", "\0\0\0\0"s + little_endian(4999, 3) + little_endian(17, 3));
  EXPECT_EQ(code_of(riff(extended + still.substr(12)), ImageFormat::webp),
            ErrorCode::image_corrupt);
}

TEST(webp_header, without_a_picture_is_corrupt) {
  EXPECT_EQ(code_of(riff(""), ImageFormat::webp), ErrorCode::image_corrupt);
  EXPECT_EQ(code_of(riff(webp_chunk("EXIF", exif_block(6))), ImageFormat::webp),
            ErrorCode::image_corrupt);
  EXPECT_EQ(code_of(riff(webp_chunk("VP8 ", Bytes(10, '\0'))), ImageFormat::webp),
            ErrorCode::image_corrupt);
  EXPECT_EQ(code_of(riff(webp_chunk("VP8L", "\x2E\0\0\0\0"s)), ImageFormat::webp),
            ErrorCode::image_corrupt);
}

TEST(decoded_bytes_for_memory, is_two_fifths_up_to_half_a_gibibyte) {
  EXPECT_EQ(decoded_bytes_for_memory(std::uint64_t{100} << 20), std::uint64_t{40} << 20);
  EXPECT_EQ(decoded_bytes_for_memory(std::uint64_t{10} << 30), std::uint64_t{512} << 20);
}

}  // namespace
}  // namespace miniatura
