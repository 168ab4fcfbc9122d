#include "thumbnailer/codecs/magick/magick_light.h"

#include <cmath>
#include <cstddef>
#include <vector>

namespace miniatura {
namespace {

using Table = std::vector<MagickLib::Quantum>;

// sRGB's curve, from the number in a file to light, and back (IEC 61966-2-1).
double linear(double encoded) {
  return encoded <= 0.04045 ? encoded / 12.92 : std::pow((encoded + 0.055) / 1.055, 2.4);
}
double encoded(double linear) {
  return linear <= 0.0031308 ? linear * 12.92 : 1.055 * std::pow(linear, 1 / 2.4) - 0.055;
}

Table table_of(double (*curve)(double)) {
  Table table(std::size_t{MaxRGB} + 1);
  for (std::size_t i = 0; i < table.size(); ++i) {
    const double part = static_cast<double>(i) / MaxRGB;
    table[i] = static_cast<MagickLib::Quantum>(std::lround(curve(part) * MaxRGB));
  }
  return table;
}

void apply(const Table& table, Magick::Image& image) {
  image.classType(Magick::DirectClass);  // a palette's colours are not at the pixels
  image.modifyImage();
  for (unsigned y = 0; y < image.rows(); ++y) {
    MagickLib::PixelPacket* const row = image.getPixels(0, static_cast<int>(y), image.columns(), 1);
    for (unsigned x = 0; x < image.columns(); ++x) {
      row[x].red = table[row[x].red];
      row[x].green = table[row[x].green];
      row[x].blue = table[row[x].blue];
    }
    image.syncPixels();
  }
}

}  // namespace

void to_linear_light(Magick::Image& image) {
  static const Table table = table_of(linear);
  apply(table, image);
}

void from_linear_light(Magick::Image& image) {
  static const Table table = table_of(encoded);
  apply(table, image);
}

}  // namespace miniatura
