#include "thumbnailer/iso_items.h"

#include <gtest/gtest.h>

#include "tests/support/fixture.h"
#include "tests/support/images.h"
#include "thumbnailer/iso_box.h"

namespace miniatura {
namespace {

using namespace pictures;

ByteView meta_of(ByteView file) {
  while (const auto box = next_box(file)) {
    if (box->type == "meta") return box->body.substr(kFullBoxBytes);
  }
  throw std::runtime_error("no meta");
}

TEST(iso_items, are_found_with_their_types_and_bytes) {
  const Bytes file = read_picture("heic-exif-6.heic");
  const auto items = iso_items(file, meta_of(file));
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].type, "hvc1");
  EXPECT_EQ(items[1].type, "Exif");
  EXPECT_TRUE(items[0].whole && items[1].whole);
  EXPECT_NE(items[1].bytes.find("MM"), ByteView::npos);
  const Bytes tiles = read_picture("avif-grid.avif");
  std::size_t pictures = 0;
  for (const IsoItem& item : iso_items(tiles, meta_of(tiles))) {
    pictures += item.type == "av01" ? 1U : 0U;
  }
  EXPECT_EQ(pictures, 4U);
}

TEST(iso_items, that_lie_behind_the_end_are_not_whole) {
  const Bytes file = read_picture("heic-plain.heic");
  const Bytes part = file.substr(0, file.size() - 1);
  const auto items = iso_items(part, meta_of(part));
  ASSERT_EQ(items.size(), 1U);
  EXPECT_FALSE(items[0].whole);
  EXPECT_TRUE(items[0].bytes.empty());
}

TEST(iso_items, of_any_damage_lie_within_the_file) {
  const Bytes file = read_picture("avif-grid.avif");
  const ByteView inside = meta_of(file);
  const auto meta_at = static_cast<std::size_t>(inside.data() - file.data());
  for (std::size_t at = 0; at < inside.size(); ++at) {
    Bytes damaged = file;
    damaged[meta_at + at] = static_cast<char>(~damaged[meta_at + at]);
    for (const IsoItem& item :
         iso_items(damaged, ByteView(damaged).substr(meta_at, inside.size()))) {
      EXPECT_LE(item.bytes.size(), file.size());
    }
  }
}

}  // namespace
}  // namespace miniatura
