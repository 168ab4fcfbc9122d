#include "thumbnailer/exif.h"

#include <gtest/gtest.h>

#include "tests/support/images.h"

namespace miniatura {
namespace {

using namespace pictures;
using namespace std::string_literals;

TEST(exif_orientation, reads_each_of_the_eight) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    EXPECT_EQ(exif_orientation(exif_block(orientation)), orientation);
  }
}

TEST(exif_orientation, reads_big_endian_as_well) {
  EXPECT_EQ(exif_orientation("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"s),
            6);
}

TEST(exif_orientation, is_one_for_what_is_out_of_range) {
  for (const int orientation : {0, 9, 255, 65535}) {
    EXPECT_EQ(exif_orientation(exif_block(orientation)), 1) << orientation;
  }
}

TEST(exif_orientation, is_one_wherever_the_block_breaks_off) {
  const Bytes block = exif_block(6);
  // The entry ends 4 bytes before the block does: what follows is the next directory's place.
  for (std::size_t size = 0; size < block.size() - 4; ++size) {
    EXPECT_EQ(exif_orientation(ByteView(block).substr(0, size)), 1) << size;
  }
}

TEST(exif_orientation, follows_no_loop_and_no_wild_place) {
  Bytes loop = exif_block(6);
  loop.replace(4, 4, little_endian(4, 4));  // a directory within the header itself
  EXPECT_EQ(exif_orientation(loop), 1);
  Bytes wild = exif_block(6);
  wild.replace(4, 4, little_endian(0xFFFF'FFF0, 4));
  EXPECT_EQ(exif_orientation(wild), 1);
  Bytes next_is_itself = exif_block(3);
  next_is_itself.replace(next_is_itself.size() - 4, 4, little_endian(8, 4));
  EXPECT_EQ(exif_orientation(next_is_itself), 3);
}

}  // namespace
}  // namespace miniatura
