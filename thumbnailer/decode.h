// From a source's bytes to its planes: what is looked at before the rest is downloaded, and which
// decoder reads which format.
#pragma once

#include "runtime/bytes.h"
#include "runtime/result.h"
#include "thumbnailer/codecs/decoded.h"
#include "thumbnailer/header.h"
#include "thumbnailer/limits.h"

namespace miniatura {

// A source whose header is known, and within the limits.
struct OpenPicture {
  ImageHeader header;
  // All of the source; or, if it is decoded as it arrives, what stands before its first scan's
  // data.
  Bytes bytes;
  bool arrives = false;
};

enum class Reading {
  as_it_arrives,  // where the format allows it
  whole,
};

// Reads up to where decoding may begin. A source that is no picture, or over a limit, is cancelled
// as soon as that is known. Errors: image_corrupt, image_unsupported, image_too_large,
// source_too_large, and what `source` itself fails with.
Result<OpenPicture> open_picture(ByteSource& source, const Limits& limits, Reading reading);

// How much of a picture is decoded.
struct Shrink {
  int denominator = 1;        // 1, 2, 4 or 8
  bool fine_colours = false;  // of a JPEG: JpegScale's
};

// The picture, shrunk. `source` is where open_picture() left it. Errors: as
// above, and memory_exhausted.
Result<DecodedPicture> decode(const OpenPicture& picture, ByteSource& source, const Shrink& shrink,
                              const Limits& limits);

}  // namespace miniatura
