#include "thumbnailer/light.h"

#include <cmath>

namespace miniatura {
namespace {

constexpr double kFull = 65'535;

double linear(double encoded) {
  return encoded <= 0.04045 ? encoded / 12.92 : std::pow((encoded + 0.055) / 1.055, 2.4);
}
double encoded(double linear) {
  return linear <= 0.0031308 ? linear * 12.92 : 1.055 * std::pow(linear, 1 / 2.4) - 0.055;
}

std::vector<std::uint16_t> table_of(double (*curve)(double)) {
  std::vector<std::uint16_t> table(65'536);
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] =
        static_cast<std::uint16_t>(std::lround(curve(static_cast<double>(i) / kFull) * kFull));
  }
  return table;
}

}  // namespace

const std::vector<std::uint16_t>& light_of_numbers() {
  static const std::vector<std::uint16_t> table = table_of(linear);
  return table;
}

const std::vector<std::uint16_t>& numbers_of_light() {
  static const std::vector<std::uint16_t> table = table_of(encoded);
  return table;
}

}  // namespace miniatura
