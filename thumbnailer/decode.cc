#include "thumbnailer/decode.h"

#include <algorithm>
#include <array>

#include "thumbnailer/codecs/heif/heif_decode.h"
#include "thumbnailer/codecs/jpeg/jpeg_decode.h"
#include "thumbnailer/codecs/magick/magick_decode.h"
#include "thumbnailer/codecs/png/png_decode.h"
#include "thumbnailer/codecs/webp/webp_decode.h"
#include "thumbnailer/sniff.h"

namespace miniatura {
namespace {

// So much is looked at before the rest is downloaded: the size of nearly every picture stands
// there.
constexpr std::size_t kStartBytes = std::size_t{64} << 10;

Result<ImageHeader> vetted_start(ByteView start, const Limits& limits) {
  TRY(format, sniff(start));
  TRY(header, read_header(start, format, ImageExtent::start));
  CHECKED(check_limits(header, limits));
  return header;
}

// The start of a JPEG may be long: previews and profiles stand before the picture.
Result<ImageHeader> read_start(ByteSource& source, const Limits& limits, Bytes& start) {
  for (std::size_t count = kStartBytes;; count *= 4) {
    TRY(seen, source.peek(count));
    TRY(header, vetted_start(seen, limits));
    const bool is_all = seen.size() < count || count > kStartBytes + limits.metadata_bytes;
    if (header.format != ImageFormat::jpeg || header.data_begin != 0 || is_all) {
      start = Bytes(seen);
      return header;
    }
  }
}

// What was looked at is passed over.
Result<void> skip(ByteSource& source, std::size_t count) {
  std::array<char, 16'384> passed{};
  while (count > 0) {
    TRY(got, source.read(std::span(passed).first(std::min(passed.size(), count))));
    if (got == 0) return {};
    count -= got;
  }
  return {};
}

// Inks are left to the library that knows them.
bool may_arrive(const ImageHeader& header) {
  return header.format == ImageFormat::jpeg && header.data_begin != 0 && !header.cmyk;
}

Result<OpenPicture> opened(ByteSource& source, const Limits& limits, Reading reading) {
  Bytes start;
  TRY(header, read_start(source, limits, start));
  if (reading == Reading::as_it_arrives && may_arrive(header)) {
    CHECKED(skip(source, header.data_begin));
    Bytes head = essential_bytes(start, header);
    header.dc_alone = decodes_dc_alone(head);
    header.scans_bytes = bytes_of_scans(head, source.size_bytes(), limits.scans);
    return OpenPicture{std::move(header), std::move(head), true};
  }
  TRY(bytes, read_all(source, limits.source_bytes, ErrorCode::source_too_large, "source"));
  TRY(whole_header, read_header(bytes, header.format, ImageExtent::whole));
  CHECKED(check_limits(whole_header, limits));
  return OpenPicture{std::move(whole_header), std::move(bytes), false};
}

}  // namespace

Result<OpenPicture> open_picture(ByteSource& source, const Limits& limits, Reading reading) {
  auto picture = opened(source, limits, reading);
  if (!picture) source.cancel();
  return picture;
}

Result<DecodedPicture> decode(const OpenPicture& picture, ByteSource& source, const Shrink& shrink,
                              const Limits& limits) {
  const ImageHeader& header = picture.header;
  const int denominator = shrink.denominator;
  if (picture.arrives) {
    return decode_jpeg(picture.bytes, source, {8 / denominator, shrink.fine_colours}, limits.scans);
  }
  const Bytes essential = essential_bytes(picture.bytes, header);
  switch (header.format) {
    case ImageFormat::png:
      return decode_png(essential, header, denominator);
    case ImageFormat::webp:
      return decode_webp(essential, header, denominator);
    case ImageFormat::heic:
    case ImageFormat::avif:
      return decode_heif(essential, header, denominator);
    case ImageFormat::jpeg:
    case ImageFormat::gif:
    case ImageFormat::tiff:
    case ImageFormat::bmp:
      break;
  }
  return decode_by_magick(essential, header, denominator);
}

}  // namespace miniatura
