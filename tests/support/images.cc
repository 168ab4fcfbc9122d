#include "tests/support/images.h"

#include <Magick++.h>
#include <libheif/heif.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "thumbnailer/codecs/magick/magick.h"
#include "thumbnailer/encode.h"
#include "thumbnailer/header.h"
#include "thumbnailer/render.h"
#include "thumbnailer/sniff.h"

namespace miniatura::pictures {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kPngStartBytes = 33;  // signature and IHDR

std::uint32_t crc32(ByteView bytes) {
  std::uint32_t crc = 0xFFFF'FFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int i = 0; i < 8; ++i) crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0xEDB8'8320U : 0U);
  }
  return ~crc;
}

Bytes number(std::uint32_t value, int bytes, bool big) {
  Bytes text;
  for (int i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> (8 * i) & 0xFFU));
  if (big) std::reverse(text.begin(), text.end());
  return text;
}

template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

void check(const heif_error& error) {
  if (error.code != heif_error_Ok) throw std::runtime_error(error.message);
}

Raster pixels_of_avif(const Bytes& image) {
  const std::unique_ptr<heif_context, decltype(&heif_context_free)> context(heif_context_alloc(),
                                                                            heif_context_free);
  check(heif_context_read_from_memory_without_copy(context.get(), image.data(), image.size(),
                                                   nullptr));
  heif_image_handle* handle = nullptr;
  check(heif_context_get_primary_image_handle(context.get(), &handle));
  const bool alpha = heif_image_handle_has_alpha_channel(handle) != 0;
  heif_image* decoded = nullptr;
  check(heif_decode_image(handle, &decoded, heif_colorspace_RGB,
                          alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB,
                          nullptr));
  Raster raster({heif_image_handle_get_width(handle), heif_image_handle_get_height(handle)},
                alpha ? 4 : 3);
  int row_bytes = 0;
  const std::uint8_t* const plane =
      heif_image_get_plane_readonly(decoded, heif_channel_interleaved, &row_bytes);
  for (int y = 0; y < raster.size.height; ++y) {
    std::copy_n(plane + static_cast<std::ptrdiff_t>(y) * row_bytes,
                raster.size.width * raster.channels, raster.at(0, y));
  }
  heif_image_release(decoded);
  heif_image_handle_release(handle);
  return raster;
}

}  // namespace

Bytes big_endian(std::uint32_t value, int bytes) { return number(value, bytes, true); }
Bytes little_endian(std::uint32_t value, int bytes) { return number(value, bytes, false); }

Raster quarters(int width, int height) {
  Raster raster({width, height}, 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool left = x < (width + 1) / 2;
      const Colour& colour =
          y < (height + 1) / 2 ? (left ? kRed : kGreen) : (left ? kBlue : kYellow);
      std::copy(colour.begin(), colour.end(), raster.at(x, y));
    }
  }
  return raster;
}

Raster noisy_quarters(int width, int height) {
  Raster raster = quarters(width, height);
  for (std::size_t i = 0; i < raster.pixels.size(); ++i) {
    raster.pixels[i] = static_cast<std::uint8_t>(raster.pixels[i] / 2 + i * 2654435761U % 97);
  }
  return raster;
}

Raster quarters_with_alpha(int width, int height, std::uint8_t alpha) {
  const Raster opaque = quarters(width, height);
  Raster raster({width, height}, 4);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      std::copy_n(opaque.at(x, y), 3, raster.at(x, y));
      raster.at(x, y)[3] = x < width / 2 ? alpha : 255;
    }
  }
  return raster;
}

Bytes picture(ImageFormat format, const Raster& raster) {
  Encoding encoding;
  encoding.quality = 95;
  return value_or_throw(encode(raster, format, encoding));
}

Bytes picture(ImageFormat format, int width, int height) {
  return picture(format, quarters(width, height));
}

Bytes progressive_jpeg(int width, int height) {
  Encoding encoding;
  encoding.quality = 95;
  encoding.progressive = true;
  return value_or_throw(encode(quarters(width, height), ImageFormat::jpeg, encoding));
}

Bytes exif_block(int orientation, std::string_view extra) {
  Bytes tiff = Bytes("II*\0"sv) + little_endian(8, 4);
  tiff += little_endian(1, 2);
  tiff += little_endian(0x0112, 2) + little_endian(3, 2) + little_endian(1, 4);
  tiff += little_endian(static_cast<std::uint32_t>(orientation), 2) + little_endian(0, 2);
  tiff += little_endian(0, 4);
  return tiff.append(extra);
}

Bytes exif_texts(const ExifTexts& first, const ExifTexts& second, bool big, std::uint32_t link) {
  const auto size_of = [](const ExifTexts& texts, std::size_t more) {
    std::size_t size = 2 + 12 * (texts.size() + more) + 4;
    for (const auto& [tag, text] : texts) size += text.size() > 4 ? text.size() : 0;
    return size;
  };
  const auto place = [&](std::size_t value) {
    return number(static_cast<std::uint32_t>(value), 4, big);
  };
  Bytes tiff = Bytes(big ? "MM\0*"sv : "II*\0"sv) + place(8);
  const auto add = [&](const ExifTexts& texts, const Bytes& last_entry) {
    const std::size_t more = last_entry.size() / 12;
    std::size_t value_at = tiff.size() + 2 + 12 * (texts.size() + more) + 4;
    tiff += number(static_cast<std::uint32_t>(texts.size() + more), 2, big);
    Bytes values;
    for (const auto& [tag, text] : texts) {
      tiff += number(tag, 2, big) + number(2, 2, big) + place(text.size());
      if (text.size() <= 4) {
        tiff += text + Bytes(4 - text.size(), '\0');
      } else {
        tiff += place(value_at + values.size());
        values += text;
      }
    }
    tiff += last_entry + place(0) + values;
  };
  const std::size_t second_at = tiff.size() + size_of(first, 1);
  add(first, number(link, 2, big) + number(4, 2, big) + place(1) + place(second_at));
  add(second, "");
  return tiff;
}

Bytes exif_with_place(std::string_view artist, std::string_view copyright) {
  constexpr std::uint32_t kGps = 0x8825;
  const auto ended = [](std::string_view text) { return std::string(text) + '\0'; };
  return exif_texts(
      {{0x010F, ended("MAKER-IS-HERE")}, {0x013B, ended(artist)}, {0x8298, ended(copyright)}},
      {{0x001D, ended("GPS-IS-HERE")}}, false, kGps);
}

Bytes with_exif(ImageFormat format, const Bytes& image, const Bytes& exif) {
  if (format == ImageFormat::png) return with_png_chunk(image, "eXIf", exif);
  if (format == ImageFormat::webp) return with_webp_chunk(image, "EXIF", exif);
  return with_jpeg_segment(image, 0xE1, Bytes("Exif\0\0"sv) + exif);
}

Bytes with_orientation(ImageFormat format, const Bytes& image, int orientation) {
  return with_exif(format, image, exif_block(orientation));
}

Bytes with_jpeg_segment(const Bytes& jpeg, unsigned marker, ByteView body) {
  Bytes segment = "\xFF";
  segment.push_back(static_cast<char>(marker));
  segment += big_endian(static_cast<std::uint32_t>(body.size() + 2), 2);
  return jpeg.substr(0, 2) + segment.append(body) + jpeg.substr(2);
}

Bytes png_chunk(std::string_view type, ByteView body) {
  const Bytes named = Bytes(type).append(body);
  return big_endian(static_cast<std::uint32_t>(body.size()), 4) + named +
         big_endian(crc32(named), 4);
}

Bytes with_png_chunk(const Bytes& png, std::string_view type, ByteView body) {
  return png.substr(0, kPngStartBytes) + png_chunk(type, body) + png.substr(kPngStartBytes);
}

Bytes webp_chunk(std::string_view type, ByteView body) {
  Bytes chunk = Bytes(type) + little_endian(static_cast<std::uint32_t>(body.size()), 4);
  chunk.append(body);
  if (body.size() % 2 != 0) chunk.push_back('\0');
  return chunk;
}

Bytes riff(ByteView chunks) {
  return "RIFF" + little_endian(static_cast<std::uint32_t>(chunks.size() + 4), 4) + "WEBP" +
         Bytes(chunks);
}

Bytes with_webp_chunk(const Bytes& webp, std::string_view type, ByteView body) {
  Bytes chunks = webp.substr(12);
  if (!chunks.starts_with("VP8X")) {
    const Raster raster = pixels_of(webp);
    const Bytes extended = Bytes("\x08\0\0\0"sv) +
                           little_endian(static_cast<std::uint32_t>(raster.size.width - 1), 3) +
                           little_endian(static_cast<std::uint32_t>(raster.size.height - 1), 3);
    chunks = webp_chunk("VP8X", extended) + chunks;
  }
  return riff(chunks + webp_chunk(type, body));
}

Bytes png_start(std::uint32_t width, std::uint32_t height, int bits, int colour_type) {
  Bytes body = big_endian(width, 4) + big_endian(height, 4);
  body.push_back(static_cast<char>(bits));
  body.push_back(static_cast<char>(colour_type));
  body += "\0\0\0"sv;
  return "\x89PNG\r\n\x1A\n" + png_chunk("IHDR", body);
}

Bytes jpeg_start(unsigned start_of_frame, unsigned width, unsigned height) {
  Bytes frame = "\x08" + big_endian(height, 2) + big_endian(width, 2);
  frame += "\x03\x01\x22\x00\x02\x11\x00\x03\x11\x00"sv;
  const Bytes jpeg = with_jpeg_segment("\xFF\xD8", start_of_frame, frame);
  return jpeg + Bytes("\xFF\xDA\x00\x0C\x03\x01\x00\x02\x00\x03\x00\x00\x3F\x00"sv);
}

Bytes deflated_zeros(std::size_t count) {
  // zlib's header, then stored nothing but one block of Huffman code "a zero, and 258 more" again
  // and again: 285 is eight bits of 11000101, distance 1 is five bits of 0.
  struct BitWriter {
    Bytes bytes;
    unsigned pending = 0, used = 0;
    void put(unsigned bits, unsigned length) {
      for (unsigned i = 0; i < length; ++i) {
        pending |= (bits >> i & 1U) << used;
        if (++used == 8) flush();
      }
    }
    void flush() {
      bytes.push_back(static_cast<char>(pending));
      pending = used = 0;
    }
  } out;
  out.put(0b011, 3);       // the last block, fixed codes
  out.put(0b00001100, 8);  // literal 0: code 00110000, its first bit first
  for (std::size_t done = 1; done + 258 <= count; done += 258) {
    out.put(0b10100011, 8);  // length 258: code 11000101
    out.put(0, 5);           // distance 1
  }
  out.put(0, 7);  // the end
  if (out.used != 0) out.flush();
  const std::size_t length = 1 + (count - 1) / 258 * 258;
  const auto adler = static_cast<std::uint32_t>(length % 65521 << 16U | 1U);
  return "\x78\x9C" + out.bytes + big_endian(adler, 4);
}

Raster pixels_of(const Bytes& image) {
  if (image.substr(4, 8) == "ftypavif") return pixels_of_avif(image);
  const ImageFormat format = value_or_throw(sniff(image));
  const ImageHeader header = value_or_throw(read_header(image, format, ImageExtent::whole));
  const MagickImage decoded =
      value_or_throw(MagickImage::decode(essential_bytes(image, header), header, 1));
  return value_or_throw(decoded.raster());
}

Raster thumbnail_of(const Bytes& image, int width, int height) {
  const RenderOrder order[] = {{{"a", width, height, Fit::inside, {}, 80}, ImageFormat::png}};
  MemorySource source(image);
  return pixels_of(value_or_throw(render(source, order, Limits{})).thumbnails.at(0).bytes);
}

std::size_t foreign_programs() {
  (void)pixels_of(picture(ImageFormat::jpeg, 8, 8));  // initialises the library as the program does
  MagickLib::ExceptionInfo exception;
  MagickLib::GetExceptionInfo(&exception);
  std::size_t count = 0;
  const MagickLib::DelegateInfo* entry = MagickLib::GetDelegateInfo("*", "*", &exception);
  for (; entry != nullptr; entry = entry->next) {
    if (entry->commands != nullptr && *entry->commands != '\0') ++count;
  }
  MagickLib::DestroyExceptionInfo(&exception);
  return count;
}

bool decodes_by_guess(const Bytes& image) {
  (void)pixels_of(picture(ImageFormat::jpeg, 8, 8));  // initialises the library as the program does
  try {
    Magick::Image guess;
    guess.read(Magick::Blob(image.data(), image.size()));
    return true;
  } catch (const Magick::Exception&) {
    return false;
  }
}

Colour colour_at(const Raster& raster, double x, double y) {
  const int column = std::min(static_cast<int>(x * raster.size.width), raster.size.width - 1);
  const int row = std::min(static_cast<int>(y * raster.size.height), raster.size.height - 1);
  const std::uint8_t* const pixel = raster.at(column, row);
  return {pixel[0], pixel[1], pixel[2]};
}

int difference(Colour a, Colour b) {
  int largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<int>(a.at(i)) - static_cast<int>(b.at(i))));
  }
  return largest;
}

}  // namespace miniatura::pictures
