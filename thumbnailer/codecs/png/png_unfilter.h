// PNG's filters undone (W3C PNG, third edition, 9): each byte of a row is stored as the difference
// from what its neighbours let expect. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace miniatura {

// So many bytes behind a row's end are read, whatever they are, and left as they stand.
constexpr std::size_t kUnfilterSlackBytes = 8;

// In place. `above` is the row above, unfiltered, of as many bytes; of the first row, zeros.
// `pixel_bytes` is 1, 2, 3, 4, 6 or 8. False: there is no such filter.
bool unfilter(unsigned filter, std::uint8_t* row, const std::uint8_t* above, std::size_t bytes,
              std::size_t pixel_bytes);

}  // namespace miniatura
