// JPEG as planes at a fraction of their size, as a rule without conversion of colours: the common
// kinds by our own decoders (baseline.h, progressive_dc.h, progressive.h), all others by
// libjpeg-turbo, as far as its inverse DCT goes. Thread-safe; one thread each.
#pragma once

#include <cstdint>
#include <optional>

#include "runtime/bytes.h"
#include "runtime/result.h"
#include "thumbnailer/codecs/decoded.h"

namespace miniatura {

// What is wanted of a picture.
struct JpegScale {
  int eighths = 8;  // of its size: 1, 2, 4 or 8
  // Red, green and blue, with colours that the file has at a coarser grid made fine, as other
  // programs have them: for thumbnails that keep them so. It takes longer.
  bool fine_colours = false;
};

// A picture of one or three components. `head` is the file up to
// its first scan's header, that header included, with no metadata but what tells of colours; the
// rest is pulled from `data` while it is decoded, and what stands behind the last scan that is
// needed is left there. Errors: image_corrupt for damage up to there, be there pixels or not;
// image_too_large for more than `scans_max` scans; image_unsupported for other components;
// memory_exhausted; what `data` fails with.
Result<DecodedPicture> decode_jpeg(ByteView head, ByteSource& data, const JpegScale& scale,
                                   std::uint64_t scans_max);

// Is it one of several scans of which decode_jpeg(), at 1 eighth and without fine colours, keeps no
// coefficients but DC?
bool decodes_dc_alone(ByteView head);
// Is it one of several scans of which decode_jpeg(), at 2 and 4 eighths and without fine colours,
// keeps the file's bytes instead of all coefficients? What it allocates then at most beside the
// planes; 0 where it is not. `file_bytes`: as the source announces them.
std::uint64_t bytes_of_scans(ByteView head, std::optional<std::uint64_t> file_bytes,
                             std::uint64_t scans_max);

}  // namespace miniatura
