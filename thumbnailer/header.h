// What an image says about itself before any pixel is decoded: size, orientation, how much there is
// to decode, and which of its bytes the decoder needs. Pure, and the first that parses untrusted
// bytes: every read is bounded, work is linear in the bytes, memory is a constant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/bytes.h"
#include "thumbnailer/exif.h"
#include "thumbnailer/geometry.h"

namespace miniatura {

struct BytePart {
  std::size_t begin = 0;
  std::size_t end = 0;  // one past the last
};

// The image without all that a thumbnail does not need: `before`, the ranges of the original,
// `after`. Metadata never reaches a decoder: what is not there cannot be inflated, and cannot leak.
struct EssentialBytes {
  Bytes before;
  std::vector<BytePart> ranges;
  Bytes after;
};

struct ImageHeader {
  ImageFormat format = ImageFormat::jpeg;
  int width = 0;  // in pixels, as stored, before orientation; 0 when the start did not reach it
  int height = 0;
  int orientation = 1;               // EXIF's, 1 to 8
  Capture capture = {};              // EXIF's
  Copyright copyright = {};          // the same
  std::string icc_profile = {};      // its name, as source_text; empty: none, or it has no name
  std::uint64_t frames = 1;          // of an animation; only the first is read
  std::uint64_t scans = 0;           // of a JPEG
  std::uint64_t metadata_bytes = 0;  // stored: EXIF, ICC, XMP, texts, comments
  int channels = 3;                  // as stored, alpha among them
  int bits = 8;                      // a channel
  bool palette = false;
  bool lossless = false;  // a WebP that keeps every number
  bool cmyk = false;
  bool inverted = false;  // CMYK as Adobe's JPEGs have it: 0 is all of an ink
  bool buffered = false;  // the decoder keeps something first: interlaced, several scans, strips
  std::uint64_t buffer_bytes = 0;  // what that takes, if not just all pixels as stored
  bool dc_alone = false;  // a JPEG that is buffered, but not where it is decoded to planes at 1/8
  std::uint64_t scans_bytes =
      0;  // what decoding it to planes at 1/4 and 1/2 takes, if less is kept
  // Where what the decoder gives lies on width x height, if not exactly there: the first frame of
  // an animation, a part that is cut out. What sticks out is cut off, what is left is transparent.
  std::optional<Rectangle> frame = std::nullopt;
  // Complete only for ImageExtent::whole, or where data_begin is told: up to there, then.
  EssentialBytes essential = {};
  // Of a JPEG, at ImageExtent::start, where the first scan's data begins; 0: the start did not
  // reach it. Nothing before it has to be there for the rest to be decoded but `essential`.
  std::size_t data_begin = 0;
};

enum class ImageExtent {
  start,  // the bytes are the first of an image, and may break off anywhere
  whole,  // the bytes are all there is
};

// Errors: image_corrupt (height 0, truncated, …), image_unsupported (a kind of image that is not
// read: lossless JPEG, TIFF of floating point, …), image_too_large (an absurd number of segments).
// Breaking off is an error only in a whole image.
Result<ImageHeader> read_header(ByteView bytes, ImageFormat format, ImageExtent extent);

// "rgb", "gray" or "cmyk": by its channels, whatever the coding (YCbCr is rgb, YCCK cmyk).
std::string_view colour_space(const ImageHeader& header);

// What the decoder is given.
Bytes essential_bytes(ByteView whole, const ImageHeader& header);

}  // namespace miniatura
