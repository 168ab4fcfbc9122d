// What stands in the files: their structure, as the format's own description has it, and the
// pixels that another decoder finds in them.
#include "thumbnailer/codecs/jpeg/jpeg_encode.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/images.h"
#include "tests/support/thumbnail_planes.h"
#include "thumbnailer/byte_order.h"
#include "thumbnailer/codecs/jpeg/jpeg_quantisation.h"

namespace miniatura {
namespace {

using namespace pictures;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr unsigned kApp0 = 0xE0, kApp1 = 0xE1, kApp2 = 0xE2, kTables = 0xDB, kCodes = 0xC4,
                   kBaseline = 0xC0, kProgressive = 0xC2, kScan = 0xDA;
constexpr Subsampling kSubsamplings[] = {Subsampling::s420, Subsampling::s422, Subsampling::s444};
constexpr Size kSizes[] = {{1, 1}, {1, 9}, {9, 1}, {8, 8}, {16, 16}, {17, 33}, {31, 15}, {130, 65}};

struct Segment {
  unsigned marker = 0;
  Bytes body;
};

// Up to the first scan.
std::vector<Segment> segments_of(const Bytes& jpeg) {
  std::vector<Segment> segments;
  for (std::size_t at = 2; at + 4 <= jpeg.size();) {
    const std::size_t length = big_endian_16(jpeg, at + 2);
    segments.push_back({byte_at(jpeg, at + 1), Bytes(slice(jpeg, at + 4, length - 2))});
    if (segments.back().marker == kScan) break;
    at += 2 + length;
  }
  return segments;
}

std::vector<Bytes> bodies(const Bytes& jpeg, unsigned marker) {
  std::vector<Bytes> found;
  for (const Segment& segment : segments_of(jpeg)) {
    if (segment.marker == marker) found.push_back(segment.body);
  }
  return found;
}

// The sampling factors of the components: across and down, a hexadecimal digit each.
std::vector<int> sampling_of(const Bytes& jpeg, unsigned start_of_frame = kBaseline) {
  std::vector<int> factors;
  for (const Bytes& body : bodies(jpeg, start_of_frame)) {
    for (std::size_t at = 7; at < body.size(); at += 3) factors.push_back(body[at]);
  }
  return factors;
}

Encoding encoding_of(int quality, Subsampling subsampling, bool progressive = false) {
  Encoding encoding;
  encoding.quality = quality;
  encoding.progressive = progressive;
  encoding.subsampling = subsampling;
  return encoding;
}

TEST(jpeg_encode, keeps_the_pixels_of_any_size_from_planes_and_from_rasters) {
  for (const Size size : kSizes) {
    const Raster raster = smooth_picture(size);
    for (const Subsampling subsampling : kSubsamplings) {
      for (const bool progressive : {false, true}) {
        const Encoding encoding = encoding_of(95, subsampling, progressive);
        const auto of_raster = encode_jpeg(raster, encoding);
        const auto of_planes = encode_jpeg(planes_of(raster, subsampling), encoding);
        ASSERT_TRUE(of_raster) << of_raster.error().message;
        ASSERT_TRUE(of_planes) << of_planes.error().message;
        const std::string what = fmt::format("{}x{}", size.width, size.height);
        ASSERT_EQ(pixels_of(*of_raster).size, size);
        ASSERT_EQ(pixels_of(*of_planes).size, size);
        // Over few pixels a step from one to the next is far.
        const double bound = size.width * size.height < 100 ? 20 : 3;
        EXPECT_LE(differences(pixels_of(*of_raster), raster).mean, bound) << what;
        EXPECT_LE(differences(pixels_of(*of_planes), raster).mean, bound) << what;
        EXPECT_LE(differences(pixels_of(*of_planes), pixels_of(*of_raster)).mean, 1.5) << what;
      }
    }
  }
}

TEST(jpeg_encode, rounds_by_the_tables_of_its_quality) {
  const Planes planes = planes_of(smooth_picture({300, 200}), Subsampling::s420);
  for (const int quality : {1, 30, 80, 100}) {
    for (const bool progressive : {false, true}) {
      const auto tables =
          bodies(encode_jpeg(planes, encoding_of(quality, Subsampling::s420, progressive)).value(),
                 kTables);
      const auto [brightness, colours] = quantisation_tables(quality);
      ASSERT_EQ(tables.size(), 2U);
      for (const auto& [table, expected] :
           {std::pair(tables[0], brightness), {tables[1], colours}}) {
        ASSERT_EQ(table.size(), 65U);  // the first names the table, and its 8 bits
        // In zigzag: the mean, to the right, below, ..., the corner.
        EXPECT_EQ(byte_at(table, 1), expected[0]);
        EXPECT_EQ(byte_at(table, 2), expected[1]);
        EXPECT_EQ(byte_at(table, 3), expected[8]);
        EXPECT_EQ(byte_at(table, 5), expected[9]);
        EXPECT_EQ(byte_at(table, 64), expected[63]);
      }
    }
  }
}

TEST(jpeg_encode, shifts_no_pixel_of_the_planes) {
  const Raster raster = quarters(96, 64);
  for (const Subsampling subsampling : kSubsamplings) {
    const Raster back = pixels_of(
        encode_jpeg(planes_of(raster, subsampling), encoding_of(95, subsampling)).value());
    for (const auto& [x, y] : {std::pair(0, 0), {44, 28}, {51, 35}, {95, 63}, {44, 35}, {51, 28}}) {
      const Colour colour{back.at(x, y)[0], back.at(x, y)[1], back.at(x, y)[2]};
      const Colour wanted{raster.at(x, y)[0], raster.at(x, y)[1], raster.at(x, y)[2]};
      EXPECT_LE(difference(colour, wanted), 12) << x << "," << y;
    }
  }
}

TEST(jpeg_encode, takes_planes_of_the_limited_range_for_what_they_are) {
  const Raster raster = smooth_picture({130, 65});
  const Encoding encoding = encoding_of(95, Subsampling::s420);
  const Raster full =
      pixels_of(encode_jpeg(planes_of(raster, Subsampling::s420), encoding).value());
  const Raster limited =
      pixels_of(encode_jpeg(planes_of(raster, Subsampling::s420, false), encoding).value());
  EXPECT_LE(differences(full, limited).mean, 1.5);
}

TEST(jpeg_encode, samples_colours_as_it_is_told_at_every_quality) {
  const std::pair<Subsampling, int> cases[] = {
      {Subsampling::s420, 0x22}, {Subsampling::s422, 0x21}, {Subsampling::s444, 0x11}};
  const Raster raster = quarters(64, 64);
  for (const auto& [subsampling, factors] : cases) {
    for (const int quality : {10, 80, 95}) {
      for (const bool progressive : {false, true}) {
        const Encoding encoding = encoding_of(quality, subsampling, progressive);
        const unsigned frame = progressive ? kProgressive : kBaseline;
        EXPECT_THAT(sampling_of(encode_jpeg(raster, encoding).value(), frame),
                    ElementsAre(factors, 0x11, 0x11));
        EXPECT_THAT(
            sampling_of(encode_jpeg(planes_of(raster, subsampling), encoding).value(), frame),
            ElementsAre(factors, 0x11, 0x11));
      }
    }
  }
}

TEST(jpeg_encode, keeps_colours_apart_where_all_samples_are_kept) {
  // Lines of red and blue in turn: half the colours would be none of both.
  Raster lines({64, 64}, 3);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x) {
      const Colour colour = x % 2 == 0 ? kRed : kBlue;
      std::copy(colour.begin(), colour.end(), lines.at(x, y));
    }
  }
  const auto error_with = [&](Subsampling subsampling) {
    const Raster back = pixels_of(encode_jpeg(lines, encoding_of(95, subsampling)).value());
    return difference({*back.at(32, 32), back.at(32, 32)[1], back.at(32, 32)[2]}, kRed);
  };
  EXPECT_LE(error_with(Subsampling::s444), 10);
  EXPECT_GE(error_with(Subsampling::s422), 40);
  EXPECT_GE(error_with(Subsampling::s420), 40);
}

TEST(jpeg_encode, writes_the_same_pixels_in_one_scan_by_own_or_sampled_codes_or_in_several) {
  // The larger's codes are made for a part of it, and have to serve for all.
  for (const auto& [size, codes] : {std::pair(Size{100, 80}, 0U), {Size{1000, 700}, 12U + 162U}}) {
    Raster raster = smooth_picture(size);
    for (int x = 0; x < size.width; x += 3) {  // what stands in one row of blocks alone
      raster.at(x, 3)[0] = raster.at(x, 3)[1] = raster.at(x, 3)[2] = 255;
    }
    const Planes planes = planes_of(raster, Subsampling::s420);
    const Bytes plain = encode_jpeg(planes, encoding_of(80, Subsampling::s420)).value();
    const Bytes scans = encode_jpeg(planes, encoding_of(80, Subsampling::s420, true)).value();
    EXPECT_EQ(pixels_of(plain).pixels, pixels_of(scans).pixels);
    EXPECT_EQ(bodies(plain, kProgressive).size(), 0U);
    EXPECT_EQ(bodies(scans, kBaseline).size(), 0U);
    std::size_t symbols = 0;
    for (const Bytes& table : bodies(plain, kCodes)) symbols += table.size() - 17;
    if (codes > 0) {
      EXPECT_EQ(symbols, 2 * codes);
    } else {
      EXPECT_LT(symbols, 200U);
    }
  }
}

TEST(jpeg_encode, counts_a_part_of_a_large_picture_nearly_as_well_as_all_of_it) {
  const Raster raster = noisy_quarters(1200, 900);
  const Raster part = noisy_quarters(300, 225);  // all of which is counted
  const Encoding encoding = encoding_of(80, Subsampling::s420);
  const double a_pixel = static_cast<double>(encode_jpeg(part, encoding)->size()) / (300 * 225);
  EXPECT_LE(static_cast<double>(encode_jpeg(raster, encoding)->size()) / (1200 * 900),
            a_pixel * 1.01);
}

TEST(jpeg_encode, counts_what_stands_alone_in_a_plain_picture_wherever_it_is) {
  const Raster detail = noisy_quarters(1600, 130);
  std::vector<std::size_t> sizes;
  for (int top = 0; top + detail.size.height <= 1000; top += 64) {
    Raster raster = smooth_picture({1600, 1000});
    std::copy(detail.pixels.begin(), detail.pixels.end(), raster.at(0, top));
    sizes.push_back(encode_jpeg(raster, {})->size());
  }
  const auto [least, most] = std::minmax_element(sizes.begin(), sizes.end());
  EXPECT_LE(static_cast<double>(*most), 1.03 * static_cast<double>(*least));
}

TEST(jpeg_encode, writes_grey_as_one_component_but_with_a_profile_of_colours) {
  for (const Size size : {Size{33, 17}, {1, 1}, {8, 40}, {1000, 600}}) {
    Planes planes = grey_ramp(size);
    const Bytes grey = encode_jpeg(planes, {}).value();
    EXPECT_THAT(sampling_of(grey), ElementsAre(0x11));
    Encoding with_profile;
    with_profile.icc_profile = profile_of(500);
    const Bytes coloured = encode_jpeg(planes, with_profile).value();
    EXPECT_THAT(sampling_of(coloured), ElementsAre(0x22, 0x11, 0x11));
    for (const Bytes& jpeg :
         {grey, Bytes(encode_jpeg(planes, encoding_of(80, Subsampling::s444)).value())}) {
      const Raster back = pixels_of(jpeg);
      ASSERT_EQ(back.size, size);
      for (const double x : {0.0, 0.5, 0.99}) {
        const auto wanted = planes.colour[0].row(0)[static_cast<int>(x * size.width)];
        EXPECT_LE(difference(colour_at(back, x, 0), {wanted, wanted, wanted}), 6);
      }
    }
  }
}

TEST(jpeg_encode, notices_that_a_raster_is_grey) {
  Raster raster({40, 30}, 3);
  for (std::size_t i = 0; i < raster.pixels.size(); ++i) {
    raster.pixels[i] = static_cast<std::uint8_t>(i / 3 % 40 * 5);
  }
  const Bytes grey = encode_jpeg(raster, {}).value();
  EXPECT_THAT(sampling_of(grey), ElementsAre(0x11));
  EXPECT_LE(differences(pixels_of(grey), raster).mean, 2);
  Encoding with_profile;
  with_profile.icc_profile = profile_of(500);
  EXPECT_EQ(sampling_of(encode_jpeg(raster, with_profile).value()).size(), 3U);
  raster.pixels.back() = 1;
  EXPECT_EQ(sampling_of(encode_jpeg(raster, {}).value()).size(), 3U);
}

TEST(jpeg_encode, does_not_look_at_alpha) {
  const Raster raster = quarters_with_alpha(64, 64, 7);
  const Raster back = pixels_of(encode_jpeg(raster, {}).value());
  EXPECT_EQ(back.channels, 3);
  EXPECT_LE(difference(colour_at(back, 0.2, 0.2), kRed), 12);
}

TEST(jpeg_encode, writes_no_metadata_but_what_it_is_given) {
  const auto markers = [](const Bytes& jpeg) {
    std::vector<unsigned> found;
    for (const Segment& segment : segments_of(jpeg)) found.push_back(segment.marker);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  };
  Encoding encoding;
  const Planes planes = planes_of(quarters(40, 30), Subsampling::s420);
  EXPECT_THAT(markers(encode_jpeg(planes, encoding).value()),
              ElementsAre(kApp0, kTables, kBaseline, kCodes, kScan));
  encoding.exif = exif_block(1);
  encoding.icc_profile = profile_of(3144);
  for (const Bytes& jpeg :
       {encode_jpeg(planes, encoding).value(), encode_jpeg(quarters(40, 30), encoding).value()}) {
    EXPECT_THAT(markers(jpeg), ElementsAre(kApp0, kApp1, kApp2, kTables, kBaseline, kCodes, kScan));
    EXPECT_THAT(bodies(jpeg, kApp0), ElementsAre(HasSubstr("JFIF")));
    EXPECT_THAT(bodies(jpeg, kApp1), ElementsAre(Bytes("Exif\0\0", 6) + encoding.exif));
  }
}

TEST(jpeg_encode, cuts_a_large_profile_into_parts) {
  for (const auto& [size, parts] :
       {std::pair(std::size_t{3144}, 1U), {65'519, 1U}, {65'520, 2U}, {200'000, 4U}}) {
    Encoding encoding;
    encoding.icc_profile = profile_of(size);
    const Bytes jpeg = encode_jpeg(quarters(20, 20), encoding).value();
    Bytes whole;
    unsigned number = 0;
    for (const Bytes& part : bodies(jpeg, kApp2)) {
      EXPECT_EQ(part.substr(0, 12), Bytes("ICC_PROFILE\0", 12));
      EXPECT_EQ(byte_at(part, 12), ++number);
      EXPECT_EQ(byte_at(part, 13), parts);
      whole += part.substr(14);
    }
    EXPECT_EQ(number, parts);
    EXPECT_EQ(whole, encoding.icc_profile) << size;
  }
}

TEST(jpeg_encode, leaves_out_a_profile_of_more_parts_than_can_be_counted) {
  Encoding encoding;
  encoding.icc_profile.assign(std::size_t{255} * 65'519 + 1, 'x');
  const auto jpeg = encode_jpeg(quarters(20, 20), encoding);
  ASSERT_TRUE(jpeg) << jpeg.error().message;
  EXPECT_TRUE(bodies(*jpeg, kApp2).empty());
}

TEST(jpeg_encode, says_what_the_library_refuses) {
  const auto wide = encode_jpeg(Raster({65'501, 1}, 3), {});
  ASSERT_FALSE(wide);
  EXPECT_EQ(wide.error().code, ErrorCode::internal);
  EXPECT_THAT(wide.error().message, HasSubstr("65500"));
  Encoding encoding;
  encoding.exif.assign(65'528, 'x');
  const auto exif = encode_jpeg(quarters(20, 20), encoding);
  ASSERT_FALSE(exif);
  EXPECT_EQ(exif.error().code, ErrorCode::internal);
  EXPECT_FALSE(encode_jpeg(planes_of(quarters(20, 20), Subsampling::s444), {}));
}

TEST(jpeg_encode, takes_more_bytes_for_more_quality) {
  for (const Size size : {Size{90, 70}, {900, 700}}) {
    const Planes planes = planes_of(noisy_quarters(size.width, size.height), Subsampling::s420);
    std::size_t before = 0;
    for (int quality = 1; quality <= 100; quality += 9) {
      const Bytes jpeg = encode_jpeg(planes, encoding_of(quality, Subsampling::s420)).value();
      EXPECT_GE(jpeg.size(), before) << quality;
      before = jpeg.size();
    }
  }
}

TEST(jpeg_encode, gives_the_same_bytes_on_any_thread) {
  const Planes planes = planes_of(noisy_quarters(700, 500), Subsampling::s420);
  const Bytes expected = encode_jpeg(planes, {}).value();
  Bytes made;
  std::thread other([&] { made = encode_jpeg(planes, {}).value(); });
  EXPECT_EQ(encode_jpeg(planes, {}), expected);
  other.join();
  EXPECT_EQ(made, expected);
}

}  // namespace
}  // namespace miniatura
