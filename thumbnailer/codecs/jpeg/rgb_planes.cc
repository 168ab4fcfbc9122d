#include "thumbnailer/codecs/jpeg/rgb_planes.h"

#include <algorithm>
#include <utility>

#include "thumbnailer/codecs/jpeg/pixel_rows.h"

namespace miniatura {
namespace {

// 1.402, 0.34414, 0.71414 and 1.772 with 16 bits behind the point (jdcolor.c), less whole numbers
// that are added by themselves: so each product is of two numbers of 16 bits, of which vectors make
// eight at a time.
constexpr int kPoint = 16;
constexpr int kHalf = 1 << (kPoint - 1);
constexpr std::int16_t kRedOfCr = 91'881 - 65'536;        // and 1
constexpr std::int16_t kGreenOfCb = -22'554;              // and 0
constexpr std::int16_t kGreenOfCr = 65'536 - 46'802;      // and -1
constexpr std::int16_t kBlueOfCb = 116'130 - 2 * 65'536;  // and 2

std::uint8_t byte_of(int number) { return static_cast<std::uint8_t>(std::clamp(number, 0, 255)); }

void row_to_rgb(std::uint8_t* __restrict first, std::uint8_t* __restrict second,
                std::uint8_t* __restrict third, int count) {
  for (int x = 0; x < count; ++x) {
    const std::int16_t y = first[x];
    const auto cb = static_cast<std::int16_t>(second[x] - 128);
    const auto cr = static_cast<std::int16_t>(third[x] - 128);
    first[x] = byte_of(y + cr + ((kRedOfCr * cr + kHalf) >> kPoint));
    second[x] = byte_of(y - cr + ((kGreenOfCb * cb + kGreenOfCr * cr + kHalf) >> kPoint));
    third[x] = byte_of(y + 2 * cb + ((kBlueOfCb * cb + kHalf) >> kPoint));
  }
}

void repeat(const std::uint8_t* __restrict from, int count, std::uint8_t* __restrict to) {
  for (std::ptrdiff_t x = 0; x < count; ++x) to[2 * x] = to[2 * x + 1] = from[x];
}

// Each sample as two, each three quarters of it and one of its neighbour (h2v1_fancy_upsample).
void smooth(const std::uint8_t* __restrict from, int count, std::uint8_t* __restrict to) {
  to[0] = from[0];
  to[2 * std::ptrdiff_t{count} - 1] = from[count - 1];
  for (std::ptrdiff_t x = 1; x < count; ++x) {
    to[2 * x - 1] = static_cast<std::uint8_t>((3 * from[x - 1] + from[x] + 2) >> 2);
    to[2 * x] = static_cast<std::uint8_t>((3 * from[x] + from[x - 1] + 1) >> 2);
  }
}

Plane widened(const Plane& plane, const Plane& like) {
  Plane wide({2 * plane.size.width, plane.size.height}, 8);
  const bool is_eighth = like.across <= 1.0 / 8;
  const auto widen = is_eighth || plane.size.width <= 2 ? repeat : smooth;
  for (int y = 0; y < plane.size.height; ++y) widen(plane.row(y), plane.size.width, wide.row(y));
  wide.averaged = like.averaged;
  wide.size = like.size;
  wide.across = like.across;
  wide.down = like.down;
  return wide;
}

}  // namespace

Planes to_rgb(Planes planes) {
  for (Plane& plane : planes.colour) {
    if (plane.across != planes.colour[0].across) plane = widened(plane, planes.colour[0]);
  }
  for (int y = 0; y < planes.colour[0].size.height; ++y) {
    row_to_rgb(planes.colour[0].row(y), planes.colour[1].row(y), planes.colour[2].row(y),
               planes.colour[0].size.width);
  }
  for (Plane& plane : planes.colour) plane.excess = 0;  // it was of what they are made of
  planes.coding = Coding::rgb;
  return planes;
}

void split_row(const std::uint8_t* pixels, Planes& planes, int y) {
  constexpr int kChannels = 4;
  split_pixels(pixels, kChannels, static_cast<std::size_t>(planes.colour[0].size.width),
               {planes.colour[0].row(y), planes.colour[1].row(y), planes.colour[2].row(y)});
}

}  // namespace miniatura
