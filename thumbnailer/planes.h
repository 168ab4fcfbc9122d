// A picture as planes: what lies between a decoder, resizing and an encoder.
//
// Planes keep what a decoder gives cheaply: brightness and colour apart, colour at its own, coarser
// grid, each sample of 8 or 16 bits. Whatever a plane's grid, it knows where its samples lie on the
// stored picture, so that everything is laid out in the stored picture's own pixels, once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "thumbnailer/geometry.h"

namespace miniatura {

// One channel. Rows begin at multiples of kAlignment bytes and have room up to one; what stands
// behind a row's last sample means nothing. Copies share their samples.
class Plane {
 public:
  static constexpr std::size_t kAlignment = 64;  // a line of the cache's

  Plane() = default;
  // Samples are left as they are found. `bits` is 8, 16 or 32. Throws std::bad_alloc.
  Plane(Size its_size, int its_bits);

  Size size{};  // in samples
  // Of a sample: 8, 16 in the machine's order, or 32 for a float, of which 1 is full and which may
  // be under 0 or over 1: what filters make of edges is not cut off.
  int bits = 8;

  // How many samples there are to one pixel of the stored picture: 1, less for a plane that was
  // shrunk in decoding. Sample i covers the stored pixels from i / across to (i + 1) / across, also
  // where that reaches over the picture's edge.
  double across = 1;
  double down = 1;

  // How far its samples lie above what they stand for, in the mean, by how they were rounded.
  float excess = 0;

  // Of so many of the picture's samples, across and down, each is the mean; 1 where shrinking kept
  // what fits (as JPEG's own transform does, but at 1/8). A mean damps what is fine, which
  // resampled() makes up for.
  int averaged = 1;

  std::size_t stride_bytes() const { return stride_bytes_; }
  std::uint8_t* row(int y) { return samples_.get() + static_cast<std::size_t>(y) * stride_bytes_; }
  const std::uint8_t* row(int y) const {
    return samples_.get() + static_cast<std::size_t>(y) * stride_bytes_;
  }
  std::uint16_t* row_16(int y) { return reinterpret_cast<std::uint16_t*>(row(y)); }
  const std::uint16_t* row_16(int y) const {
    return reinterpret_cast<const std::uint16_t*>(row(y));
  }
  float* row_float(int y) { return reinterpret_cast<float*>(row(y)); }
  const float* row_float(int y) const { return reinterpret_cast<const float*>(row(y)); }

 private:
  std::size_t stride_bytes_ = 0;
  std::shared_ptr<std::uint8_t[]> samples_;
};

// What the numbers of a picture's planes are.
enum class Coding {
  grey,   // one plane
  ycbcr,  // brightness, blue less brightness, red less brightness
  rgb,    // red, green, blue
};

// How Y, Cb and Cr come from red, green and blue (ITU-T H.273): Y = kr R + (1 - kr - kb) G + kb B.
struct YcbcrMatrix {
  double kr = 0.299;  // BT.601's, which JFIF and WebP have
  double kb = 0.114;
  bool full_range = true;  // JFIF; else Y has 16 to 235, Cb and Cr 16 to 240 (of 8 bits)
  bool operator==(const YcbcrMatrix&) const = default;
};

struct Planes {
  Size stored;  // the picture's size in pixels, as its header says
  Coding coding = Coding::ycbcr;
  YcbcrMatrix matrix{};       // of Coding::ycbcr
  std::vector<Plane> colour;  // 1 or 3
  // How opaque it is; empty: wholly. The colours are then multiplied by it (premultiplied), and
  // Coding::ycbcr is not used.
  std::vector<Plane> alpha;  // 0 or 1
};

// Samples of 16 bits as floats; of 32 as they are. Throws std::bad_alloc.
Plane as_float(Plane plane);

// The plane, of 8 or 16 bits, turned and mirrored as EXIF's orientation (1 to 8) says. Where the
// samples lay is forgotten.
Plane oriented(const Plane& plane, int orientation);

}  // namespace miniatura
