#include "thumbnailer/encode.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "thumbnailer/codecs/heif/avif_encode.h"
#include "thumbnailer/codecs/jpeg/jpeg_encode.h"
#include "thumbnailer/codecs/png/png_encode.h"
#include "thumbnailer/codecs/webp/webp_animation.h"
#include "thumbnailer/codecs/webp/webp_encode.h"

namespace miniatura {
namespace {

// 0: it is not written.
int side_max(ImageFormat format) {
  constexpr int kJpegSideMax = 65'500;  // libjpeg's
  constexpr int kWebpSideMax = 16'383;
  constexpr int kAvifSideMax = 16'384;  // that decoders take
  switch (format) {
    case ImageFormat::jpeg:
    case ImageFormat::png:
      return kJpegSideMax;
    case ImageFormat::webp:
      return kWebpSideMax;
    case ImageFormat::avif:
      return kAvifSideMax;
    case ImageFormat::gif:
    case ImageFormat::tiff:
    case ImageFormat::bmp:
    case ImageFormat::heic:
      break;
  }
  return 0;
}

Result<void> check_sides(Size size, ImageFormat format) {
  if (side_max(format) == 0) {
    return fail(ErrorCode::image_unsupported,
                fmt::format("{} is not written", format_name(format)));
  }
  if (std::max(size.width, size.height) <= side_max(format)) return {};
  return fail(ErrorCode::image_too_large,
              fmt::format("a thumbnail of {}x{}: {} holds {} at most", size.width, size.height,
                          format_name(format), side_max(format)));
}

}  // namespace

Result<Bytes> encode(const Raster& raster, ImageFormat format, const Encoding& encoding) {
  CHECKED(check_sides(raster.size, format));
  if (format == ImageFormat::jpeg) return encode_jpeg(raster, encoding);
  if (format == ImageFormat::png) return encode_png(raster, encoding);
  if (format == ImageFormat::avif) return encode_avif(raster, encoding);
  return encode_webp(raster, encoding);
}

Result<Bytes> encode(const Planes& planes, ImageFormat format, const Encoding& encoding) {
  CHECKED(check_sides(planes.stored, format));
  if (format == ImageFormat::jpeg) return encode_jpeg(planes, encoding);
  if (format == ImageFormat::webp) return encode_webp(planes, encoding);
  if (format == ImageFormat::avif) return encode_avif(planes, encoding);
  return fail(ErrorCode::image_unsupported,
              fmt::format("{} is not written of planes", format_name(format)));
}

Result<Bytes> encode(const Animation& animation, const Encoding& encoding) {
  CHECKED(check_sides(animation.frames.front().raster.size, ImageFormat::webp));
  return encode_webp_animation(animation, encoding);
}

Result<Bytes> encode_within(const EncodeWith& encode_with, ImageFormat format,
                            const Encoding& encoding, std::uint64_t max_bytes) {
  TRY(first, encode_with(encoding));
  if (first.size() <= max_bytes) return std::move(first);
  if (format == ImageFormat::png) {
    return fail(
        ErrorCode::image_too_large,
        fmt::format("{} bytes of png, over the max_bytes of {}; png has no quality to lower",
                    first.size(), max_bytes));
  }
  std::optional<Bytes> best;
  std::size_t least = first.size();
  Encoding lower = encoding;
  // More quality, more bytes: all up to `fits` does, nothing from `over` on.
  int fits = 0;
  int over = encoding.quality;
  while (over - fits > 1) {
    lower.quality = fits + (over - fits) / 2;
    TRY(bytes, encode_with(lower));
    least = std::min(least, bytes.size());
    if (bytes.size() <= max_bytes) {
      fits = lower.quality;
      best = std::move(bytes);
    } else {
      over = lower.quality;
    }
  }
  if (best) return *std::move(best);
  return fail(ErrorCode::image_too_large,
              fmt::format("{} bytes of {} at the lowest quality, over the max_bytes of {}", least,
                          format_name(format), max_bytes));
}

}  // namespace miniatura
