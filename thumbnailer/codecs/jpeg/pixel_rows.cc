#include "thumbnailer/codecs/jpeg/pixel_rows.h"

#include "thumbnailer/float_vectors.h"

namespace miniatura {
namespace {

// JFIF's matrix with 16 bits behind the point (jccolor.c).
constexpr int kPoint = 16;
constexpr int kRedOfY = 19'595, kGreenOfY = 38'470, kBlueOfY = 7'471;
constexpr int kRedOfCb = -11'059, kGreenOfCb = -21'709, kHalfOfBoth = 32'768;
constexpr int kGreenOfCr = -27'439, kBlueOfCr = -5'329;
constexpr int kHalf = 1 << (kPoint - 1);
// Just less than half up: full blue is 255.5.
constexpr int kMiddle = (128 << kPoint) + kHalf - 1;

template <int channels>
MINIATURA_INLINE inline void split(const std::uint8_t* __restrict pixels, std::size_t count,
                                   std::uint8_t* __restrict red, std::uint8_t* __restrict green,
                                   std::uint8_t* __restrict blue) {
  for (std::size_t x = 0; x < count; ++x) {
    red[x] = pixels[channels * x];
    green[x] = pixels[channels * x + 1];
    blue[x] = pixels[channels * x + 2];
  }
}

template <std::size_t across>
MINIATURA_INLINE inline int sum(const std::uint8_t* above, const std::uint8_t* below,
                                std::size_t x) {
  int found = above[across * x] + below[across * x];
  if constexpr (across == 2) found += above[2 * x + 1] + below[2 * x + 1];
  return found;
}

template <std::size_t across>
MINIATURA_INLINE inline void average(const RgbRow<const std::uint8_t>& above,
                                     const RgbRow<const std::uint8_t>& below, std::size_t count,
                                     const ColourRow& colours) {
  constexpr int kShift = across == 2 ? 2 : 1;  // so many samples in a sum
  std::uint8_t* __restrict const to_blue = colours.blue;
  std::uint8_t* __restrict const to_red = colours.red;
  for (std::size_t x = 0; x < count; ++x) {
    const int red = sum<across>(above.red, below.red, x);
    const int green = sum<across>(above.green, below.green, x);
    const int blue = sum<across>(above.blue, below.blue, x);
    const int cb = kRedOfCb * red + kGreenOfCb * green + kHalfOfBoth * blue;
    const int cr = kHalfOfBoth * red + kGreenOfCr * green + kBlueOfCr * blue;
    to_blue[x] = static_cast<std::uint8_t>((cb + (kMiddle << kShift)) >> (kPoint + kShift));
    to_red[x] = static_cast<std::uint8_t>((cr + (kMiddle << kShift)) >> (kPoint + kShift));
  }
}

}  // namespace

void split_pixels(const std::uint8_t* pixels, int channels, std::size_t count,
                  const RgbRow<std::uint8_t>& row, Processor processor) {
  run(processor, [&]() MINIATURA_INLINE {
    if (channels == 4) return split<4>(pixels, count, row.red, row.green, row.blue);
    split<3>(pixels, count, row.red, row.green, row.blue);
  });
}

void to_brightness(const RgbRow<const std::uint8_t>& row, std::size_t count,
                   std::uint8_t* brightness, Processor processor) {
  run(processor, [&]() MINIATURA_INLINE {
    const std::uint8_t* __restrict const red = row.red;
    const std::uint8_t* __restrict const green = row.green;
    const std::uint8_t* __restrict const blue = row.blue;
    std::uint8_t* __restrict const to = brightness;
    for (std::size_t x = 0; x < count; ++x) {
      const int sum = kRedOfY * red[x] + kGreenOfY * green[x] + kBlueOfY * blue[x];
      to[x] = static_cast<std::uint8_t>((sum + kHalf) >> kPoint);
    }
  });
}

void to_colours(const RgbRow<const std::uint8_t>& above, const RgbRow<const std::uint8_t>& below,
                int across, std::size_t count, const ColourRow& colours, Processor processor) {
  run(processor, [&]() MINIATURA_INLINE {
    if (across == 2) return average<2>(above, below, count, colours);
    average<1>(above, below, count, colours);
  });
}

}  // namespace miniatura
