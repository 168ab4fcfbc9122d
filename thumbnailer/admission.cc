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
// The 8-bit raster of a thumbnail and its turned copy.
constexpr double kRasterPixelBytes = 8;

double area(Size size) { return static_cast<double>(size.width) * size.height; }

// What the decoder holds beside the decoded pixels.
double decoder_bytes(const ImageHeader& header) {
  const double pixels = area({header.width, header.height});
  if (header.format == ImageFormat::webp) return pixels * kWebpPixelBytes;
  if (!header.buffered) return 0;
  if (header.format == ImageFormat::jpeg) return static_cast<double>(header.coefficient_bytes);
  return pixels * header.channels * header.bits / 8;
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

AskForBytes& authority() {
  static AskForBytes ask;
  return ask;
}

}  // namespace

void set_admission_authority(AskForBytes ask) { authority() = std::move(ask); }

std::uint64_t estimated_bytes(const ImageHeader& header, int denominator,
                              std::span<const Size> targets) {
  const Size decoded = shrunk_size({header.width, header.height}, denominator);
  const bool indexed = header.palette || header.channels == 1 ||
                       (header.format == ImageFormat::jpeg && header.channels == 4);
  const double bytes =
      area(decoded) * (kPixelBytes + (indexed ? kIndexBytes : 0)) + decoder_bytes(header);
  // Resizing goes by way of a picture that has one side of each; what is resized is kept.
  double resizing = 0;
  double kept = 0;
  for (const Size target : targets) {
    const double between =
        std::max(area({target.width, decoded.height}), area({decoded.width, target.height}));
    resizing = std::max(resizing, between * kPixelBytes + area(target) * kRasterPixelBytes);
    kept += area(target) * kPixelBytes;
  }
  constexpr double kMax = 9e18;  // within 64 bits
  return static_cast<std::uint64_t>(std::min(bytes + resizing + kept, kMax));
}

std::uint64_t canvas_bytes(Size canvas) {
  return static_cast<std::uint64_t>(area(canvas) * (kPixelBytes + kRasterPixelBytes));
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
  if (authority()) CHECKED(authority()(bytes));
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
