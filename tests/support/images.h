// Pictures that tests make: known colours at known places, in any format that is read, and broken
// or hostile ones put together byte by byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/bytes.h"
#include "thumbnailer/preset.h"
#include "thumbnailer/raster.h"

namespace miniatura::pictures {

constexpr Colour kRed = {220, 30, 30}, kGreen = {30, 200, 30}, kBlue = {30, 30, 220},
                 kYellow = {230, 220, 40};

// Four quarters: red and green above, blue and yellow below.
Raster quarters(int width, int height);
// The same, with noise that costs an encoder bytes.
Raster noisy_quarters(int width, int height);
// The first, with the left half transparent by `alpha`.
Raster quarters_with_alpha(int width, int height, std::uint8_t alpha);

// Encoded; WebP and JPEG with quality 95.
Bytes picture(ImageFormat format, const Raster& raster);
Bytes picture(ImageFormat format, int width, int height);

// A JPEG with the same pixels in several scans.
Bytes progressive_jpeg(int width, int height);

// The picture with EXIF put in by hand: APP1, eXIf or an EXIF chunk.
Bytes with_orientation(ImageFormat format, const Bytes& image, int orientation);
// A TIFF structure with an orientation, little-endian, and `extra` bytes at its end.
Bytes exif_block(int orientation, std::string_view extra = {});
// The same, big-endian if so wished, of a first directory of texts (tag, value), which names by
// `link` a second one; EXIF's own, or another's.
using ExifTexts = std::vector<std::pair<std::uint32_t, std::string>>;
Bytes exif_texts(const ExifTexts& first, const ExifTexts& second, bool big = false,
                 std::uint32_t link = 0x8769);
// The same with an artist, a copyright, and what is private: all of it says IS-HERE.
Bytes exif_with_place(std::string_view artist, std::string_view copyright);
Bytes with_exif(ImageFormat format, const Bytes& image, const Bytes& exif);

// A JPEG segment behind the start of image; a PNG chunk behind IHDR; a chunk of a WebP with VP8X.
Bytes with_jpeg_segment(const Bytes& jpeg, unsigned marker, ByteView body);
Bytes png_chunk(std::string_view type, ByteView body);
Bytes with_png_chunk(const Bytes& png, std::string_view type, ByteView body);
Bytes with_webp_chunk(const Bytes& webp, std::string_view type, ByteView body);
Bytes webp_chunk(std::string_view type, ByteView body);
Bytes riff(ByteView chunks);

// A frame of a GIF, of one colour: 0 to 3 are kRed, kGreen, kBlue and kYellow.
struct GifFrame {
  int left = 0, top = 0, width = 0, height = 0;
  int colour = 0;
  int transparent = -1;  // the colour that is none
  int disposal = 0;
};
Bytes gif(int screen_width, int screen_height, const std::vector<GifFrame>& frames);

// A TIFF of one directory, little-endian, and 64 zeros at place 8 to point at.
struct TiffEntry {
  unsigned tag = 0, type = 0;
  std::uint32_t count = 1, value = 0;
};
Bytes tiff(const std::vector<TiffEntry>& entries, std::uint32_t next_directory = 0);
// What tiff() needs for 4x4 pixels of 8 bits of grey.
std::vector<TiffEntry> tiff_of_grey();

// A box of an ISO base media file.
Bytes box(std::string_view type, ByteView body);
// A HEIC or AVIF up to its pixels: one item with these properties, in this order.
Bytes heif_start(std::string_view brand, const std::vector<Bytes>& properties);
Bytes ispe(std::uint32_t width, std::uint32_t height);

// Signature and IHDR of a PNG; with_pixels: and an IDAT that holds hardly anything, and IEND.
Bytes png_start(std::uint32_t width, std::uint32_t height, int bits, int colour_type);
// A JPEG up to its first scan's header, of three components, by the given start of frame.
Bytes jpeg_start(unsigned start_of_frame, unsigned width, unsigned height);
// zlib's stream of `count` zeros, a thousandth of them long.
Bytes deflated_zeros(std::size_t count);

Bytes big_endian(std::uint32_t value, int bytes);
Bytes little_endian(std::uint32_t value, int bytes);

// The pixels of an encoded picture, in its own size and without orientation. Throws what is wrong.
Raster pixels_of(const Bytes& image);
// How many formats the library would leave to foreign programs.
std::size_t foreign_programs();
// Does the library make something of the bytes when it may guess what they are?
bool decodes_by_guess(const Bytes& image);

// The picture within a box, as render() makes it, as PNG. Throws what is wrong.
Raster thumbnail_of(const Bytes& image, int width, int height);

// The colour at a place, as fractions of the sides.
Colour colour_at(const Raster& raster, double x, double y);
int difference(Colour a, Colour b);  // the largest of a channel

}  // namespace miniatura::pictures
