// A finished picture as a file of a format: JPEG, PNG, WebP or AVIF. Thread-safe.
#pragma once

#include <functional>

#include "runtime/bytes.h"
#include "runtime/result.h"
#include "thumbnailer/animation.h"
#include "thumbnailer/planes.h"
#include "thumbnailer/preset.h"
#include "thumbnailer/raster.h"

namespace miniatura {

struct Encoding {
  int quality = 80;          // 1 to 100; no matter for PNG
  bool progressive = false;  // JPEG in scans, PNG interlaced; no matter elsewhere
  Subsampling subsampling = Subsampling::s420;  // of JPEG and AVIF
  Bytes icc_profile{};  // of red, green and blue, that the pixels follow; empty: sRGB
  Bytes exif{};         // a TIFF structure; empty: none
};

// The picture with no metadata but these, and without the profile where the format's encoder
// refuses it. What goes to JPEG was flattened before. Errors: image_too_large for sides that the
// format cannot hold, image_unsupported for a format that is not written, memory_exhausted.
Result<Bytes> encode(const Raster& raster, ImageFormat format, const Encoding& encoding);

// The same of planes, as JPEG, WebP or AVIF: 8 bits, opaque, grey or YCbCr by BT.601's matrix of
// either range, each plane already of the grid that the file has (chroma_size() in
// thumbnail_planes.h, of the encoding's subsampling; WebP's is 4:2:0 whatever that says). Error,
// besides: internal for other planes.
Result<Bytes> encode(const Planes& planes, ImageFormat format, const Encoding& encoding);

// Frames of one size as an animated WebP. Errors: as above.
Result<Bytes> encode(const Animation& animation, const Encoding& encoding);

// What `encode_with` gives with the best quality up to encoding.quality that makes no more than
// `max_bytes`, found in at most 8 encodings. Error, besides: image_too_large if the lowest is over
// it, too, naming both numbers.
using EncodeWith = std::function<Result<Bytes>(const Encoding&)>;
Result<Bytes> encode_within(const EncodeWith& encode_with, ImageFormat format,
                            const Encoding& encoding, std::uint64_t max_bytes);

}  // namespace miniatura
