// Shrinking by averaging boxes, row by row as a decoder gives them. Pure.
//
// The hot loop between a decoder and resizing: it keeps the sums of one row of boxes, never the
// picture, and adds rows up before it adds up within them, so that most of its work is on
// neighbours in memory.
#pragma once

#include <cstdint>
#include <vector>

#include "thumbnailer/planes.h"

namespace miniatura {

// Rows as they come: so many interleaved channels a pixel.
struct BoxInput {
  Size size{};
  int channels = 1;    // 1 to 4
  int bits = 8;        // 8 or 16: the type of a sample, whatever its largest number is
  bool alpha = false;  // the last channel, by which the others are multiplied (8 or 16 bits full)
  // What stands in a plane of 16 bits for a number n: gain * n + offset. Not of alpha.
  double gain = 257;  // of 8 bits; 1 of 16
  double offset = 0;
};

// A plane a channel, of ceil(size / denominator) samples; a box at the right or lower edge averages
// just what is there. Of 16 bits, unless 8 bits are merely taken apart: by 1, without alpha and
// unstretched.
class BoxShrink {
 public:
  // The denominator is 1, 2, 4 or 8. Throws std::bad_alloc.
  BoxShrink(const BoxInput& input, int denominator);

  // The next row, from the top; of input.bits. One too many is ignored.
  void add(const std::uint8_t* row);
  void add(const std::uint16_t* row);

  // After all rows. Where none came, it is as if zeros had.
  std::vector<Plane> finish();

 private:
  template <class Sample>
  void add_row(const Sample* row);
  bool copies() const;
  bool multiplies_rgba_8() const;
  void count_row();
  void write_row();
  template <class Sum>
  void write_sums(std::vector<Sum>& sums, int y);

  BoxInput input_;
  int denominator_;
  int column_ = 1;                   // pixels that are added up at once
  std::size_t columns_ = 0;          // of a row
  double full_;                      // what an input's number is at most; with alpha, a product's
  std::vector<Plane> planes_;        // of each channel
  std::vector<std::uint16_t> few_;   // sums of columns that fit: of 8 bits without alpha
  std::vector<std::uint32_t> many_;  // the others
  std::vector<std::int32_t> boxes_;  // one channel's, of a row
  int rows_ = 0;                     // that came
  int rows_in_box_ = 0;
};

// One channel that lies in memory; `stride` is in samples.
Plane shrunk_plane(const std::uint8_t* samples, std::ptrdiff_t stride, const BoxInput& input,
                   int denominator);
Plane shrunk_plane(const std::uint16_t* samples, std::ptrdiff_t stride, const BoxInput& input,
                   int denominator);

}  // namespace miniatura
