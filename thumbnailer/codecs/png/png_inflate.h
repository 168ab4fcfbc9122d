// The pixels of a sound PNG by libdeflate, in one go. Measured against zlib, piece by piece: 2.4 ms
// instead of 9.5 for 3 million pixels that are smooth, 9.7 instead of 30.8 for a screenshot. Pure.
#pragma once

#include <cstdint>
#include <memory>

#include "runtime/bytes.h"

namespace miniatura {

// The image data of a PNG that begin at `at`, inflated: `size` bytes, and `slack` behind them.
// Nothing if they are anything but IDATs and IEND with correct checksums that hold exactly so much:
// libpng then has to say what is wrong, or whether it does not matter. Throws std::bad_alloc.
std::unique_ptr<std::uint8_t[]> inflated_image_data(ByteView png, std::size_t at, std::size_t size,
                                                    std::size_t slack);

}  // namespace miniatura
