#include "thumbnailer/admission.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace miniatura {
namespace {

Limits limits_of(std::uint64_t bytes) {
  Limits limits;
  limits.decoded_bytes = bytes;
  return limits;
}

constexpr std::chrono::milliseconds kNotAMoment{0};
constexpr auto kForEver = std::chrono::milliseconds::max();

TEST(admission, alone_over_the_limit_is_final_and_names_both_numbers) {
  const auto admission = Admission::request(1001, limits_of(1000), kNotAMoment);
  ASSERT_FALSE(admission);
  EXPECT_EQ(admission.error().code, ErrorCode::image_too_large);
  EXPECT_NE(admission.error().message.find("1001"), std::string::npos);
  EXPECT_NE(admission.error().message.find("1000"), std::string::npos);
}

TEST(admission, over_the_limit_beside_others_is_worth_another_attempt) {
  const auto first = Admission::request(600, limits_of(1000), kNotAMoment);
  ASSERT_TRUE(first);
  const auto second = Admission::request(600, limits_of(1000), kNotAMoment);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::memory_exhausted);
  EXPECT_TRUE(second.error().retryable());
}

TEST(admission, waits_for_those_that_run) {
  auto first =
      std::make_unique<Result<Admission>>(Admission::request(600, limits_of(1000), kNotAMoment));
  std::thread second([] { EXPECT_TRUE(Admission::request(600, limits_of(1000), kForEver)); });
  first.reset();
  second.join();
}

TEST(admission, comes_in_the_order_of_asking_so_that_a_large_one_has_its_turn) {
  auto first =
      std::make_unique<Result<Admission>>(Admission::request(600, limits_of(1000), kNotAMoment));
  std::thread large([] { EXPECT_TRUE(Admission::request(900, limits_of(1000), kForEver)); });
  // As soon as the large one waits.
  while (Admission::request(300, limits_of(1000), kNotAMoment)) std::this_thread::yield();
  first.reset();
  large.join();
  EXPECT_TRUE(Admission::request(300, limits_of(1000), kNotAMoment));
}

TEST(admission, of_who_gave_up_waiting_nothing_is_left) {
  const auto first = Admission::request(600, limits_of(1000), kNotAMoment);
  EXPECT_FALSE(Admission::request(900, limits_of(1000), std::chrono::milliseconds(1)));
  EXPECT_TRUE(Admission::request(400, limits_of(1000), kNotAMoment));
}

TEST(admission, gives_back_what_it_held) {
  for (int i = 0; i < 3; ++i) {
    const auto admission = Admission::request(1000, limits_of(1000), kNotAMoment);
    ASSERT_TRUE(admission);
    EXPECT_TRUE(admission->alone());
  }
}

TEST(admission, knows_whether_others_run) {
  const auto first = Admission::request(1, limits_of(1000), kNotAMoment);
  {
    const auto second = Admission::request(1, limits_of(1000), kNotAMoment);
    EXPECT_FALSE(first->alone());
  }
  EXPECT_TRUE(first->alone());
}

TEST(magick_bytes, follow_what_is_decoded_not_what_is_stored) {
  ImageHeader header;
  header.width = 8000;
  header.height = 8000;
  const Footprint target[] = {{{100, 100}, {100, 100}}};
  const std::uint64_t full = magick_bytes(header, 1, target);
  const std::uint64_t eighth = magick_bytes(header, 8, target);
  EXPECT_GE(full, 8000U * 8000 * 8);
  EXPECT_GE(eighth, 1000U * 1000 * 8);
  EXPECT_LE(eighth, 1000U * 1000 * 8 * 2);
}

TEST(magick_bytes, count_what_the_decoder_keeps_beside) {
  ImageHeader header;
  header.width = header.height = 1000;
  header.buffer_bytes = 3'000'000;
  const std::uint64_t baseline = magick_bytes(header, 8, {});
  header.buffered = true;
  EXPECT_EQ(magick_bytes(header, 8, {}), baseline + 3'000'000);
}

TEST(magick_bytes, count_a_frame_beside_its_canvas) {
  ImageHeader header;
  header.width = header.height = 1000;
  const std::uint64_t alone = magick_bytes(header, 1, {});
  header.frame = Rectangle{0, 0, 500, 500};
  EXPECT_EQ(magick_bytes(header, 1, {}), alone + std::uint64_t{500} * 500 * 8);
}

TEST(magick_bytes, count_each_option_of_the_largest_thumbnail) {
  ImageHeader header;
  header.width = header.height = 1000;
  const auto bytes_of = [&](const Footprint& thumbnail) {
    return magick_bytes(header, 1, std::span(&thumbnail, 1));
  };
  // Enlarged, so that finishing takes more than resizing.
  header.width = header.height = 10;
  const Footprint plain{{1000, 1000}, {1000, 1000}};
  const std::uint64_t jpeg = bytes_of(plain);
  EXPECT_GE(jpeg, 1'000'000 * (8 + 4 + 6U));
  Footprint other = plain;
  other.format = ImageFormat::webp;
  EXPECT_EQ(bytes_of(other), jpeg + 10'000'000);
  header.channels = 4;
  EXPECT_EQ(bytes_of(other), jpeg + 28'000'000) << "alpha";
  header.channels = 3;
  other.format = ImageFormat::avif;
  EXPECT_EQ(bytes_of(other), jpeg + 14'000'000);
  other.format = ImageFormat::png;
  EXPECT_EQ(bytes_of(other), jpeg + 3'000'000);
  other = plain;
  other.progressive = true;
  EXPECT_EQ(bytes_of(other), jpeg + 6'000'000) << "its coefficients";
  other = plain;
  other.sharpens = true;
  EXPECT_EQ(bytes_of(other), jpeg + 10'000'000);
  const Footprint two[] = {plain, plain};
  EXPECT_EQ(magick_bytes(header, 1, two), jpeg + 8'000'000) << "only kept";
  const Footprint canvas{{10, 10}, {4000, 4000}};
  EXPECT_GE(bytes_of(canvas), 16'000'000 * 10U) << "a canvas and its encoder";
  const Footprint cut{{4000, 4000}, {10, 10}};
  EXPECT_GE(bytes_of(cut), 16'000'000 * 16U) << "what is turned before it is cut";
  header.width = header.height = 1000;
  Footprint small{{10, 10}, {10, 10}};
  const std::uint64_t encoded = bytes_of(small);
  small.linear = true;
  EXPECT_EQ(bytes_of(small), encoded + 8'000'000) << "the decoded picture, once more";
}

TEST(magick_bytes, count_all_frames_of_what_stays_animated) {
  ImageHeader header;
  header.width = header.height = 1000;
  Footprint thumbnail{{100, 100}, {100, 100}};
  const std::uint64_t still = magick_bytes(header, 1, std::span(&thumbnail, 1));
  thumbnail.frames = 50;
  EXPECT_GE(magick_bytes(header, 1, std::span(&thumbnail, 1)),
            still + 50ULL * 100 * 100 * 4 + 1000ULL * 1000 * 24);
}

TEST(magick_bytes, of_what_is_enlarged_count_its_pixels) {
  ImageHeader header;
  header.width = header.height = 10;
  const Footprint enlarged[] = {{{8000, 8000}, {8000, 8000}}};
  EXPECT_GE(magick_bytes(header, 1, enlarged), 64'000'000 * 18ULL);
}

TEST(magick_bytes, do_not_overflow) {
  ImageHeader header;
  header.format = ImageFormat::png;
  header.width = header.height = 0x7FFF'FFFF;
  header.bits = 16;
  header.channels = 4;
  header.buffered = true;
  EXPECT_GT(magick_bytes(header, 1, {}), std::uint64_t{1} << 62);
  const Footprint huge[] = {{{1'000'000'000, 1'000'000'000}, {16'384, 1'000'000'000}}};
  EXPECT_GT(magick_bytes(header, 1, huge), std::uint64_t{1} << 62);
}

TEST(estimated_bytes, count_no_coefficients_where_dc_alone_is_kept) {
  ImageHeader header;
  header.width = header.height = 8000;
  header.buffered = true;
  header.buffer_bytes = 192'000'000;
  const std::uint64_t planes = 3'000'000;
  EXPECT_EQ(estimated_bytes(header, 8, {}), planes + 192'000'000);
  header.dc_alone = true;
  EXPECT_EQ(estimated_bytes(header, 8, {}), planes + 6'000'000) << "two bytes for each sample";
  EXPECT_EQ(estimated_bytes(header, 4, {}), 4 * planes + 192'000'000) << "else they are all kept";
  EXPECT_EQ(magick_bytes(header, 8, {}), 1000 * 1000 * 8 + 192'000'000U);
}

TEST(estimated_bytes, count_no_coefficients_where_scans_are_kept_instead) {
  ImageHeader header;
  header.width = header.height = 8000;
  header.buffered = true;
  header.buffer_bytes = 192'000'000;
  header.scans_bytes = 7'000'000;
  const std::uint64_t planes = 3'000'000;
  EXPECT_EQ(estimated_bytes(header, 4, {}), 4 * planes + 7'000'000);
  EXPECT_EQ(estimated_bytes(header, 2, {}), 16 * planes + 7'000'000);
  EXPECT_EQ(estimated_bytes(header, 8, {}), planes + 192'000'000);
  EXPECT_EQ(estimated_bytes(header, 1, {}), 64 * planes + 192'000'000);
}

ImageHeader header_of(ImageFormat format, int channels = 3, int bits = 8) {
  ImageHeader header;
  header.format = format;
  header.width = header.height = 1000;
  header.channels = channels;
  header.bits = bits;
  return header;
}

// In tenths of a byte a pixel of a source of a million pixels, with no thumbnail.
std::uint64_t tenths(const ImageHeader& header, int denominator) {
  return (estimated_bytes(header, denominator, {}) + 50'000) / 100'000;
}

TEST(estimated_bytes, are_what_each_decoder_holds_and_its_planes) {
  using enum ImageFormat;
  struct Case {
    ImageHeader header;
    std::uint64_t whole, half;  // tenths of a byte a source's pixel
  };
  const Case all[] = {
      {header_of(png), 30 + 30, 30 + 15},
      {header_of(png, 1), 10 + 10, 10 + 5},
      {header_of(png, 3, 16), 60 + 60, 60 + 15},
      {header_of(webp), 16 + 30, 16 + 15},
      {header_of(tiff), 100 + 60, 100 + 15},
      {header_of(jpeg), 30, 8},
      {header_of(jpeg, 1), 10, 3},
  };
  for (const auto& [header, whole, half] : all) {
    EXPECT_EQ(tenths(header, 1), whole) << format_name(header.format) << header.channels;
    EXPECT_EQ(tenths(header, 2), half) << format_name(header.format) << header.channels;
  }
}

TEST(estimated_bytes, of_what_has_alpha_are_the_decoders_or_then_the_floats) {
  const ImageHeader header = header_of(ImageFormat::png, 4);
  EXPECT_EQ(tenths(header, 1), 80 + 160U);
  EXPECT_EQ(tenths(header, 2), 20 + 40U) << "either is as much as the rows";
  EXPECT_EQ(tenths(header, 8), 40 + 1U);
}

TEST(estimated_bytes, of_a_webp_know_its_kinds) {
  ImageHeader header = header_of(ImageFormat::webp);
  EXPECT_EQ(tenths(header, 8), 16 + 1U);
  header.lossless = true;
  EXPECT_EQ(tenths(header, 8), 80 + 1U);
  header.channels = 4;
  EXPECT_EQ(tenths(header, 8), 80 + 1U);
  header.lossless = false;
  EXPECT_EQ(tenths(header, 8), 91 + 1U);
}

TEST(estimated_bytes, of_a_heif_follow_its_coded_size_and_depth) {
  ImageHeader header = header_of(ImageFormat::avif);
  header.buffered = true;
  header.buffer_bytes = 7'000'000;
  EXPECT_EQ(tenths(header, 8), 70 + 65 + 1U);
  header.bits = 10;
  header.buffer_bytes = 14'000'000;
  EXPECT_EQ(tenths(header, 8), 140 + 80 + 1U);
  header.format = ImageFormat::heic;
  EXPECT_EQ(tenths(header, 8), 140 + 80 + 1U);
  header.buffer_bytes = 2'000'000'000;  // more is coded than is said
  EXPECT_GT(estimated_bytes(header, 8, {}), 2'000'000'000U);
}

TEST(estimated_bytes, of_a_jpeg_follow_its_sampling_and_its_scans) {
  ImageHeader header = header_of(ImageFormat::jpeg);
  header.buffer_bytes = 3'000'000;  // 4:2:0
  EXPECT_EQ(tenths(header, 1), 30U) << "colours may be made fine";
  EXPECT_EQ(tenths(header, 2), 8U);
  header.buffered = true;
  EXPECT_EQ(tenths(header, 1), 30 + 30U);
  EXPECT_EQ(tenths(header, 2), 30 + 8U);
  header.channels = 4;
  header.cmyk = true;
  EXPECT_EQ(tenths(header, 2), 25 + 30 + 15U) << "as the other engine decodes it";
}

TEST(estimated_bytes, count_each_option_of_the_largest_thumbnail) {
  ImageHeader header = header_of(ImageFormat::png);
  header.width = header.height = 10;
  const auto bytes_of = [&](const Footprint& thumbnail) {
    return estimated_bytes(header, 1, std::span(&thumbnail, 1));
  };
  const Footprint plain{{1000, 1000}, {1000, 1000}};
  const std::uint64_t jpeg = bytes_of(plain);
  EXPECT_EQ(jpeg, 300 + 1'000'000 * (6 + 4 + 6U)) << "scaled, a raster, an encoder";
  Footprint other = plain;
  other.format = ImageFormat::avif;
  EXPECT_EQ(bytes_of(other), jpeg + 14'000'000);
  other = plain;
  other.sharpens = true;
  EXPECT_EQ(bytes_of(other), jpeg + 10'000'000);
  const Footprint two[] = {plain, plain};
  EXPECT_EQ(estimated_bytes(header, 1, two), jpeg + 6'000'000) << "only kept";
  header.channels = 4;
  EXPECT_EQ(bytes_of(plain), jpeg - 300 + 800 + 1600 + 10'000'000U) << "floats";
  header = header_of(ImageFormat::jpeg);
  Footprint small{{10, 10}, {10, 10}};
  const std::uint64_t encoded = bytes_of(small);
  small.linear = true;
  EXPECT_EQ(bytes_of(small), encoded + 9'000'000) << "all as light, and colours at its grid before";
  header = header_of(ImageFormat::png, 4);
  EXPECT_EQ(bytes_of(small) / 1'000'000, 8 + 16 + 8 + 16U) << "light, and floats of either";
}

TEST(estimated_bytes, count_all_frames_of_what_stays_animated) {
  const ImageHeader header = header_of(ImageFormat::gif, 4);
  Footprint thumbnail{{100, 100}, {100, 100}};
  const std::uint64_t still = estimated_bytes(header, 1, std::span(&thumbnail, 1));
  thumbnail.frames = 50;
  EXPECT_GE(estimated_bytes(header, 1, std::span(&thumbnail, 1)),
            still + 50ULL * 100 * 100 * 4 + 1000ULL * 1000 * 24);
}

TEST(estimated_bytes, do_not_overflow) {
  ImageHeader header = header_of(ImageFormat::png, 4, 16);
  header.width = header.height = 0x7FFF'FFFF;
  EXPECT_GT(estimated_bytes(header, 1, {}), std::uint64_t{1} << 62);
  header = header_of(ImageFormat::jpeg);
  const Footprint huge[] = {{{1'000'000'000, 1'000'000'000}, {16'384, 1'000'000'000}}};
  EXPECT_GT(estimated_bytes(header, 1, huge), std::uint64_t{1} << 62);
}

}  // namespace
}  // namespace miniatura
