#include "thumbnailer/codecs/magick/magick_light.h"

#include "thumbnailer/light.h"

namespace miniatura {
namespace {

void apply(const std::vector<std::uint16_t>& table, Magick::Image& image) {
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

void to_linear_light(Magick::Image& image) { apply(light_of_numbers(), image); }
void from_linear_light(Magick::Image& image) { apply(numbers_of_light(), image); }

}  // namespace miniatura
