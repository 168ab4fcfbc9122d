#include "thumbnailer/heif_derived.h"

#include <gtest/gtest.h>

#include "tests/support/fixture.h"
#include "tests/support/images.h"
#include "thumbnailer/header.h"

namespace miniatura {
namespace {

using namespace pictures;

using Items = std::vector<std::uint32_t>;

Bytes derivation(std::uint32_t item, const Items& from, int id_bytes,
                 std::string_view type = "dimg") {
  Bytes body = big_endian(item, id_bytes) + big_endian(static_cast<std::uint32_t>(from.size()), 2);
  for (const std::uint32_t one : from) body += big_endian(one, id_bytes);
  return box(type, body);
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

// Of items that derive, and of alphas: (alpha, whose).
Bytes with_alphas(const std::vector<std::pair<std::uint32_t, Items>>& derivations,
                  const std::vector<std::pair<std::uint32_t, std::uint32_t>>& alphas) {
  Bytes body = big_endian(0, 4);
  for (const auto& [item, from] : derivations) body += derivation(item, from, 2);
  for (const auto& [alpha, whose] : alphas) body += derivation(alpha, {whose}, 2, "auxl");
  return box("iref", body);
}

TEST(derives_in_circles, finds_circles_by_way_of_alpha) {
  EXPECT_TRUE(derives_in_circles(with_alphas({}, {{1, 1}})));
  EXPECT_TRUE(derives_in_circles(with_alphas({}, {{2, 1}, {1, 2}})));
  EXPECT_TRUE(derives_in_circles(with_alphas({{2, {1, 5}}}, {{2, 1}})))
      << "a grid of what it is of";
  EXPECT_TRUE(derives_in_circles(with_alphas({{1, {2}}}, {{1, 2}})));
  EXPECT_TRUE(derives_in_circles(with_alphas({}, {{2, 1}, {3, 2}, {1, 3}})));
}

TEST(derives_in_circles, leaves_alphas_of_grids_and_of_their_tiles) {
  EXPECT_FALSE(derives_in_circles(with_alphas({}, {{2, 1}, {3, 1}})));
  EXPECT_FALSE(derives_in_circles(with_alphas({{1, {5, 6}}, {2, {7, 8}}}, {{2, 1}})));
  EXPECT_FALSE(derives_in_circles(with_alphas({{1, {5, 6}}}, {{7, 5}, {8, 6}})));
  EXPECT_FALSE(derives_in_circles(with_alphas({{9, {1}}, {1, {5, 6}}, {2, {7, 8}}}, {{2, 1}})));
}

TEST(derives_in_circles, reads_no_farther_than_there_are_bytes) {
  const Bytes whole = box("iref", big_endian(0, 4) + derivation(1, {2, 3}, 2));
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    EXPECT_FALSE(derives_in_circles(whole.substr(0, size)));
  }
}

using Derivations = std::vector<std::pair<std::uint32_t, Items>>;

Bytes meta_of(const Derivations& derivations, int id_bytes) {
  Bytes body = big_endian(id_bytes == 4 ? 0x0100'0000 : 0, 4);
  for (const auto& [item, from] : derivations) body += derivation(item, from, id_bytes);
  return box("hdlr", "") + box("iref", body);
}

std::uint64_t items_of(const Derivations& derivations) {
  const std::uint64_t narrow = derived_items(meta_of(derivations, 2));
  EXPECT_EQ(derived_items(meta_of(derivations, 4)), narrow);
  return narrow;
}

TEST(derived_items, counts_what_the_largest_is_made_of_each_as_often_as_it_comes) {
  EXPECT_EQ(items_of({}), 0U);
  EXPECT_EQ(items_of({{1, {2, 3, 4}}}), 3U);
  EXPECT_EQ(items_of({{1, {2, 2, 2, 2}}}), 4U);
  EXPECT_EQ(items_of({{1, {2, 3}}, {1, {4}}}), 3U) << "in two boxes";
  EXPECT_EQ(items_of({{5, {6, 7}}, {1, {2, 3, 4}}}), 3U) << "side by side";
  EXPECT_EQ(items_of({{9, {1, 5}}, {1, {2, 3, 4}}, {5, {6, 7}}}), 7U);
  EXPECT_EQ(items_of({{9, Items(1000, 1)}, {1, Items(1000, 2)}}), 1'001'000U);
}

TEST(derived_items, counts_alphas_and_three_steps) {
  EXPECT_EQ(derived_items(with_alphas({}, {{2, 1}, {3, 1}})), 2U);
  EXPECT_EQ(derived_items(with_alphas({{9, {1, 1}}, {1, {5, 6}}, {2, {7, 8, 8}}}, {{2, 1}})),
            2 * (1 + 2 + 1 + 3U));
  EXPECT_EQ(derived_items(with_alphas({{9, Items(60'000, 1)}, {1, Items(60'000, 2)}}, {})),
            1'000'000'000U)
      << "saturated";
}

TEST(derived_items, reads_no_farther_than_there_are_bytes) {
  const Bytes whole = meta_of({{1, {2, 3}}}, 2);
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    EXPECT_LE(derived_items(whole.substr(0, size)), 2U);
  }
}

TEST(derived_items, a_file_of_more_than_some_thousands_is_too_large) {
  const Bytes start = heif_start("heic", {ispe(4096, 4096)});
  for (const std::uint32_t rows : {63U, 65U}) {
    // A box of the size that stands before it; more references at the end of `meta`.
    const Bytes added = meta_of({{1000, Items(rows, 1001)}, {1001, Items(62, 7)}}, 2);
    Bytes heic = start;
    const std::size_t meta = heic.find("meta") - 4;
    std::uint32_t size = 0;
    for (std::size_t i = 0; i < 4; ++i)
      size = size << 8U | static_cast<unsigned char>(heic[meta + i]);
    heic.insert(meta + size, added);
    heic.replace(meta, 4, big_endian(size + static_cast<std::uint32_t>(added.size()), 4));
    const auto header = read_header(heic, ImageFormat::heic, ImageExtent::start);
    EXPECT_EQ(header.has_value(), rows == 63);
    if (header) continue;
    EXPECT_EQ(header.error().code, ErrorCode::image_too_large);
    EXPECT_EQ(header.error().message, "HEIF made of 4095 pictures, over the limit of 4000");
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

TEST(derives_in_circles, an_alpha_of_itself_is_corrupt) {
  Bytes avif = read_picture("avif-alpha.avif");
  ASSERT_TRUE(read_header(avif, ImageFormat::avif, ImageExtent::whole));
  const std::size_t item = avif.find("auxl") + 4;
  avif.replace(item + 4, 2, avif.substr(item, 2));
  const auto header = read_header(avif, ImageFormat::avif, ImageExtent::whole);
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().code, ErrorCode::image_corrupt);
}

}  // namespace
}  // namespace miniatura
