// A picture as libjpeg takes it: by groups of rows that fill its blocks. For jpeg_encode.cc alone.
//
// What is called while the library may jump back out of an error has no destructors to run: all
// that a picture needs for writing is made with it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>
// After the types that it needs:
#include <jpeglib.h>

#include "thumbnailer/encode.h"
#include "thumbnailer/planes.h"

namespace miniatura {

inline constexpr std::size_t kJpegGroupRowsMax = std::size_t{2} * DCTSIZE;

// Across and down, of brightness; the colours have 1 and 1.
struct SamplingFactors {
  int across = 1;
  int down = 1;
};
SamplingFactors sampling_factors(Subsampling subsampling);

class JpegRows {
 public:
  virtual ~JpegRows() = default;
  // Names what comes, and sets all to defaults.
  virtual void declare(jpeg_compress_struct* compressor) = 0;
  // The rows from group * group_rows() on; beyond the picture the last row comes again.
  virtual void write(jpeg_compress_struct* compressor, int group) = 0;

  Size size() const { return size_; }
  int group_rows() const { return group_rows_; }
  int groups() const { return (size_.height + group_rows_ - 1) / group_rows_; }

 protected:
  JpegRows(Size size, int group_rows) : size_(size), group_rows_(group_rows) {}

 private:
  Size size_;
  int group_rows_;
};

// The raster outlives it.
class RasterRows : public JpegRows {
 public:
  RasterRows(const Raster& raster, Subsampling subsampling);
  void declare(jpeg_compress_struct* compressor) override;
  void write(jpeg_compress_struct* compressor, int group) override;

 private:
  const Raster& raster_;
  SamplingFactors factors_;
};

// The planes, which are checked, outlive it. Without colours they are written as grey, or as
// colours that are none.
class PlaneRows : public JpegRows {
 public:
  PlaneRows(const Planes& planes, Subsampling subsampling, bool as_grey);
  void declare(jpeg_compress_struct* compressor) override;
  void write(jpeg_compress_struct* compressor, int group) override;

 private:
  struct Component {
    const Plane* plane = nullptr;  // none: kNeutral everywhere
    const std::uint8_t* table = nullptr;
    int rows = 0;  // in a group
    std::size_t padded_width = 0;
    // Rows up to whole blocks, where the plane's own are not.
    std::vector<std::uint8_t> padded;
    std::array<JSAMPROW, kJpegGroupRowsMax> pointers{};
  };
  void fill(Component& component, int group) const;

  SamplingFactors factors_;
  std::vector<Component> components_;
  std::array<JSAMPARRAY, 3> arrays_{};
};

}  // namespace miniatura
