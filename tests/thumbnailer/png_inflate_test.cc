#include "thumbnailer/codecs/png/png_inflate.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/images.h"

namespace miniatura {
namespace {

using namespace pictures;

constexpr std::size_t kSize = 1 + 20 * 258;  // a size that deflated_zeros hits

bool inflates(const Bytes& chunks, std::size_t size = kSize) {
  return inflated_image_data("12345" + chunks, 5, size, 8) != nullptr;
}

TEST(inflated_image_data, is_what_was_deflated) {
  const Bytes stream = deflated_zeros(kSize);
  const Bytes end = png_chunk("IEND", "");
  const auto rows = inflated_image_data(png_chunk("IDAT", stream) + end, 0, kSize, 8);
  ASSERT_NE(rows, nullptr);
  EXPECT_EQ(std::count(rows.get(), rows.get() + kSize, 0), static_cast<std::ptrdiff_t>(kSize));
  EXPECT_TRUE(
      inflates(png_chunk("IDAT", stream.substr(0, 3)) + png_chunk("IDAT", stream.substr(3)) + end));
}

TEST(inflated_image_data, is_nothing_where_anything_is_odd) {
  const Bytes stream = deflated_zeros(kSize);
  const Bytes data = png_chunk("IDAT", stream);
  const Bytes end = png_chunk("IEND", "");
  ASSERT_TRUE(inflates(data + end));
  EXPECT_FALSE(inflates(data + end, kSize - 1)) << "more than is wanted";
  EXPECT_FALSE(inflates(data + end, kSize + 1)) << "less";
  EXPECT_FALSE(inflates(end)) << "nothing";
  EXPECT_FALSE(inflates("")) << "no end";
  EXPECT_FALSE(inflates(data)) << "no end";
  EXPECT_FALSE(inflates(data + png_chunk("fdAT", "") + end)) << "another chunk";
  EXPECT_FALSE(inflates(png_chunk("IDAT", "\x78") + end)) << "half a header";
  EXPECT_FALSE(inflates(png_chunk("IDAT", "\x78\x02" + stream.substr(2)) + end)) << "no header";
  for (std::size_t i = 0; i < data.size() + end.size(); ++i) {
    Bytes flipped = data + end;
    flipped[i] = static_cast<char>(flipped[i] ^ 4);
    EXPECT_FALSE(inflates(flipped)) << i;
    EXPECT_FALSE(inflates((data + end).substr(0, i))) << i;
  }
}

}  // namespace
}  // namespace miniatura
