#include "thumbnailer/codecs/jpeg/pixel_rows.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <vector>

namespace miniatura {
namespace {

using Row = std::vector<std::uint8_t>;

struct Apart {
  Row red, green, blue;
  RgbRow<const std::uint8_t> row() const { return {red.data(), green.data(), blue.data()}; }
};

Row noise(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  Row row(count);
  for (std::uint8_t& sample : row) sample = static_cast<std::uint8_t>(random() % 256);
  return row;
}

Apart apart(const Row& pixels, int channels, std::size_t count,
            Processor processor = this_processor()) {
  Apart found{Row(count), Row(count), Row(count)};
  split_pixels(pixels.data(), channels, count,
               {found.red.data(), found.green.data(), found.blue.data()}, processor);
  return found;
}

// Black, white, and what is full of one colour or two; grey; noise.
Apart colours() {
  Apart found{noise(512, 1), noise(512, 2), noise(512, 3)};
  for (std::size_t i = 0; i < 8; ++i) {
    found.red[2 * i] = found.red[2 * i + 1] = i & 1U ? 255 : 0;
    found.green[2 * i] = found.green[2 * i + 1] = i & 2U ? 255 : 0;
    found.blue[2 * i] = found.blue[2 * i + 1] = i & 4U ? 255 : 0;
  }
  for (std::size_t i = 16; i < 272; ++i) {
    found.red[i] = found.green[i] = found.blue[i] = static_cast<std::uint8_t>(i - 16);
  }
  return found;
}

Row brightness_of(const Apart& pixels, Processor processor = this_processor()) {
  Row found(pixels.red.size());
  to_brightness(pixels.row(), found.size(), found.data(), processor);
  return found;
}

struct Differences {
  Row blue, red;
  bool operator==(const Differences&) const = default;
};
Differences differences_of(const Apart& above, const Apart& below, int across,
                           Processor processor = this_processor()) {
  const std::size_t count = above.red.size() / static_cast<std::size_t>(across);
  Differences found{Row(count), Row(count)};
  to_colours(above.row(), below.row(), across, count, {found.blue.data(), found.red.data()},
             processor);
  return found;
}

TEST(pixel_rows, takes_pixels_of_three_and_of_four_channels_apart) {
  for (const int channels : {3, 4}) {
    for (const std::size_t count : {1U, 7U, 64U, 101U}) {
      const Row pixels = noise(count * static_cast<std::size_t>(channels), 5);
      const Apart found = apart(pixels, channels, count);
      for (std::size_t x = 0; x < count; ++x) {
        const std::uint8_t* const pixel = pixels.data() + x * static_cast<std::size_t>(channels);
        EXPECT_EQ(found.red[x], pixel[0]);
        EXPECT_EQ(found.green[x], pixel[1]);
        EXPECT_EQ(found.blue[x], pixel[2]);
      }
    }
  }
}

TEST(pixel_rows, makes_jfifs_brightness) {
  const Apart pixels = colours();
  const Row found = brightness_of(pixels);
  for (std::size_t x = 0; x < found.size(); ++x) {
    const double exact = 0.299 * pixels.red[x] + 0.587 * pixels.green[x] + 0.114 * pixels.blue[x];
    EXPECT_NEAR(found[x], exact, 0.501) << x;
    const bool grey = x >= 16 && x < 272;
    if (grey) {
      EXPECT_EQ(found[x], x - 16);
    }
  }
}

TEST(pixel_rows, makes_jfifs_colours_of_two_pixels_or_of_four) {
  const Apart above = colours();
  const Apart others{noise(512, 7), noise(512, 8), noise(512, 9)};
  for (const std::size_t across : {1U, 2U}) {
    for (const Apart& below : {above, others}) {
      const Differences found = differences_of(above, below, static_cast<int>(across));
      for (std::size_t x = 0; x < found.blue.size(); ++x) {
        double red = 0;
        double green = 0;
        double blue = 0;
        for (std::size_t i = x * across; i < (x + 1) * across; ++i) {
          red += (above.red[i] + below.red[i]) / (2.0 * static_cast<double>(across));
          green += (above.green[i] + below.green[i]) / (2.0 * static_cast<double>(across));
          blue += (above.blue[i] + below.blue[i]) / (2.0 * static_cast<double>(across));
        }
        const double cb = std::min(128 - 0.168736 * red - 0.331264 * green + 0.5 * blue, 255.0);
        const double cr = std::min(128 + 0.5 * red - 0.418688 * green - 0.081312 * blue, 255.0);
        EXPECT_NEAR(found.blue[x], cb, 0.502) << across << ": " << x;
        EXPECT_NEAR(found.red[x], cr, 0.502) << across << ": " << x;
      }
    }
  }
}

TEST(pixel_rows, gives_the_same_bits_with_avx2_and_without) {
  if (this_processor() == Processor::any) GTEST_SKIP() << "no AVX2 here";
  const Row pixels = noise(1204, 4);
  for (const int channels : {3, 4}) {
    const Apart with = apart(pixels, channels, 301, Processor::with_avx2);
    const Apart without = apart(pixels, channels, 301, Processor::any);
    EXPECT_EQ(with.red, without.red);
    EXPECT_EQ(with.green, without.green);
    EXPECT_EQ(with.blue, without.blue);
  }
  const Apart found = colours();
  EXPECT_EQ(brightness_of(found, Processor::any), brightness_of(found, Processor::with_avx2));
  for (const int across : {1, 2}) {
    EXPECT_EQ(differences_of(found, found, across, Processor::any),
              differences_of(found, found, across, Processor::with_avx2));
  }
}

}  // namespace
}  // namespace miniatura
