#include "thumbnailer/header.h"

#include <fmt/core.h>

#include <utility>

#include "thumbnailer/header_parts.h"

namespace miniatura {

Result<ImageHeader> read_header(ByteView bytes, ImageFormat format, ImageExtent extent) {
  switch (format) {
    case ImageFormat::jpeg:
      return read_jpeg_header(bytes, extent);
    case ImageFormat::png:
      return read_png_header(bytes, extent);
    case ImageFormat::webp:
      return read_webp_header(bytes, extent);
    case ImageFormat::gif:
      return read_gif_header(bytes, extent);
    case ImageFormat::tiff:
      return read_tiff_header(bytes, extent);
    case ImageFormat::bmp:
      return read_bmp_header(bytes, extent);
    case ImageFormat::heic:
    case ImageFormat::avif:
      break;
  }
  return read_heif_header(bytes, format, extent);
}

std::string_view colour_space(const ImageHeader& header) {
  if (header.cmyk) return "cmyk";
  return header.channels < 3 && !header.palette ? "gray" : "rgb";
}

Bytes essential_bytes(ByteView whole, const ImageHeader& header) {
  const EssentialBytes& essential = header.essential;
  std::size_t size = essential.before.size() + essential.after.size();
  for (const BytePart& range : essential.ranges) size += range.end - range.begin;
  Bytes bytes;
  bytes.reserve(size);
  bytes += essential.before;
  for (const BytePart& range : essential.ranges) {
    bytes += whole.substr(range.begin, range.end - range.begin);
  }
  return bytes += essential.after;
}

void take_exif(ImageHeader& header, ByteView tiff) {
  Exif exif = read_exif(tiff);
  header.orientation = exif.orientation;
  header.capture = std::move(exif.capture);
  header.copyright = std::move(exif.copyright);
}

void keep_range(std::vector<BytePart>& ranges, std::size_t begin, std::size_t end) {
  if (!ranges.empty() && ranges.back().end == begin) {
    ranges.back().end = end;
  } else {
    ranges.push_back({begin, end});
  }
}

tl::unexpected<Error> corrupt(std::string_view what) {
  return fail(ErrorCode::image_corrupt, std::string(what));
}

tl::unexpected<Error> truncated(std::string_view format, std::size_t size) {
  return corrupt(fmt::format("{} breaks off after {} bytes", format, size));
}

tl::unexpected<Error> too_many_segments(std::string_view format) {
  return fail(ErrorCode::image_too_large,
              fmt::format("{} of more than {} segments", format, kSegmentsMax));
}

}  // namespace miniatura
