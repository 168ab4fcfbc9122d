#include "thumbnailer/gif_frames.h"

#include <gtest/gtest.h>

#include "tests/support/fixture.h"
#include "tests/support/images.h"

namespace miniatura {
namespace {

using namespace pictures;
using namespace std::string_literals;

constexpr Colour kPalette[] = {kRed, kGreen, kBlue, kYellow};

struct GifFrame {
  Rectangle place;
  int index = 0;  // all of it
  unsigned disposal = 1;
  unsigned delay_hundredths = 10;
  int transparent = -1;
};

// Codes of 8 bits alone: the table is cleared before they would grow.
Bytes plain_codes(std::size_t count, int index) {
  Bytes codes;
  for (std::size_t i = 0; i < count; ++i) {
    if (i % 100 == 0) codes += '\x80';
    codes += static_cast<char>(index);
  }
  codes += '\x81';
  Bytes blocks = "\x07"s;
  for (std::size_t at = 0; at < codes.size(); at += 255) {
    const Bytes block = codes.substr(at, 255);
    blocks += static_cast<char>(block.size()) + block;
  }
  return blocks + '\0';
}

Bytes block_of(const GifFrame& frame) {
  const auto side = [](int value) { return little_endian(static_cast<std::uint32_t>(value), 2); };
  Bytes block = "\x21\xF9\x04"s;
  block += static_cast<char>(frame.disposal << 2U | (frame.transparent >= 0 ? 1U : 0U));
  block += little_endian(frame.delay_hundredths, 2);
  block += static_cast<char>(std::max(frame.transparent, 0));
  block += "\0\x2C"s + side(frame.place.left) + side(frame.place.top) + side(frame.place.width) +
           side(frame.place.height) + '\0';
  return block + plain_codes(static_cast<std::size_t>(frame.place.width) *
                                 static_cast<std::size_t>(frame.place.height),
                             frame.index);
}

Bytes gif(Size size, const std::vector<GifFrame>& frames, const Bytes& extension = {}) {
  Bytes bytes = "GIF89a" + little_endian(static_cast<std::uint32_t>(size.width), 2) +
                little_endian(static_cast<std::uint32_t>(size.height), 2) + "\x81\0\0"s;
  for (const Colour& colour : kPalette) bytes.append(colour.begin(), colour.end());
  bytes += extension;
  for (const GifFrame& frame : frames) bytes += block_of(frame);
  return bytes + ';';
}

std::vector<Frame> frames_of(const Bytes& bytes, Size size) {
  const FrameReader reader = read_gif_frames(bytes, size).value();
  std::vector<Frame> frames;
  while (auto frame = reader.next().value()) frames.push_back(*std::move(frame));
  return frames;
}

// Of each quarter of a 20x20: its place in the palette, or -1 where one sees through.
std::vector<int> seen(const Raster& raster) {
  std::vector<int> quarters;
  for (const auto& [x, y] :
       {std::pair(5, 5), std::pair(15, 5), std::pair(5, 15), std::pair(15, 15)}) {
    const std::uint8_t* const pixel = raster.at(x, y);
    const Colour colour = {pixel[0], pixel[1], pixel[2]};
    const auto* const found = std::find(std::begin(kPalette), std::end(kPalette), colour);
    quarters.push_back(pixel[3] == 0 ? -1 : static_cast<int>(found - std::begin(kPalette)));
  }
  return quarters;
}

constexpr Size kSize = {20, 20};
constexpr Rectangle kAll = {0, 0, 20, 20}, kLeft = {0, 0, 10, 20}, kCorner = {10, 10, 10, 10};

TEST(gif_frames, puts_each_frame_on_those_before) {
  const auto frames = frames_of(gif(kSize, {{kAll, 0}, {kLeft, 1}, {kCorner, 2}}), kSize);
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(seen(frames[0].raster), (std::vector<int>{0, 0, 0, 0}));
  EXPECT_EQ(seen(frames[1].raster), (std::vector<int>{1, 0, 1, 0}));
  EXPECT_EQ(seen(frames[2].raster), (std::vector<int>{1, 0, 1, 2}));
}

TEST(gif_frames, takes_away_what_asks_for_it) {
  const auto frames =
      frames_of(gif(kSize, {{kAll, 0}, {kLeft, 1, 2}, {kCorner, 2, 3}, {kCorner, 3, 0}}), kSize);
  ASSERT_EQ(frames.size(), 4U);
  EXPECT_EQ(seen(frames[1].raster), (std::vector<int>{1, 0, 1, 0}));
  EXPECT_EQ(seen(frames[2].raster), (std::vector<int>{-1, 0, -1, 2}));
  EXPECT_EQ(seen(frames[3].raster), (std::vector<int>{-1, 0, -1, 3}));
  const auto undone = frames_of(gif(kSize, {{kAll, 0}, {kLeft, 1, 3}, {{0, 0, 1, 1}, 2}}), kSize);
  EXPECT_EQ(seen(undone.at(2).raster), (std::vector<int>{0, 0, 0, 0}));
}

TEST(gif_frames, lets_what_is_transparent_be_seen_through) {
  const auto frames =
      frames_of(gif(kSize, {{kLeft, 1}, {kAll, 2, 1, 10, 2}, {kCorner, 0, 1, 10, 3}}), kSize);
  EXPECT_EQ(seen(frames.at(1).raster), (std::vector<int>{1, -1, 1, -1}));
  EXPECT_EQ(seen(frames.at(2).raster), (std::vector<int>{1, -1, 1, 0}));
}

TEST(gif_frames, lasts_as_long_as_browsers_have_it) {
  const auto frames = frames_of(
      gif(kSize, {{kAll, 0, 1, 0}, {kAll, 1, 1, 1}, {kAll, 2, 1, 2}, {kAll, 3, 1, 500}}), kSize);
  const int expected[] = {100, 100, 20, 5000};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(frames.at(i).duration_ms, expected[i]);
}

TEST(gif_frames, counts_the_loops_from_the_first_showing) {
  const auto loops = [](const Bytes& count) {
    const Bytes extension = "\x21\xFF\x0BNETSCAPE2.0\x03\x01" + count + '\0';
    return read_gif_frames(gif(kSize, {{kAll, 0}}, extension), kSize)->loops;
  };
  EXPECT_EQ(read_gif_frames(gif(kSize, {{kAll, 0}}), kSize)->loops, 1);
  EXPECT_EQ(loops("\0\0"s), 0);
  EXPECT_EQ(loops("\x02\0"s), 3);
  EXPECT_EQ(loops("\xFF\xFF"s), 65'535);
}

TEST(gif_frames, reads_anothers_compression_and_interlace) {
  const Raster expected = pixels_of(read_fixture("images/cat.gif.png"));
  for (const auto* name : {"images/cat.gif", "images/cat-interlaced.gif"}) {
    const auto frames = frames_of(read_fixture(name), expected.size);
    ASSERT_EQ(frames.size(), 1U) << name;
    EXPECT_EQ(flattened(frames[0].raster, kWhite).pixels, expected.pixels) << name;
  }
}

TEST(gif_frames, paints_within_the_canvas_alone) {
  const auto frames = frames_of(gif(kSize, {{{15, 15, 20, 20}, 1}}), kSize);
  EXPECT_EQ(seen(frames.at(0).raster), (std::vector<int>{-1, -1, -1, 1}));
  const Bytes larger = gif(kSize, {{{0, 0, 21, 1}, 1}});
  const auto refused = read_gif_frames(larger, kSize)->next();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::image_corrupt);
}

TEST(gif_frames, ends_with_the_last_whole_frame_and_never_reads_outside) {
  for (const Bytes& whole :
       {gif(kSize, {{kAll, 0}, {kLeft, 1}}), read_fixture("images/cat-interlaced.gif")}) {
    for (std::size_t size = 0; size < whole.size(); size += 1 + size / 500) {
      const Bytes cut = whole.substr(0, size);
      const FrameReader reader = read_gif_frames(cut, kSize).value();
      for (int i = 0; i < 3; ++i) {
        const auto frame = reader.next();
        if (!frame || !*frame) break;
      }
    }
  }
  const Bytes two = gif(kSize, {{kAll, 0}, {kLeft, 1}});
  EXPECT_EQ(frames_of(two.substr(0, two.size() - 20), kSize).size(), 1U);
  EXPECT_EQ(frames_of("", kSize).size(), 0U);
}

}  // namespace
}  // namespace miniatura
