#include "thumbnailer/heif_derived.h"

#include <gtest/gtest.h>

#include "tests/support/fixture.h"
#include "tests/support/images.h"
#include "thumbnailer/header.h"

namespace miniatura {
namespace {

using namespace pictures;

using Items = std::vector<std::uint32_t>;

Bytes derivation(std::uint32_t item, const Items& from, int id_bytes) {
  Bytes body = big_endian(item, id_bytes) + big_endian(static_cast<std::uint32_t>(from.size()), 2);
  for (const std::uint32_t one : from) body += big_endian(one, id_bytes);
  return box("dimg", body);
}

bool in_circles(const std::vector<std::pair<std::uint32_t, Items>>& derivations) {
  bool found = false;
  for (const int id_bytes : {2, 4}) {
    Bytes body = big_endian(id_bytes == 4 ? 0x0100'0000 : 0, 4);
    for (const auto& [item, from] : derivations) body += derivation(item, from, id_bytes);
    found = derives_in_circles(box("hdlr", "") + box("iref", body));
  }
  return found;
}

TEST(derives_in_circles, finds_every_circle) {
  EXPECT_TRUE(in_circles({{1, {1}}}));
  EXPECT_TRUE(in_circles({{1, {7, 8, 1}}}));
  EXPECT_TRUE(in_circles({{1, {2}}, {2, {1}}}));
  EXPECT_TRUE(in_circles({{9, {3}}, {1, {2}}, {3, {1}}, {2, {3}}}));
}

TEST(derives_in_circles, leaves_grids_and_what_is_made_of_grids) {
  EXPECT_FALSE(in_circles({}));
  EXPECT_FALSE(in_circles({{1, {2, 3, 4}}}));
  EXPECT_FALSE(in_circles({{9, {1, 5}}, {1, {2, 3, 4}}, {5, {6, 7}}}));
  EXPECT_TRUE(in_circles({{9, {1}}, {1, {2}}, {2, {3}}})) << "deeper than anybody's";
}

TEST(derives_in_circles, reads_no_farther_than_there_are_bytes) {
  const Bytes whole = box("iref", big_endian(0, 4) + derivation(1, {2, 3}, 2));
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    EXPECT_FALSE(derives_in_circles(whole.substr(0, size)));
  }
}

TEST(derives_in_circles, such_a_file_is_corrupt) {
  Bytes avif = read_picture("avif-grid.avif");
  ASSERT_TRUE(read_header(avif, ImageFormat::avif, ImageExtent::whole));
  const std::size_t item = avif.find("dimg") + 4;
  avif.replace(item + 4, 2, avif.substr(item, 2));
  const auto header = read_header(avif, ImageFormat::avif, ImageExtent::whole);
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().code, ErrorCode::image_corrupt);
}

}  // namespace
}  // namespace miniatura
