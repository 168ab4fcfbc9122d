#include "tests/support/decoded.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "tests/support/images.h"
#include "thumbnailer/byte_order.h"
#include "thumbnailer/codecs/magick/magick.h"
#include "thumbnailer/sniff.h"

namespace miniatura::pictures {
namespace {

double number_at(const Plane& plane, int x, int y) {
  x = std::clamp(x, 0, plane.size.width - 1);
  y = std::clamp(y, 0, plane.size.height - 1);
  return plane.bits == 8 ? plane.row(y)[x] / 255.0 : plane.row_16(y)[x] / 65'535.0;
}

// Of 0 to 1, at the middle of a sample of the first plane: between the four samples around it.
double sample_at(const Plane& plane, const Plane& first, int x, int y) {
  const double u = (x + 0.5) / first.across * plane.across - 0.5;
  const double v = (y + 0.5) / first.down * plane.down - 0.5;
  const auto left = static_cast<int>(std::floor(u));
  const auto top = static_cast<int>(std::floor(v));
  const auto row = [&](int at) {
    return std::lerp(number_at(plane, left, at), number_at(plane, left + 1, at), u - left);
  };
  return std::lerp(row(top), row(top + 1), v - top);
}

std::array<double, 3> rgb_of(const Planes& planes, std::array<double, 3> numbers) {
  if (planes.coding != Coding::ycbcr) return numbers;
  const YcbcrMatrix& m = planes.matrix;
  const double middle = 128 / 255.0;
  double y = numbers[0];
  double cb = numbers[1] - middle;
  double cr = numbers[2] - middle;
  if (!m.full_range) {
    y = (y - 16 / 255.0) * 255 / 219;
    cb *= 255.0 / 224;
    cr *= 255.0 / 224;
  }
  const double r = y + 2 * (1 - m.kr) * cr;
  const double b = y + 2 * (1 - m.kb) * cb;
  return {r, (y - m.kr * r - m.kb * b) / (1 - m.kr - m.kb), b};
}

std::uint8_t byte_of(double number) {
  return static_cast<std::uint8_t>(std::lround(std::clamp(number, 0.0, 1.0) * 255));
}

// Of a pixel, multiplied: 0 to 255.
double multiplied(const std::uint8_t* pixel, int channels, int c) {
  if (channels == 3) return c == 3 ? 255 : pixel[c];
  return c == 3 ? pixel[3] : pixel[c] * pixel[3] / 255.0;
}

Raster box_averaged(const Raster& raster, int denominator) {
  if (denominator == 1) return raster;
  const Size size = {(raster.size.width + denominator - 1) / denominator,
                     (raster.size.height + denominator - 1) / denominator};
  Raster small(size, raster.channels);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      std::array<double, 4> sums{};
      int count = 0;
      for (int v = y * denominator; v < std::min((y + 1) * denominator, raster.size.height); ++v) {
        for (int u = x * denominator; u < std::min((x + 1) * denominator, raster.size.width); ++u) {
          for (int c = 0; c < 4; ++c) {
            sums.at(static_cast<std::size_t>(c)) += multiplied(raster.at(u, v), raster.channels, c);
          }
          ++count;
        }
      }
      const double alpha = sums[3] / count / 255;
      for (int c = 0; c < raster.channels; ++c) {
        const double sum = sums.at(static_cast<std::size_t>(c)) / count / 255;
        small.at(x, y)[c] = byte_of(c == 3 || alpha == 0 ? sum : sum / alpha);
      }
    }
  }
  return small;
}

std::uint32_t adler(ByteView bytes) {
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  for (const char c : bytes) {
    a = (a + static_cast<unsigned char>(c)) % 65'521;
    b = (b + a) % 65'521;
  }
  return b << 16U | a;
}

// zlib's stream, nothing compressed.
Bytes stored(const Bytes& bytes) {
  constexpr std::size_t kBlockMax = 65'535;
  Bytes stream = "\x78\x01";
  for (std::size_t at = 0; at < bytes.size(); at += kBlockMax) {
    const Bytes block = bytes.substr(at, kBlockMax);
    stream += at + kBlockMax >= bytes.size() ? '\1' : '\0';
    const auto size = static_cast<std::uint32_t>(block.size());
    stream += little_endian(size, 2) + little_endian(size ^ 0xFFFFU, 2) + block;
  }
  return stream + big_endian(adler(bytes), 4);
}

// So many pixels from a place on, a step apart, are a pass.
struct Steps {
  int left = 0, top = 0, across = 1, down = 1;
};

// Samples one after the other, a step of pixels apart, the last byte filled up with zeros.
Bytes packed_row(const std::vector<std::uint16_t>& samples, std::size_t begin, std::size_t end,
                 std::size_t channels, std::size_t step, int bits) {
  Bytes row;
  unsigned gathered = 0;
  int gathered_bits = 0;
  for (std::size_t i = begin; i < end;
       i += i % channels == channels - 1 ? 1 + (step - 1) * channels : 1) {
    gathered = gathered << static_cast<unsigned>(bits) | samples.at(i);
    gathered_bits += bits;
    if (gathered_bits < 8) continue;
    row += big_endian(gathered, bits == 16 ? 2 : 1);
    gathered = 0;
    gathered_bits = 0;
  }
  if (gathered_bits > 0) {
    row += static_cast<char>(gathered << static_cast<unsigned>(8 - gathered_bits));
  }
  return row;
}

int expected_byte(unsigned filter, int a, int b, int c) {
  const int p = a + b - c;
  const std::array<int, 3> away = {std::abs(p - a), std::abs(p - b), std::abs(p - c)};
  const int paeth = away[0] <= away[1] && away[0] <= away[2] ? a : away[1] <= away[2] ? b : c;
  return std::array{0, a, b, (a + b) / 2, paeth}.at(filter);
}

Bytes filtered(unsigned filter, const Bytes& row, const Bytes& above, std::size_t pixel_bytes) {
  Bytes made(1, static_cast<char>(filter));
  const auto at = [](const Bytes& bytes, std::size_t i, std::size_t back) {
    return i < back || bytes.empty() ? 0 : static_cast<unsigned char>(bytes[i - back]);
  };
  for (std::size_t i = 0; i < row.size(); ++i) {
    made += static_cast<char>(at(row, i, 0) - expected_byte(filter, at(row, i, pixel_bytes),
                                                            at(above, i, 0),
                                                            at(above, i, pixel_bytes)));
  }
  return made;
}

}  // namespace

ImageHeader header_of(const Bytes& image) {
  const auto format = sniff(image);
  if (!format) throw std::runtime_error(format.error().message);
  auto header = read_header(image, *format, ImageExtent::whole);
  if (!header) throw std::runtime_error(header.error().message);
  return std::move(*header);
}

Raster raster_of(const Planes& planes) {
  const Plane& first = planes.colour.front();
  Raster raster(first.size, planes.alpha.empty() ? 3 : 4);
  for (int y = 0; y < first.size.height; ++y) {
    for (int x = 0; x < first.size.width; ++x) {
      std::array<double, 3> numbers{};
      for (std::size_t c = 0; c < 3; ++c) {
        const Plane& plane = planes.colour[planes.colour.size() == 1 ? 0 : c];
        numbers.at(c) = sample_at(plane, first, x, y);
      }
      const std::array<double, 3> rgb = rgb_of(planes, numbers);
      const double alpha = planes.alpha.empty() ? 1 : sample_at(planes.alpha.front(), first, x, y);
      for (std::size_t c = 0; c < 3; ++c) {
        raster.at(x, y)[c] = byte_of(alpha == 0 ? 0 : rgb.at(c) / alpha);
      }
      if (!planes.alpha.empty()) raster.at(x, y)[3] = byte_of(alpha);
    }
  }
  return raster;
}

Raster by_magick(const Bytes& image, int denominator) {
  const ImageHeader header = header_of(image);
  const auto decoded = MagickImage::decode(essential_bytes(image, header), header, 1);
  if (!decoded) throw std::runtime_error(decoded.error().message);
  return box_averaged(decoded->raster(Colours::own).value(), denominator);
}

Distance distance(const Raster& a, const Raster& b) {
  if (a.size != b.size) throw std::runtime_error("pictures of two sizes");
  Distance distance;
  for (int y = 0; y < a.size.height; ++y) {
    for (int x = 0; x < a.size.width; ++x) {
      for (int c = 0; c < 4; ++c) {
        const double apart =
            std::abs(multiplied(a.at(x, y), a.channels, c) - multiplied(b.at(x, y), b.channels, c));
        distance.mean += apart / 4 / a.size.width / a.size.height;
        distance.worst = std::max(distance.worst, static_cast<int>(std::lround(apart)));
      }
    }
  }
  return distance;
}

double distance_from_averages(const Planes& planes, const Planes& whole) {
  if (planes.coding != whole.coding || planes.colour.size() != whole.colour.size()) {
    throw std::runtime_error("pictures of two kinds");
  }
  double sum = 0;
  double count = 0;
  for (std::size_t i = 0; i < whole.colour.size(); ++i) {
    const Plane& small = planes.colour[i];
    const Plane& large = whole.colour[i];
    const auto denominator = static_cast<int>(std::lround(large.across / small.across));
    const Size expected = {(large.size.width + denominator - 1) / denominator,
                           (large.size.height + denominator - 1) / denominator};
    if (small.size != expected || small.down != small.across) {
      throw std::runtime_error("a plane of another size");
    }
    for (int y = 0; y < small.size.height; ++y) {
      for (int x = 0; x < small.size.width; ++x, ++count) {
        const int right = std::min((x + 1) * denominator, large.size.width);
        const int bottom = std::min((y + 1) * denominator, large.size.height);
        double box = 0;
        for (int v = y * denominator; v < bottom; ++v) {
          for (int u = x * denominator; u < right; ++u) box += number_at(large, u, v);
        }
        box /= (right - x * denominator) * (bottom - y * denominator);
        sum += std::abs(box - number_at(small, x, y)) * 255;
      }
    }
  }
  return sum / count;
}

Bytes png_of(Size size, int bits, int colour_type, const std::vector<std::uint16_t>& samples,
             bool interlaced, const Bytes& chunks) {
  const int channels = std::array{1, 0, 3, 1, 2, 0, 4}.at(static_cast<std::size_t>(colour_type));
  // Adam7, or all at once.
  const std::vector<Steps> passes =
      interlaced ? std::vector<Steps>{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                      {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}
                 : std::vector<Steps>{{}};
  const auto pixel_bytes = static_cast<std::size_t>(std::max(1, channels * bits / 8));
  Bytes rows;
  for (const Steps& pass : passes) {
    Bytes above;
    unsigned filter = 0;
    if (pass.left >= size.width) continue;
    for (int y = pass.top; y < size.height; y += pass.down) {
      const auto channel_count = static_cast<std::size_t>(channels);
      const auto width = static_cast<std::size_t>(size.width);
      const std::size_t begin = static_cast<std::size_t>(y) * width;
      const Bytes row =
          packed_row(samples, (begin + static_cast<std::size_t>(pass.left)) * channel_count,
                     (begin + width) * channel_count, channel_count,
                     static_cast<std::size_t>(pass.across), bits);
      rows += filtered(interlaced ? 0 : filter++ % 5, row, above, pixel_bytes);
      above = row;
    }
  }
  Bytes png = png_start(static_cast<std::uint32_t>(size.width),
                        static_cast<std::uint32_t>(size.height), bits, colour_type);
  if (interlaced) {
    Bytes body = png.substr(16, 13);
    body.back() = '\1';
    png = png.substr(0, 8) + png_chunk("IHDR", body);
  }
  return png + chunks + png_chunk("IDAT", stored(rows)) + png_chunk("IEND", "");
}

Bytes with_right_checksums(const Bytes& png) {
  constexpr std::size_t kSignature = 8, kFrame = 12;
  Bytes right = png.substr(0, kSignature);
  std::size_t at = kSignature;
  while (at + kFrame <= png.size()) {
    const std::size_t length = big_endian_32(png, at);
    if (length > png.size() - at - kFrame) break;
    right += png_chunk(png.substr(at + 4, 4), png.substr(at + 8, length));
    at += kFrame + length;
  }
  return right + png.substr(std::min(at, png.size()));
}

}  // namespace miniatura::pictures
