#include "thumbnailer/heif_exif.h"

#include <gtest/gtest.h>

#include "tests/support/fixture.h"
#include "tests/support/images.h"
#include "thumbnailer/exif.h"
#include "thumbnailer/header.h"
#include "thumbnailer/iso_box.h"

namespace miniatura {
namespace {

using namespace pictures;
using namespace std::string_literals;

const Bytes kFile = "0123\0\0\0\2abEXIF of 20 bytes here"s;

Bytes item(unsigned number, std::string_view type) {
  return box("infe", "\2\0\0\0"s + big_endian(number, 2) + "\0\0"s + Bytes(type) + '\0');
}
// Version 1, places of 4 bytes: the item lies at `at` + `base`.
Bytes places(unsigned number, unsigned base, unsigned at, unsigned length, unsigned method = 0,
             unsigned pieces = 1) {
  const Bytes other = big_endian(7, 2) + big_endian(0, 2) + big_endian(0, 2) + big_endian(9, 4) +
                      big_endian(2, 2) + Bytes(16, '\1');
  return box("iloc", "\1\0\0\0\x44\x40"s + big_endian(2, 2) + other + big_endian(number, 2) +
                         big_endian(method, 2) + big_endian(0, 2) + big_endian(base, 4) +
                         big_endian(pieces, 2) + big_endian(at, 4) + big_endian(length, 4));
}
Bytes items() { return box("iinf", "\0\0\0\0\0\2"s + item(7, "hvc1") + item(9, "Exif")); }

TEST(heif_exif, is_where_the_places_say_behind_its_own_offset) {
  EXPECT_EQ(heif_exif(kFile, items() + places(9, 1, 3, 10)), "EXIF");
  EXPECT_EQ(heif_exif(kFile, items() + places(9, 0, 4, static_cast<unsigned>(kFile.size()) - 4)),
            kFile.substr(10));
}

TEST(heif_exif, is_empty_where_it_is_not_one_piece_of_the_file) {
  const auto size = static_cast<unsigned>(kFile.size());
  EXPECT_EQ(heif_exif(kFile, items()), "");
  EXPECT_EQ(heif_exif(kFile, places(9, 0, 4, 10)), "") << "no item is EXIF";
  EXPECT_EQ(heif_exif(kFile, items() + places(8, 0, 4, 10)), "") << "another item's place";
  EXPECT_EQ(heif_exif(kFile, items() + places(9, 0, 4, 10, 1)), "") << "in another box";
  EXPECT_EQ(heif_exif(kFile, items() + places(9, 0, 4, 5, 0, 2)), "") << "in two pieces";
  EXPECT_EQ(heif_exif(kFile, items() + places(9, 0, 4, size)), "") << "over the end";
  EXPECT_EQ(heif_exif(kFile, items() + places(9, 0xFFFFFFFF, 5, 10)), "") << "far away";
}

TEST(heif_exif, reads_no_further_than_the_boxes_wherever_they_break_off) {
  const Bytes meta = items() + places(9, 0, 4, 10);
  for (std::size_t size = 0; size < meta.size(); ++size) {
    EXPECT_EQ(heif_exif(kFile, Bytes(meta.data(), size)), "") << size;
  }
}

TEST(heif_exif, is_found_in_what_encoders_write) {
  const Bytes file = read_picture("heic-exif-6.heic");
  ByteView rest = file;
  while (const auto box = next_box(rest)) {
    if (box->type != "meta") continue;
    EXPECT_EQ(read_exif(heif_exif(file, box->body.substr(kFullBoxBytes))).orientation, 6);
  }
  EXPECT_EQ(read_header(file, ImageFormat::heic, ImageExtent::whole)->orientation, 1);
}

}  // namespace
}  // namespace miniatura
