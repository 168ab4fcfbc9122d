#include "thumbnailer/planes_raster.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "thumbnailer/resample.h"

namespace miniatura {
namespace {

using Row = std::vector<std::uint16_t>;
constexpr std::uint32_t kFull = 65'535;
constexpr std::uint32_t kByteTo16 = 257;

std::uint8_t to_byte(std::uint32_t number) {
  return static_cast<std::uint8_t>((number * 255 + kFull / 2) / kFull);
}

// From Y, Cb and Cr to red, green and blue, in integers of 16 bits behind the point; numbers of
// `bits` bits.
class FromYcbcr {
 public:
  FromYcbcr(const YcbcrMatrix& matrix, int bits) : max_((1 << bits) - 1) {
    const double unit = ((1 << bits) - 1) / 255.0;
    const double luma = matrix.full_range ? 1 : 255.0 / 219;
    const double chroma = matrix.full_range ? 1 : 255.0 / 224;
    const double kg = 1 - matrix.kr - matrix.kb;
    luma_ = fixed(luma);
    red_ = fixed(2 * (1 - matrix.kr) * chroma);
    blue_ = fixed(2 * (1 - matrix.kb) * chroma);
    green_of_blue_ = fixed(2 * matrix.kb * (1 - matrix.kb) / kg * chroma);
    green_of_red_ = fixed(2 * matrix.kr * (1 - matrix.kr) / kg * chroma);
    black_ = matrix.full_range ? 0 : std::lround(16 * unit);
    middle_ = std::lround(128 * unit);
  }

  template <class Sample, class Target>
  void convert(const Sample* y, const Sample* cb, const Sample* cr, int count,
               Target target) const {
    for (int x = 0; x < count; ++x) {
      const std::int64_t luma = luma_ * (y[x] - black_) + kHalf;
      const std::int64_t blue = cb[x] - middle_;
      const std::int64_t red = cr[x] - middle_;
      target(x, number(luma + red_ * red),
             number(luma - green_of_blue_ * blue - green_of_red_ * red),
             number(luma + blue_ * blue));
    }
  }

 private:
  static constexpr int kPoint = 16;
  static constexpr std::int64_t kHalf = std::int64_t{1} << (kPoint - 1);
  static std::int64_t fixed(double factor) { return std::llround(factor * (1 << kPoint)); }
  std::uint32_t number(std::int64_t value) const {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value >> kPoint, 0, max_));
  }

  std::int64_t max_, luma_, red_, blue_, green_of_blue_, green_of_red_, black_, middle_;
};

// Nothing but 8-bit numbers that stay what they are.
Raster raster_of_bytes(const Planes& planes) {
  const int width = planes.colour[0].size.width;
  Raster raster(planes.colour[0].size, 3);
  const FromYcbcr from_ycbcr(planes.matrix, 8);
  for (int y = 0; y < raster.size.height; ++y) {
    std::uint8_t* const pixels = raster.at(0, y);
    const std::uint8_t* const first = planes.colour.front().row(y);
    const std::uint8_t* const second = planes.colour[planes.colour.size() / 2].row(y);
    const std::uint8_t* const third = planes.colour.back().row(y);
    const auto put = [pixels](int x, std::uint32_t red, std::uint32_t green, std::uint32_t blue) {
      std::uint8_t* const pixel = pixels + 3 * static_cast<std::ptrdiff_t>(x);
      pixel[0] = static_cast<std::uint8_t>(red);
      pixel[1] = static_cast<std::uint8_t>(green);
      pixel[2] = static_cast<std::uint8_t>(blue);
    };
    if (planes.coding == Coding::ycbcr) {
      from_ycbcr.convert(first, second, third, width, put);
    } else {
      for (int x = 0; x < width; ++x) put(x, first[x], second[x], third[x]);
    }
  }
  return raster;
}

std::uint16_t to_16(float number) {
  return static_cast<std::uint16_t>(std::lround(std::clamp(number, 0.0F, 1.0F) * kFull));
}

// A row of a plane in 16 bits.
void read_row(const Plane& plane, int y, Row& row) {
  row.resize(static_cast<std::size_t>(plane.size.width));
  if (plane.bits == 32) {
    std::transform(plane.row_float(y), plane.row_float(y) + row.size(), row.begin(), to_16);
  } else if (plane.bits == 16) {
    std::copy_n(plane.row_16(y), row.size(), row.begin());
  } else {
    std::transform(plane.row(y), plane.row(y) + row.size(), row.begin(), [](std::uint8_t sample) {
      return static_cast<std::uint16_t>(sample * kByteTo16);
    });
  }
}

// A row of premultiplied floats as straight colour.
void read_straight_row(const Plane& plane, const Plane& alpha, int y, Row& row) {
  const float* const colours = plane.row_float(y);
  const float* const alphas = alpha.row_float(y);
  row.resize(static_cast<std::size_t>(plane.size.width));
  for (std::size_t x = 0; x < row.size(); ++x) {
    row[x] = alphas[x] > 0 ? to_16(colours[x] / alphas[x]) : std::uint16_t{0};
  }
}

void unmultiply(Row& colour, const Row& alpha) {
  for (std::size_t x = 0; x < colour.size(); ++x) {
    const std::uint32_t opacity = alpha[x];
    if (opacity == kFull) continue;
    const std::uint32_t seen = std::min<std::uint32_t>(colour[x], opacity);
    colour[x] = opacity == 0 ? std::uint16_t{0}
                             : static_cast<std::uint16_t>((seen * kFull + opacity / 2) / opacity);
  }
}

void multiply(Row& colour, const Row& alpha) {
  for (std::size_t x = 0; x < colour.size(); ++x) {
    colour[x] =
        static_cast<std::uint16_t>((std::uint32_t{colour[x]} * alpha[x] + kFull / 2) / kFull);
  }
}

void look_up(Row& row, const Row& table) {
  for (std::uint16_t& number : row) number = table[number];
}

// Rows of a picture as straight colour in 16 bits: of grey one, else red, green and blue.
class StraightRows {
 public:
  explicit StraightRows(const Planes& planes) : planes_(planes), from_ycbcr_(planes.matrix, 16) {}

  void read(int y) {
    rows.resize(planes_.colour.size());
    if (!planes_.alpha.empty() && planes_.alpha[0].bits == 32) {
      read_row(planes_.alpha[0], y, alpha);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        read_straight_row(planes_.colour[i], planes_.alpha[0], y, rows[i]);
      }
      return;
    }
    for (std::size_t i = 0; i < rows.size(); ++i) read_row(planes_.colour[i], y, rows[i]);
    if (planes_.coding == Coding::ycbcr) {
      from_ycbcr_.convert(
          rows[0].data(), rows[1].data(), rows[2].data(), static_cast<int>(rows[0].size()),
          [this](int x, std::uint32_t red, std::uint32_t green, std::uint32_t blue) {
            const auto at = static_cast<std::size_t>(x);
            rows[0][at] = static_cast<std::uint16_t>(red);
            rows[1][at] = static_cast<std::uint16_t>(green);
            rows[2][at] = static_cast<std::uint16_t>(blue);
          });
    }
    if (planes_.alpha.empty()) return;
    read_row(planes_.alpha[0], y, alpha);
    for (Row& row : rows) unmultiply(row, alpha);
  }

  std::vector<Row> rows;
  Row alpha;  // empty: wholly opaque

 private:
  const Planes& planes_;
  FromYcbcr from_ycbcr_;
};

// A row's numbers side by side, as sRGB.
void to_pixels(const std::vector<Row>& rows, const ToSrgb* to_srgb, Row& interleaved, Row& rgb) {
  const std::size_t width = rows[0].size();
  rgb.resize(3 * width);
  if (to_srgb == nullptr) {
    for (std::size_t i = 0; i < rgb.size(); ++i) rgb[i] = rows[i % 3 * rows.size() / 3][i / 3];
    return;
  }
  // Of a grey profile with colours there is none (source_colours.h).
  const auto channels = static_cast<std::size_t>(to_srgb->model());
  interleaved.resize(width * channels);
  for (std::size_t i = 0; i < interleaved.size(); ++i) {
    interleaved[i] = rows[std::min(i % channels, rows.size() - 1)][i / channels];
  }
  to_srgb->convert(interleaved.data(), rgb.data(), width);
}

}  // namespace

Raster raster_of(const Planes& planes, Light light, const ToSrgb* to_srgb) {
  const bool deep = planes.colour[0].bits > 8;
  if (!deep && planes.alpha.empty() && light == Light::encoded && to_srgb == nullptr) {
    return raster_of_bytes(planes);
  }
  const std::size_t channels = planes.alpha.empty() ? 3 : 4;
  Raster raster(planes.colour[0].size, static_cast<int>(channels));
  StraightRows straight(planes);
  Row interleaved;
  Row rgb;
  for (int y = 0; y < raster.size.height; ++y) {
    straight.read(y);
    if (light == Light::linear) {
      for (Row& row : straight.rows) look_up(row, numbers_of_light());
    }
    to_pixels(straight.rows, to_srgb, interleaved, rgb);
    std::uint8_t* const pixels = raster.at(0, y);
    for (std::size_t i = 0; i < rgb.size(); ++i) pixels[i / 3 * channels + i % 3] = to_byte(rgb[i]);
    for (std::size_t x = 0; x < straight.alpha.size(); ++x) {
      pixels[x * channels + 3] = to_byte(straight.alpha[x]);
    }
  }
  return raster;
}

namespace {

// All colours at the first plane's grid.
Result<Planes> at_one_grid(const Planes& planes) {
  Planes result{planes.stored, planes.coding, planes.matrix, {}, {}};
  const Plane& first = planes.colour[0];
  const Region whole{0, 0, first.size.width / first.across, first.size.height / first.down};
  for (const Plane& plane : planes.colour) {
    TRY(same, resampled(plane, whole, first.size, plane.bits));
    result.colour.push_back(std::move(same));
  }
  return result;
}

}  // namespace

Result<Planes> in_linear_light(const Planes& planes) {
  if (planes.coding == Coding::ycbcr && planes.colour[1].size != planes.colour[0].size) {
    TRY(fine, at_one_grid(planes));
    return in_linear_light(fine);
  }
  Planes linear{
      planes.stored, planes.coding == Coding::grey ? Coding::grey : Coding::rgb, {}, {}, {}};
  const Plane& first = planes.colour[0];
  const auto add = [&](std::vector<Plane>& to) {
    Plane& plane = to.emplace_back(first.size, 16);
    plane.across = first.across;
    plane.down = first.down;
  };
  for (std::size_t i = 0; i < planes.colour.size(); ++i) add(linear.colour);
  if (!planes.alpha.empty()) add(linear.alpha);
  StraightRows straight(planes);
  for (int y = 0; y < first.size.height; ++y) {
    straight.read(y);
    for (std::size_t i = 0; i < linear.colour.size(); ++i) {
      Row& row = straight.rows[i];
      look_up(row, light_of_numbers());
      if (!straight.alpha.empty()) multiply(row, straight.alpha);
      std::copy(row.begin(), row.end(), linear.colour[i].row_16(y));
    }
    if (!straight.alpha.empty()) {
      std::copy(straight.alpha.begin(), straight.alpha.end(), linear.alpha[0].row_16(y));
    }
  }
  return linear;
}

}  // namespace miniatura
