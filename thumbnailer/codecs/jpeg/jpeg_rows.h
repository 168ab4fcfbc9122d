// A picture as samples that fill a JPEG's blocks: by groups of rows, a row of MCUs each. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "thumbnailer/codecs/jpeg/pixel_rows.h"
#include "thumbnailer/planes.h"
#include "thumbnailer/preset.h"
#include "thumbnailer/raster.h"

namespace miniatura {

inline constexpr int kBlockSide = 8;

// Across and down, of brightness; the colours have 1 and 1.
struct SamplingFactors {
  int across = 1;
  int down = 1;
};
SamplingFactors sampling_factors(Subsampling subsampling);

// The same group's rows of one component, up to whole blocks: behind the picture's edges its last
// samples come again, since what was cut off there would cost bytes.
struct ComponentRows {
  SamplingFactors factors;
  std::size_t blocks = 0;                                               // across
  std::array<const std::uint8_t*, std::size_t{2} * kBlockSide> rows{};  // kBlockSide * factors.down
};

class JpegRows {
 public:
  virtual ~JpegRows() = default;
  // Makes components() those of the rows from group * group_rows() on. Throws nothing.
  virtual void read(int group) = 0;

  const std::vector<ComponentRows>& components() const { return components_; }  // 1 or 3
  Size size() const { return size_; }
  int group_rows() const { return components_.front().factors.down * kBlockSide; }
  int groups() const { return (size_.height + group_rows() - 1) / group_rows(); }

 protected:
  JpegRows(Size size, SamplingFactors factors, std::size_t component_count);
  std::vector<ComponentRows> components_;

 private:
  Size size_;
};

// Of red, green and blue, by JFIF's matrix; the colours' samples are means. The raster outlives it.
// Throws std::bad_alloc.
class RasterRows : public JpegRows {
 public:
  RasterRows(const Raster& raster, Subsampling subsampling);
  void read(int group) override;

 private:
  // The raster's row, or its last, apart.
  RgbRow<const std::uint8_t> split(std::vector<std::uint8_t>& line, int y);

  const Raster& raster_;
  std::array<std::vector<std::uint8_t>, 3> samples_;  // of the group's components
  std::array<std::vector<std::uint8_t>, 2> lines_;    // of pixels: red, green, blue
};

// The planes, which are checked, outlive it. Without colours they are read as grey, or as colours
// that are none. Throws std::bad_alloc.
class PlaneRows : public JpegRows {
 public:
  PlaneRows(const Planes& planes, Subsampling subsampling, bool as_grey);
  void read(int group) override;

 private:
  struct Source {
    const Plane* plane = nullptr;         // none: kNeutral everywhere
    const std::uint8_t* table = nullptr;  // what samples are replaced by
    std::vector<std::uint8_t> padded{};   // rows up to whole blocks, where the plane's own are not
  };
  static void fill(Source& source, ComponentRows& component, int group);
  std::vector<Source> sources_;
};

}  // namespace miniatura
