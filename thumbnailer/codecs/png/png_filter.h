// A PNG's rows before they are deflated: each as the difference to its neighbours that promises to
// be the shortest. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "thumbnailer/geometry.h"

namespace miniatura {

// A row after the other of one picture (or of one pass over it).
class PngRowFilter {
 public:
  // Rows of `row_bytes` bytes, of `pixel_bytes` each pixel: 1 to 4. Without `choose` each row stays
  // as it is.
  PngRowFilter(std::size_t row_bytes, std::size_t pixel_bytes, bool choose);

  // Where the next row is to be put.
  std::uint8_t* next_row() { return row_.data() + kMargin; }

  // The row that was put there, as the file has it: row_bytes + 1 bytes at `to`, the filter's
  // number before its row.
  void filter_to(std::uint8_t* to);

 private:
  static constexpr std::size_t kMargin = 4;  // zeros: what lies left of the first pixel

  std::size_t row_bytes_;
  std::size_t pixel_bytes_;
  bool choose_;
  std::vector<std::uint8_t> row_;
  std::vector<std::uint8_t> above_;
  std::vector<std::uint8_t> candidate_;
};

// The passes of an interlaced PNG: their first pixel, and how far it is to the next. The last, by
// itself, is all of a picture that is not interlaced.
struct PngPass {
  int left, top, across, down;
};
inline constexpr PngPass kPngPasses[] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                         {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
inline constexpr PngPass kPngWhole = {0, 0, 1, 1};

// How many pixels of the picture a pass has; either may be 0.
Size size_of_pass(const PngPass& pass, Size picture);

}  // namespace miniatura
