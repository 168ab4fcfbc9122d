// From a decoder's rows to planes: the picture on its canvas, shrunk by averaging boxes. Pure.
//
// Takes interleaved rows from top to bottom: grey, grey and alpha, red-green-blue, or these and
// alpha (straight), of 8 or 16 bits. Gives Coding::grey or Coding::rgb; of 8 bits where 8 came, and
// nothing was shrunk and there is no alpha, else of 16, which are 257 times those of 8. Memory
// follows the shrunk size.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "thumbnailer/box_shrink.h"
#include "thumbnailer/header.h"
#include "thumbnailer/planes.h"
#include "thumbnailer/raster.h"

namespace miniatura {

// What a decoder's rows are.
struct RowKind {
  int channels = 3;  // 1, 2, 3 or 4
  int bits = 8;      // 8 or 16
};

class PlaneWriter {
 public:
  // `denominator` is 1, 2, 4 or 8. The rows make up header.frame where there is one, which is laid
  // on the canvas: what sticks out is cut off, what is left is transparent. Throws std::bad_alloc.
  PlaneWriter(const ImageHeader& header, const RowKind& kind, int denominator);

  // Of the rows that are to come.
  Size size() const { return {frame_.width, frame_.height}; }

  // The next row, size().width pixels.
  void add(const std::uint8_t* row);
  void add(const std::uint16_t* row);

  // After all rows: where some are missing, as if zeros had come. An alpha that is opaque
  // everywhere is left out.
  Planes planes();

 private:
  template <class Sample>
  void add_row(const Sample* row);
  template <class Sample>
  void add_on_canvas(const Sample* row);

  Size stored_;
  Rectangle frame_;
  RowKind kind_;
  int channels_;  // of the planes: there may be an alpha that the rows lack
  bool covers_;   // the frame leaves nothing of the canvas
  BoxShrink shrink_;
  int y_ = 0;                       // of the frame's next row
  std::vector<std::uint16_t> row_;  // of the canvas, in samples of either size
};

// Frames that come whole. 8 bits a channel.
Planes planes_of(const Raster& raster, int denominator);

}  // namespace miniatura
