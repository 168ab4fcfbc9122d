#include "thumbnailer/sharpen.h"

#include <algorithm>
#include <cmath>

namespace miniatura {
namespace {

// A value a pixel, rows without padding.
struct Plane {
  Size size;
  std::vector<float> values;

  explicit Plane(Size its_size)
      : size(its_size),
        values(static_cast<std::size_t>(its_size.width) *
               static_cast<std::size_t>(its_size.height)) {}
  float& at(int x, int y) { return values[offset(x, y)]; }
  float at(int x, int y) const { return values[offset(x, y)]; }

 private:
  std::size_t offset(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width) +
           static_cast<std::size_t>(x);
  }
};

// From the middle outwards, the middle once; all of them with both sides make 1.
std::vector<float> gaussian(double sigma) {
  const auto reach = static_cast<std::size_t>(std::ceil(3 * sigma));
  std::vector<double> weights(reach + 1);
  double sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto distance = static_cast<double>(i);
    weights[i] = std::exp(-distance * distance / (2 * sigma * sigma));
    sum += i == 0 ? weights[i] : 2 * weights[i];
  }
  std::vector<float> kernel;
  for (const double weight : weights) kernel.push_back(static_cast<float>(weight / sum));
  return kernel;
}

// Along one axis; beyond the edge stands the edge.
Plane blurred(const Plane& plane, const std::vector<float>& kernel, bool across) {
  Plane result(plane.size);
  const auto [width, height] = plane.size;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      float sum = kernel[0] * plane.at(x, y);
      for (int i = 1; i < static_cast<int>(kernel.size()); ++i) {
        sum +=
            kernel[static_cast<std::size_t>(i)] *
            (across ? plane.at(std::max(x - i, 0), y) + plane.at(std::min(x + i, width - 1), y)
                    : plane.at(x, std::max(y - i, 0)) + plane.at(x, std::min(y + i, height - 1)));
      }
      result.at(x, y) = sum;
    }
  }
  return result;
}

Plane blurred(const Plane& plane, double sigma) {
  const std::vector<float> kernel = gaussian(sigma);
  return blurred(blurred(plane, kernel, true), kernel, false);
}

// Rec. 601, as JPEG has it.
float brightness(const std::uint8_t* pixel) {
  return 0.299F * static_cast<float>(pixel[0]) + 0.587F * static_cast<float>(pixel[1]) +
         0.114F * static_cast<float>(pixel[2]);
}

float weight(const Raster& raster, int x, int y) {
  return raster.channels == 4 ? static_cast<float>(raster.at(x, y)[3]) / 255 : 1;
}

}  // namespace

Raster sharpened(Raster raster, double sigma) {
  if (sigma <= 0) return raster;
  Plane weighed(raster.size);
  Plane weights(raster.size);
  for (int y = 0; y < raster.size.height; ++y) {
    for (int x = 0; x < raster.size.width; ++x) {
      weights.at(x, y) = weight(raster, x, y);
      weighed.at(x, y) = brightness(raster.at(x, y)) * weights.at(x, y);
    }
  }
  weighed = blurred(weighed, sigma);
  if (raster.channels == 4) weights = blurred(weights, sigma);
  for (int y = 0; y < raster.size.height; ++y) {
    for (int x = 0; x < raster.size.width; ++x) {
      std::uint8_t* const pixel = raster.at(x, y);
      if (weight(raster, x, y) == 0) continue;
      const float more = brightness(pixel) - weighed.at(x, y) / weights.at(x, y);
      for (int channel = 0; channel < 3; ++channel) {
        const float value = static_cast<float>(pixel[channel]) + more;
        pixel[channel] = static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
      }
    }
  }
  return raster;
}

}  // namespace miniatura
