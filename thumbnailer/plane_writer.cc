#include "thumbnailer/plane_writer.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace miniatura {
namespace {

Rectangle frame_of(const ImageHeader& header) {
  return header.frame.value_or(Rectangle{0, 0, header.width, header.height});
}

bool covers(const Rectangle& frame, const ImageHeader& header) {
  return frame.left <= 0 && frame.top <= 0 &&
         std::int64_t{frame.left} + frame.width >= header.width &&
         std::int64_t{frame.top} + frame.height >= header.height;
}

bool has_alpha(int channels) { return channels % 2 == 0; }

int with_alpha(int channels) { return has_alpha(channels) ? channels : channels + 1; }

BoxInput input_of(Size size, int channels, int bits) {
  return {size, channels, bits, has_alpha(channels), bits == 8 ? 257.0 : 1.0, 0};
}

bool is_opaque(const Plane& alpha) {
  for (int y = 0; y < alpha.size.height; ++y) {
    const std::uint16_t* const row = alpha.row_16(y);
    const bool opaque = std::all_of(row, row + alpha.size.width,
                                    [](std::uint16_t number) { return number == 65'535; });
    if (!opaque) return false;
  }
  return true;
}

}  // namespace

PlaneWriter::PlaneWriter(const ImageHeader& header, const RowKind& kind, int denominator)
    : stored_{header.width, header.height},
      frame_(frame_of(header)),
      kind_(kind),
      channels_(covers(frame_, header) ? kind.channels : with_alpha(kind.channels)),
      covers_(covers(frame_, header)),
      shrink_(input_of(stored_, channels_, kind.bits), denominator) {
  if (covers_) return;
  row_.resize(static_cast<std::size_t>(stored_.width) * static_cast<std::size_t>(channels_));
  for (int y = 0; y < std::min(frame_.top, stored_.height); ++y) {
    if (kind.bits == 8) {
      shrink_.add(reinterpret_cast<const std::uint8_t*>(row_.data()));
    } else {
      shrink_.add(row_.data());
    }
  }
}

void PlaneWriter::add(const std::uint8_t* row) { add_row(row); }
void PlaneWriter::add(const std::uint16_t* row) { add_row(row); }

template <class Sample>
void PlaneWriter::add_row(const Sample* row) {
  const int y = y_++ + frame_.top;
  if (y < 0 || y >= stored_.height || y_ > frame_.height) return;
  if (covers_) {
    shrink_.add(row - static_cast<std::ptrdiff_t>(frame_.left) * kind_.channels);
  } else {
    add_on_canvas(row);
  }
}

// Beside the frame the row is zeros, and stays so.
template <class Sample>
void PlaneWriter::add_on_canvas(const Sample* row) {
  const int left = std::max(frame_.left, 0);
  const auto right = static_cast<int>(
      std::min<std::int64_t>(std::int64_t{frame_.left} + frame_.width, stored_.width));
  auto* const canvas = reinterpret_cast<Sample*>(row_.data());
  for (int x = left; x < right; ++x) {
    const Sample* const from =
        row + (static_cast<std::ptrdiff_t>(x) - frame_.left) * kind_.channels;
    Sample* const to = canvas + static_cast<std::ptrdiff_t>(x) * channels_;
    std::copy_n(from, kind_.channels, to);
    if (channels_ != kind_.channels) to[kind_.channels] = std::numeric_limits<Sample>::max();
  }
  shrink_.add(static_cast<const Sample*>(canvas));
}

Planes PlaneWriter::planes() {
  Planes planes;
  planes.stored = stored_;
  planes.coding = channels_ <= 2 ? Coding::grey : Coding::rgb;
  planes.colour = shrink_.finish();
  if (!has_alpha(channels_)) return planes;
  if (!is_opaque(planes.colour.back())) planes.alpha.push_back(std::move(planes.colour.back()));
  planes.colour.pop_back();
  return planes;
}

Planes planes_of(const Raster& raster, int denominator) {
  ImageHeader header;
  header.width = raster.size.width;
  header.height = raster.size.height;
  PlaneWriter writer(header, {raster.channels, 8}, denominator);
  for (int y = 0; y < raster.size.height; ++y) writer.add(raster.at(0, y));
  return writer.planes();
}

}  // namespace miniatura
