#include "thumbnailer/codecs/magick/magick_source.h"

#include <array>
#include <new>
#include <vector>

#include "thumbnailer/codecs/heif/heif.h"
#include "thumbnailer/colour.h"

namespace miniatura {
namespace {

constexpr std::uint16_t kFull = 65'535;  // of the library's quantum of 16 bits
static_assert(sizeof(MagickLib::Quantum) == sizeof(kFull));

// Of one colour: black, opaque or not there at all. The library's own way would need one of the
// coders that are taken out of it.
Magick::Image blank(Size size, bool transparent) {
  MagickLib::Image* const image = MagickLib::AllocateImage(nullptr);
  if (image == nullptr) throw std::bad_alloc();
  Magick::Image owner(image);
  image->columns = static_cast<unsigned long>(size.width);
  image->rows = static_cast<unsigned long>(size.height);
  image->background_color = {};
  const MagickLib::Quantum opacity = transparent ? TransparentOpacity : OpaqueOpacity;
  if (MagickLib::SetImage(image, opacity) == MagickFail) throw std::bad_alloc();
  return owner;
}

std::size_t row_numbers(const Magick::Image& image, std::size_t channels) {
  return static_cast<std::size_t>(image.columns()) * channels;
}

// Calls `change` with each row's pixels, to be read and written.
template <class Change>
void for_each_row(Magick::Image& image, Change change) {
  image.modifyImage();
  for (unsigned y = 0; y < image.rows(); ++y) {
    Magick::PixelPacket* const pixels = image.setPixels(0, static_cast<int>(y), image.columns(), 1);
    change(static_cast<int>(y), pixels);
    image.syncPixels();
  }
}

}  // namespace

Result<Bytes> read_heif(ByteView whole, Magick::Image& image) {
  TRY(picture, HeifPicture::decode(whole));
  const Size size = picture.size();
  image = blank(size, false);
  image.matte(picture.alpha());
  std::vector<std::uint16_t> rgba(row_numbers(image, 4));
  for_each_row(image, [&](int y, Magick::PixelPacket* pixels) {
    picture.row(y, rgba);
    for (std::size_t i = 0; i < rgba.size(); i += 4, ++pixels) {
      pixels->red = rgba[i];
      pixels->green = rgba[i + 1];
      pixels->blue = rgba[i + 2];
      pixels->opacity = static_cast<MagickLib::Quantum>(kFull - rgba[i + 3]);
    }
  });
  return picture.icc_profile();
}

void convert_inks(Magick::Image& image, const ImageHeader& header, ByteView icc_profile) {
  const auto by_profile = ToSrgb::by(icc_profile, ColourModel::cmyk);
  // The library takes all JPEGs for inverted, which Adobe's are.
  const unsigned flip = header.format == ImageFormat::jpeg && !header.inverted ? kFull : 0;
  std::vector<std::uint16_t> inks(row_numbers(image, 4));
  std::vector<std::uint16_t> rgb(row_numbers(image, 3));
  const std::size_t width = image.columns();
  // The rows are read below, so what setPixels gives must be filled before: getPixels does that.
  for (unsigned y = 0; y < image.rows(); ++y) {
    Magick::PixelPacket* const pixels = image.getPixels(0, static_cast<int>(y), image.columns(), 1);
    for (std::size_t x = 0; x < width; ++x) {
      const Magick::PixelPacket& pixel = pixels[x];
      const std::array<unsigned, 4> stored = {pixel.red, pixel.green, pixel.blue, pixel.opacity};
      for (std::size_t ink = 0; ink < stored.size(); ++ink) {
        inks[4 * x + ink] = static_cast<std::uint16_t>(stored.at(ink) ^ flip);
      }
    }
    if (by_profile) {
      by_profile->convert(inks.data(), rgb.data(), width);
    } else {
      for (std::size_t i = 0; i < rgb.size(); ++i) {
        const std::uint32_t paper = kFull - inks[i / 3 * 4 + i % 3];
        rgb[i] = static_cast<std::uint16_t>(paper * (kFull - inks[i / 3 * 4 + 3]) / kFull);
      }
    }
    for (std::size_t x = 0; x < width; ++x) {
      pixels[x].red = rgb[3 * x];
      pixels[x].green = rgb[3 * x + 1];
      pixels[x].blue = rgb[3 * x + 2];
      pixels[x].opacity = OpaqueOpacity;
    }
    image.syncPixels();
  }
  image.image()->colorspace = MagickLib::RGBColorspace;
  image.matte(false);
}

Magick::Image on_its_canvas(Magick::Image image, const ImageHeader& header) {
  const Rectangle& frame = *header.frame;
  if (frame.left <= 0 && frame.top <= 0 && frame.left + frame.width >= header.width &&
      frame.top + frame.height >= header.height) {  // cut alone
    image.crop(
        Magick::Geometry(static_cast<unsigned>(header.width), static_cast<unsigned>(header.height),
                         static_cast<unsigned>(-frame.left), static_cast<unsigned>(-frame.top)));
    image.page(Magick::Geometry());
    return image;
  }
  Magick::Image canvas = blank({header.width, header.height}, true);
  canvas.composite(image, frame.left, frame.top, Magick::CopyCompositeOp);
  return canvas;
}

}  // namespace miniatura
