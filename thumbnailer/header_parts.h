// Shared by the header readers of the formats (header.cc, *_header.cc); nobody else's.
#pragma once

#include <string_view>

#include "thumbnailer/header.h"

namespace miniatura {

// More segments or chunks than this are nobody's picture; bounds the memory of the ranges.
constexpr std::uint64_t kSegmentsMax = 10'000;
// Over this a colour profile is dropped: Display P3 takes 600 bytes, a press's CMYK up to 3 MB.
constexpr std::size_t kIccBytesMax = std::size_t{4} << 20;

Result<ImageHeader> read_jpeg_header(ByteView bytes, ImageExtent extent);
Result<ImageHeader> read_png_header(ByteView bytes, ImageExtent extent);
Result<ImageHeader> read_webp_header(ByteView bytes, ImageExtent extent);
Result<ImageHeader> read_gif_header(ByteView bytes, ImageExtent extent);
Result<ImageHeader> read_tiff_header(ByteView bytes, ImageExtent extent);
Result<ImageHeader> read_bmp_header(ByteView bytes, ImageExtent extent);
Result<ImageHeader> read_heif_header(ByteView bytes, ImageFormat format, ImageExtent extent);

// Orientation, capture and copyright.
void take_exif(ImageHeader& header, ByteView tiff);

// Appends a range, joined to the last where they touch.
void keep_range(std::vector<BytePart>& ranges, std::size_t begin, std::size_t end);

tl::unexpected<Error> corrupt(std::string_view what);
tl::unexpected<Error> truncated(std::string_view format, std::size_t size);
tl::unexpected<Error> too_many_segments(std::string_view format);

}  // namespace miniatura
