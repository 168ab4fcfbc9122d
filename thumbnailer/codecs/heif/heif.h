// HEIC and AVIF by libheif, as red, green and blue.
//
// The library hands over the picture as it is stored: it turns and mirrors only 8-bit pictures, and
// all at full size. Turning and cutting are the header's to tell and the caller's to do.
#pragma once

#include <memory>
#include <span>

#include "runtime/bytes.h"
#include "runtime/result.h"
#include "thumbnailer/geometry.h"

namespace miniatura {

class HeifPicture {
 public:
  // The primary picture of a whole file. Errors: image_corrupt, image_unsupported,
  // memory_exhausted.
  static Result<HeifPicture> decode(ByteView whole);

  HeifPicture(HeifPicture&&) noexcept;
  HeifPicture& operator=(HeifPicture&&) noexcept;
  ~HeifPicture();

  Size size() const;
  bool alpha() const;

  // Row `y`: red, green, blue and alpha (straight), 16 bits each, a size().width of pixels.
  void row(int y, std::span<std::uint16_t> rgba) const;

  // Empty if it has none and is sRGB.
  Bytes icc_profile() const;

 private:
  struct Impl;
  explicit HeifPicture(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace miniatura
