#include "thumbnailer/admission.h"

#include <fmt/core.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace miniatura {
namespace {

// Sums are made in double: no sides that a header can claim overflow it.
//
// Of GraphicsMagick with a quantum of 16 bits: four of them a pixel, and an index where the source
// has a palette, is grey or CMYK.
constexpr double kPixelBytes = 8;
constexpr double kIndexBytes = 2;
// libwebp's own picture (ARGB) and the one that it hands over.
constexpr double kWebpPixelBytes = 8;
// The 8-bit raster of a thumbnail.
constexpr double kRasterPixelBytes = 4;
// A frame of an animation: three canvases of the reader's, its raster, and the library's picture.
constexpr double kFramePixelBytes = 4 * kRasterPixelBytes + kPixelBytes;
// The unsharp mask: brightness and weights, each with a copy in the making, in float.
constexpr double kSharpenPixelBytes = 16;

double area(Size size) { return static_cast<double>(size.width) * size.height; }

// What the decoder holds beside the decoded pixels.
double decoder_bytes(const ImageHeader& header) {
  const double pixels = area({header.width, header.height});
  if (header.format == ImageFormat::webp) return pixels * kWebpPixelBytes;
  if (!header.buffered) return 0;
  if (header.buffer_bytes != 0) return static_cast<double>(header.buffer_bytes);
  return pixels * header.channels * header.bits / 8;
}

// What the encoder holds: the library's picture, and JPEG's coefficients of all scans. Measured
// with 12 million pixels: 8 for JPEG and PNG, 13 for WebP, 18 for AVIF.
double encoder_pixel_bytes(ImageFormat format) {
  constexpr double kCoefficientBytes = 6;
  constexpr double kWebpBytes = 16;
  constexpr double kAvifBytes = 20;
  if (format == ImageFormat::avif) return kAvifBytes;
  return format == ImageFormat::webp ? kWebpBytes : kPixelBytes + kCoefficientBytes;
}

// Between the resized picture and the encoded bytes: the most that one of the steps has, the raster
// that it is given among it.
double finishing_bytes(const Footprint& thumbnail) {
  const double scaled = area(thumbnail.scaled) * kRasterPixelBytes;
  const double canvas = area(thumbnail.canvas) * kRasterPixelBytes;
  const double turning = 2 * scaled;
  const double painting = std::max(scaled, canvas) + canvas;
  const double sharpening =
      thumbnail.sharpens ? canvas + area(thumbnail.canvas) * kSharpenPixelBytes : 0;
  const double encoding = canvas + area(thumbnail.canvas) * encoder_pixel_bytes(thumbnail.format);
  return std::max({turning, painting, sharpening, encoding});
}

// All frames of a thumbnail are there before they are encoded, which takes four canvases.
double animation_bytes(const Footprint& thumbnail) {
  if (thumbnail.frames <= 1) return 0;
  return area(thumbnail.canvas) * kRasterPixelBytes * (static_cast<double>(thumbnail.frames) + 4);
}

struct Running {
  std::mutex mutex;
  std::uint64_t bytes = 0;
  std::uint64_t renders = 0;
};

Running& running() {
  static Running instance;
  return instance;
}

}  // namespace

std::uint64_t estimated_bytes(const ImageHeader& header, int denominator,
                              std::span<const Footprint> thumbnails) {
  const Size decoded = shrunk_size({header.width, header.height}, denominator);
  const bool indexed = header.palette || header.channels == 1 || header.cmyk;
  const double pixel_bytes = kPixelBytes + (indexed ? kIndexBytes : 0);
  // A frame that is laid on a canvas is a picture beside it.
  const double frame = header.frame ? area({header.frame->width, header.frame->height}) : 0;
  const double bytes = (area(decoded) + frame) * pixel_bytes + decoder_bytes(header);
  // Resizing goes by way of a picture that has one side of each; what is resized is kept.
  double working = 0;
  double reading = 0;
  double kept = 0;
  for (const Footprint& thumbnail : thumbnails) {
    const Size target = thumbnail.scaled;
    const double between =
        std::max(area({target.width, decoded.height}), area({decoded.width, target.height}));
    const double resizing = (between + (thumbnail.linear ? area(decoded) : 0)) * kPixelBytes;
    working = std::max({working, resizing, finishing_bytes(thumbnail)});
    kept += area(target) * kPixelBytes + animation_bytes(thumbnail);
    if (thumbnail.frames > 1) reading = area(decoded) * kFramePixelBytes;
  }
  constexpr double kMax = 9e18;  // within 64 bits
  return static_cast<std::uint64_t>(std::min(bytes + reading + working + kept, kMax));
}

Result<Admission> Admission::request(std::uint64_t bytes, const Limits& limits) {
  if (bytes > limits.decoded_bytes) {
    return fail(ErrorCode::image_too_large,
                fmt::format("decoding takes about {} bytes, over the limit of {}", bytes,
                            limits.decoded_bytes));
  }
  const std::lock_guard lock(running().mutex);
  if (running().bytes + bytes > limits.decoded_bytes) {
    return fail(
        ErrorCode::memory_exhausted,
        fmt::format(
            "decoding takes about {} bytes beside the {} of {} others, over the limit of {}", bytes,
            running().bytes, running().renders, limits.decoded_bytes));
  }
  running().bytes += bytes;
  ++running().renders;
  return Admission(bytes);
}

Admission::Admission(Admission&& other) noexcept : bytes_(std::exchange(other.bytes_, 0)) {}

Admission::~Admission() {
  if (bytes_ == 0) return;
  const std::lock_guard lock(running().mutex);
  running().bytes -= bytes_;
  --running().renders;
}

bool Admission::alone() const {
  const std::lock_guard lock(running().mutex);
  return running().renders <= 1;
}

}  // namespace miniatura
