// PNG's rows as they are stored, of 1 to 16 bits a sample, in a palette or with one colour that is
// transparent, to rows that PlaneWriter takes. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "thumbnailer/plane_writer.h"

namespace miniatura {

struct PngKind {
  int bits = 8;      // of a sample or of a place in the palette
  int channels = 3;  // as stored; 1 for a palette
  bool palette = false;
  // Of a palette: red, green, blue and alpha; behind its end black, as browsers have it.
  std::array<std::array<std::uint8_t, 4>, 256> colours{};
  bool transparent_colours = false;  // some of the palette's are
  // Of grey, or red, green and blue: as it is stored.
  std::optional<std::array<std::uint16_t, 3>> transparent = std::nullopt;

  std::size_t row_bytes(int width) const;
  std::size_t pixel_bytes() const;  // 1 where several share one
};

class PngRows {
 public:
  PngRows(const PngKind& kind, const ImageHeader& header, int denominator);

  // The next row, unfiltered: kind.row_bytes(width) bytes.
  void add(const std::uint8_t* row);

  Planes planes() { return writer_.planes(); }

 private:
  void unpack(const std::uint8_t* row);
  void add_palette(const std::uint8_t* row);
  template <class Sample>
  void add_samples(const Sample* samples, std::vector<Sample>& with_alpha);

  PngKind kind_;
  PlaneWriter writer_;
  std::size_t width_;
  std::vector<std::array<std::uint8_t, 8>> unpacked_;  // of every byte, where bits are less than 8
  std::vector<std::uint8_t> samples_8_;                // one a byte
  std::vector<std::uint16_t> samples_16_;
  std::vector<std::uint8_t> made_8_;  // with the alpha, or the colours, of the palette
  std::vector<std::uint16_t> made_16_;
};

}  // namespace miniatura
