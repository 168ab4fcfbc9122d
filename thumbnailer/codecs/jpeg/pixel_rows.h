// Rows of pixels as JFIF's brightness and colour differences. Pure; the same on every processor.
#pragma once

#include <cstddef>
#include <cstdint>

#include "thumbnailer/processor.h"

namespace miniatura {

// Samples of one row, apart.
template <class Sample>
struct RgbRow {
  Sample* red;
  Sample* green;
  Sample* blue;
};

// `pixels` have 3 channels, or 4 of which the last means nothing.
void split_pixels(const std::uint8_t* pixels, int channels, std::size_t count,
                  const RgbRow<std::uint8_t>& row, Processor processor = this_processor());

void to_brightness(const RgbRow<const std::uint8_t>& row, std::size_t count,
                   std::uint8_t* brightness, Processor processor = this_processor());

// The mean of two rows, and in them of `across` (1 or 2) neighbours: `count` samples of each
// colour, of `across * count` pixels.
struct ColourRow {
  std::uint8_t* blue;
  std::uint8_t* red;
};
void to_colours(const RgbRow<const std::uint8_t>& above, const RgbRow<const std::uint8_t>& below,
                int across, std::size_t count, const ColourRow& colours,
                Processor processor = this_processor());

}  // namespace miniatura
