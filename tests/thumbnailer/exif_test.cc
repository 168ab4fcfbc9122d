#include "thumbnailer/exif.h"

#include <gtest/gtest.h>

#include "tests/support/images.h"

namespace miniatura {
namespace {

using namespace pictures;
using namespace std::string_literals;

int orientation_of(ByteView tiff) { return read_exif(tiff).orientation; }

TEST(exif_orientation, reads_each_of_the_eight) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    EXPECT_EQ(orientation_of(exif_block(orientation)), orientation);
  }
}

TEST(exif_orientation, reads_big_endian_as_well) {
  EXPECT_EQ(orientation_of("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"s), 6);
}

TEST(exif_orientation, is_one_for_what_is_out_of_range) {
  for (const int orientation : {0, 9, 255, 65535}) {
    EXPECT_EQ(orientation_of(exif_block(orientation)), 1) << orientation;
  }
}

TEST(exif_orientation, is_one_wherever_the_block_breaks_off) {
  const Bytes block = exif_block(6);
  // The entry ends 4 bytes before the block does: what follows is the next directory's place.
  for (std::size_t size = 0; size < block.size() - 4; ++size) {
    EXPECT_EQ(orientation_of(ByteView(block).substr(0, size)), 1) << size;
  }
}

TEST(exif_orientation, follows_no_loop_and_no_wild_place) {
  Bytes loop = exif_block(6);
  loop.replace(4, 4, little_endian(4, 4));  // a directory within the header itself
  EXPECT_EQ(orientation_of(loop), 1);
  Bytes wild = exif_block(6);
  wild.replace(4, 4, little_endian(0xFFFF'FFF0, 4));
  EXPECT_EQ(orientation_of(wild), 1);
  Bytes next_is_itself = exif_block(3);
  next_is_itself.replace(next_is_itself.size() - 4, 4, little_endian(8, 4));
  EXPECT_EQ(orientation_of(next_is_itself), 3);
}

constexpr std::uint32_t kMake = 0x010F, kModel = 0x0110, kTime = 0x9003, kOffset = 0x9011;

std::string time_of(const std::string& time, const std::string& offset = "") {
  return read_exif(exif_texts({}, {{kTime, time}, {kOffset, offset}})).capture.time;
}
std::string make_of(const std::string& make) {
  return read_exif(exif_texts({{kMake, make}}, {})).capture.camera_make;
}

TEST(exif_capture, is_read_in_both_byte_orders) {
  for (const bool big : {false, true}) {
    const Bytes block =
        exif_texts({{kMake, "Leica\0"s}, {kModel, "M\0"s}},
                   {{kTime, "2026:07:04 12:30:59\0"s}, {kOffset, "+02:00\0"s}}, big);
    const Capture capture = read_exif(block).capture;
    EXPECT_EQ(capture.camera_make, "Leica");
    EXPECT_EQ(capture.camera_model, "M") << "it stands in its entry";
    EXPECT_EQ(capture.time, "2026-07-04T12:30:59+02:00");
  }
}

TEST(exif_capture, has_no_offset_where_none_is_known) {
  const std::string time = "2026:07:04 12:30:59";
  for (const char* offset : {"", "   :  ", "+2:00", "02:00", "+25:99", ".1234Z", "+02:00x", "Z"}) {
    EXPECT_EQ(time_of(time, offset), "2026-07-04T12:30:59") << offset;
  }
  EXPECT_EQ(time_of(time, "-09:30"), "2026-07-04T12:30:59-09:30");
}

TEST(exif_capture, has_no_time_where_the_clock_was_never_set_or_tells_none) {
  for (const char* time : {"", "0000:00:00 00:00:00", "    :  :     :  :  ", "2026:07:04",
                           "2026-07-04 12:30:59", "2026:13:04 12:30:59", "2026:07:00 12:30:59",
                           "2026:07:04 24:30:59", "2026:07:04 12:60:59", "2026:07:04 12:30:5",
                           "2026:07:04 12:30:599", "2026:07:04T12:30:59", "+026:07:04 12:30:59"}) {
    EXPECT_EQ(time_of(time, "+02:00"), "") << time;
  }
}

TEST(exif_capture, texts_are_clean_short_and_one_line) {
  EXPECT_EQ(make_of("  NIKON CORPORATION   "), "NIKON CORPORATION");
  EXPECT_EQ(make_of("a\nb\x1B[31m\xC2\x9B"), "a b [31m");
  EXPECT_EQ(make_of("caf\xE9 写真"), "caf\uFFFD 写真");
  EXPECT_EQ(make_of("Canon\0 and what stands behind"s), "Canon");
  EXPECT_EQ(make_of("     \0"s), "");
  EXPECT_EQ(make_of(std::string(kSourceTextBytesMax, 'x')), std::string(kSourceTextBytesMax, 'x'));
  const std::string cut = make_of(std::string(100'000, '\xE9'));
  EXPECT_LE(cut.size(), kSourceTextBytesMax);
  EXPECT_TRUE(cut.ends_with("…"));
}

TEST(exif_capture, is_read_from_texts_alone_that_stand_within_the_block) {
  const Bytes good = exif_texts({{kMake, "Canon"}}, {{kTime, "2026:07:04 12:30:59"}});
  ASSERT_EQ(read_exif(good).capture.camera_make, "Canon");
  for (std::size_t size = 0; size < good.size(); ++size) {  // the time stands last
    EXPECT_EQ(read_exif(ByteView(good).substr(0, size)).capture.time, "") << size;
  }
  constexpr std::size_t kFirstEntry = 10;
  for (const auto& [place, value] : {std::pair<std::size_t, std::uint32_t>{4, 0xFFFF'FFFF},
                                     {4, static_cast<std::uint32_t>(good.size())},
                                     {8, 0xFFFF'FFFE}}) {
    Bytes wild = good;  // its size, or its place
    wild.replace(kFirstEntry + place, 4, little_endian(value, 4));
    EXPECT_EQ(read_exif(wild).capture.camera_make, "") << value;
  }
  Bytes number = good;
  number.replace(kFirstEntry + 2, 2, little_endian(4, 2));  // LONG
  EXPECT_EQ(read_exif(number).capture.camera_make, "");
}

TEST(exif_capture, the_place_is_never_looked_at) {
  constexpr std::uint32_t kGps = 0x8825;
  const ExifTexts secret = {{kMake, "secret"}, {kTime, "2026:07:04 12:30:59"}};
  const Capture capture = read_exif(exif_texts({{kModel, "X"}}, secret, false, kGps)).capture;
  EXPECT_EQ(capture.camera_model, "X");
  EXPECT_EQ(capture.camera_make, "");
  EXPECT_EQ(capture.time, "");
}

TEST(exif_capture, a_directory_that_is_its_own_is_read_once) {
  Bytes loop = exif_texts({{kMake, "Canon"}}, {});
  loop.replace(10 + 12 + 8, 4, little_endian(8, 4));  // EXIF's directory is the first
  EXPECT_EQ(read_exif(loop).capture.camera_make, "Canon");
  EXPECT_EQ(read_exif(loop).capture.time, "");
}

}  // namespace
}  // namespace miniatura
