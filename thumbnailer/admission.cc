#include "thumbnailer/admission.h"

#include <fmt/core.h>

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <utility>

namespace miniatura {
namespace {

using std::chrono::milliseconds;

// Sums are made in double: no sides that a header can claim overflow it.
//
// Of GraphicsMagick with a quantum of 16 bits: four of them a pixel, and an index where the source
// has a palette, is grey or CMYK.
constexpr double kPixelBytes = 8;
constexpr double kIndexBytes = 2;
// libwebp's own picture (ARGB) and the one that GraphicsMagick takes of it.
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

// Can a thumbnail of it be other than opaque?
bool is_opaque(const ImageHeader& header) {
  const bool has_alpha = header.channels % 2 == 0 && !header.cmyk;
  return !has_alpha && !header.palette && !header.frame;
}

// What the encoder holds, its output among it. Measured as the peak of the heap, photographs to
// noise, at quality 80 to 100: JPEG 0.3 to 6, in scans (its coefficients) 3 to 12; PNG 6 to 8; WebP
// 2 to 13 (noise at quality 100: 28), with alpha, which goes by its lossless half, 19 to 34. AVIF,
// by memory that is touched: 18.
double encoder_pixel_bytes(const Footprint& thumbnail, bool opaque) {
  constexpr double kJpegBytes = 6, kJpegScansBytes = 12, kPngBytes = 9, kWebpBytes = 16,
                   kWebpAlphaBytes = 34, kAvifBytes = 20;
  if (thumbnail.format == ImageFormat::avif) return kAvifBytes;
  if (thumbnail.format == ImageFormat::webp) return opaque ? kWebpBytes : kWebpAlphaBytes;
  if (thumbnail.format == ImageFormat::png) return kPngBytes;
  return thumbnail.progressive ? kJpegScansBytes : kJpegBytes;
}

// Between the resized picture and the encoded bytes: the most that one of the steps has, the raster
// that it is given among it.
double finishing_bytes(const Footprint& thumbnail, bool opaque) {
  const double scaled = area(thumbnail.scaled) * kRasterPixelBytes;
  const double canvas = area(thumbnail.canvas) * kRasterPixelBytes;
  const double turning = 2 * scaled;
  const double painting = std::max(scaled, canvas) + canvas;
  const double sharpening =
      thumbnail.sharpens ? canvas + area(thumbnail.canvas) * kSharpenPixelBytes : 0;
  const double encoding = canvas + area(thumbnail.canvas) * encoder_pixel_bytes(thumbnail, opaque);
  return std::max({turning, painting, sharpening, encoding});
}

// All frames of a thumbnail are there before they are encoded, which takes four canvases.
double animation_bytes(const Footprint& thumbnail) {
  if (thumbnail.frames <= 1) return 0;
  return area(thumbnail.canvas) * kRasterPixelBytes * (static_cast<double>(thumbnail.frames) + 4);
}

// Who asks first is served first: else the large ones would wait for as long as small ones come.
class Budget {
 public:
  bool take(std::uint64_t bytes, std::uint64_t limit, milliseconds patience) {
    std::unique_lock lock(mutex_);
    const auto place = waiting_.insert(waiting_.end(), bytes);
    const auto is_our_turn = [&] { return place == waiting_.begin() && bytes_ + bytes <= limit; };
    const bool admitted = patience == milliseconds::max()
                              ? (changed_.wait(lock, is_our_turn), true)
                              : changed_.wait_for(lock, patience, is_our_turn);
    waiting_.erase(place);
    if (admitted) {
      bytes_ += bytes;
      ++renders_;
    }
    changed_.notify_all();  // another stands in front now
    return admitted;
  }

  void give_back(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    bytes_ -= bytes;
    --renders_;
    changed_.notify_all();
  }

  std::uint64_t renders() const {
    const std::lock_guard lock(mutex_);
    return renders_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::list<std::uint64_t> waiting_;
  std::uint64_t bytes_ = 0;
  std::uint64_t renders_ = 0;
};

Budget& budget() {
  static Budget instance;
  return instance;
}

AskForBytes& authority() {
  static AskForBytes ask;
  return ask;
}

}  // namespace

void set_admission_authority(AskForBytes ask) { authority() = std::move(ask); }

namespace {

std::uint64_t whole_number(double bytes) {
  constexpr double kMax = 9e18;  // within 64 bits
  return static_cast<std::uint64_t>(std::min(bytes, kMax));
}

// Those that GraphicsMagick reads, whichever engine asks it to.
bool is_magicks(const ImageHeader& header) {
  return header.cmyk || header.format == ImageFormat::gif || header.format == ImageFormat::tiff ||
         header.format == ImageFormat::bmp;
}

// How many planes there are, and of how large samples once they are decoded.
struct PlanesKind {
  double colours = 3;
  double alphas = 0;
  double sample_bytes = 2;

  double count() const { return colours + alphas; }
};

PlanesKind planes_kind(const ImageHeader& header, int denominator) {
  PlanesKind kind;
  if (header.channels <= 2 && !header.palette) kind.colours = 1;
  if (!is_opaque(header)) kind.alphas = 1;
  // libjpeg gives averages as bytes; what is averaged here keeps its fractions.
  const bool jpeg = header.format == ImageFormat::jpeg && !header.cmyk;
  const bool merely_copied =
      denominator == 1 && header.bits <= 8 && kind.alphas == 0 && !is_magicks(header);
  if (jpeg || merely_copied) kind.sample_bytes = 1;
  return kind;
}

// The planes of the whole decoded picture.
double decoded_bytes(const ImageHeader& header, int denominator) {
  const double pixels = area(shrunk_size({header.width, header.height}, denominator));
  const PlanesKind kind = planes_kind(header, denominator);
  return pixels * kind.count() * kind.sample_bytes;
}

// Of three components' samples at 1/8, a coefficient each.
constexpr double kDcPixelBytes = 6;

// What decoding to planes holds beside them, all of it gone before they are scaled: the decoder's
// own picture, or nothing where rows or blocks are taken as they come. Measured, as the peak of the
// heap, but for what is reckoned.
double decoder_bytes_beside_planes(const ImageHeader& header, int denominator) {
  constexpr double kWebpLossyBytes = 1.6, kWebpAlphaBytes = 9.1, kWebpLosslessBytes = 8;
  // HEIC 5 to 7, AVIF 8 to 13 and, of more than 8 bits, 26; most of it as the coded size says,
  // which a header that lies does not hide. Of the 26 only 22 are reckoned: else 20 megapixels,
  // which decode well, would be refused by the 512 MiB of the default limit. That is 40 % of the
  // memory at most, so there is room for the rest.
  constexpr double kHeicBytes = 4, kAvifBytes = 6.5, kDeepBytes = 8;
  const double pixels = area({header.width, header.height});
  switch (header.format) {
    case ImageFormat::jpeg:
      if (header.cmyk) break;
      if (!header.buffered) return 0;
      if (header.dc_alone && denominator == 8) return pixels * kDcPixelBytes / 64;
      if (header.scans_bytes != 0 && (denominator == 2 || denominator == 4)) {
        return static_cast<double>(header.scans_bytes);
      }
      return static_cast<double>(header.buffer_bytes);
    case ImageFormat::png:
      return pixels * header.channels * header.bits / 8;
    case ImageFormat::webp:
      if (header.lossless) return pixels * kWebpLosslessBytes;
      return pixels * (is_opaque(header) ? kWebpLossyBytes : kWebpAlphaBytes);
    case ImageFormat::heic:
    case ImageFormat::avif:
      return pixels * (header.bits > 8                      ? kDeepBytes
                       : header.format == ImageFormat::heic ? kHeicBytes
                                                            : kAvifBytes) +
             decoder_bytes(header);
    case ImageFormat::gif:
    case ImageFormat::tiff:
    case ImageFormat::bmp:
      break;
  }
  // Of these JPEG alone is shrunk while it is decoded.
  const bool jpeg = header.format == ImageFormat::jpeg;
  const double read = jpeg ? area(shrunk_size({header.width, header.height}, denominator)) : pixels;
  const double frame = header.frame ? area({header.frame->width, header.frame->height}) : 0;
  return (read + frame) * (kPixelBytes + kIndexBytes) + decoder_bytes(header);
}

// What scaling holds beside the decoded planes, per pixel of these.
double bytes_beside_decoded_pixel(const ImageHeader& header, const PlanesKind& kind, bool linear) {
  constexpr double kFloatBytes = 4, kLightBytes = 2;
  double bytes = 0;
  if (linear) bytes += kind.count() * kLightBytes;
  // Colours that are coarser than their brightness come to its grid before they become light.
  const bool coarse = header.format == ImageFormat::jpeg || header.format == ImageFormat::webp;
  if (linear && coarse) bytes += kind.colours * kind.sample_bytes;
  // Premultiplied numbers become floats, those of a file and those of light.
  if (kind.alphas > 0) bytes += kind.count() * kFloatBytes * (linear ? 2 : 1);
  return bytes;
}

}  // namespace

std::uint64_t estimated_bytes(const ImageHeader& header, int denominator,
                              std::span<const Footprint> thumbnails) {
  const PlanesKind kind = planes_kind(header, denominator);
  const double scaled_pixel_bytes = kind.count() * (kind.alphas > 0 ? 4 : 2);
  const Size stored = {header.width, header.height};
  double working = 0;
  double kept = 0;
  bool linear = false;
  for (const Footprint& thumbnail : thumbnails) {
    working = std::max(working, finishing_bytes(thumbnail, is_opaque(header)));
    kept += area(thumbnail.scaled) * scaled_pixel_bytes + animation_bytes(thumbnail);
    linear = linear || thumbnail.linear;
  }
  double frames = 0;
  for (const Footprint& thumbnail : thumbnails) {
    if (thumbnail.frames <= 1) continue;
    // A frame as it is read, and its planes: of 16 bits, and floats.
    const PlanesKind rgba = {3, 1, 2};
    frames = area(stored) * (kFramePixelBytes + rgba.count() * rgba.sample_bytes +
                             bytes_beside_decoded_pixel(header, rgba, linear));
  }
  const double scaling =
      area(shrunk_size(stored, denominator)) * bytes_beside_decoded_pixel(header, kind, linear) +
      kept + std::max(working, frames);
  return whole_number(decoded_bytes(header, denominator) +
                      std::max(decoder_bytes_beside_planes(header, denominator), scaling));
}

std::uint64_t magick_bytes(const ImageHeader& header, int denominator,
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
    working = std::max({working, resizing, finishing_bytes(thumbnail, is_opaque(header))});
    kept += area(target) * kPixelBytes + animation_bytes(thumbnail);
    if (thumbnail.frames > 1) reading = area(decoded) * kFramePixelBytes;
  }
  return whole_number(bytes + reading + working + kept);
}

Result<Admission> Admission::request(std::uint64_t bytes, const Limits& limits,
                                     milliseconds patience) {
  if (bytes > limits.decoded_bytes) {
    return fail(
        ErrorCode::image_too_large,
        fmt::format("decoding takes about {} bytes, over the limit of {} (limits.decoded_bytes)",
                    bytes, limits.decoded_bytes));
  }
  if (authority()) CHECKED(authority()(bytes));
  bytes = std::max<std::uint64_t>(bytes, 1);  // of 0 is what was moved away
  if (budget().take(bytes, limits.decoded_bytes, patience)) return Admission(bytes);
  return fail(ErrorCode::memory_exhausted,
              fmt::format("decoding takes about {} bytes, and others held too much of the {} for "
                          "as long as there was time",
                          bytes, limits.decoded_bytes));
}

Admission::Admission(Admission&& other) noexcept : bytes_(std::exchange(other.bytes_, 0)) {}

Admission::~Admission() {
  if (bytes_ > 0) budget().give_back(bytes_);
}

bool Admission::alone() const { return budget().renders() <= 1; }

}  // namespace miniatura
