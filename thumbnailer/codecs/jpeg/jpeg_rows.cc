#include "thumbnailer/codecs/jpeg/jpeg_rows.h"

#include <algorithm>

#include "thumbnailer/codecs/jpeg/pixel_rows.h"
#include "thumbnailer/thumbnail_planes.h"

namespace miniatura {
namespace {

constexpr std::uint8_t kNeutral = 128;

std::size_t blocks_across(int samples) {
  return static_cast<std::size_t>((samples + kBlockSide - 1) / kBlockSide);
}

std::size_t padded_width(const ComponentRows& component) {
  return component.blocks * std::size_t{kBlockSide};
}

std::size_t row_count(const ComponentRows& component) {
  return static_cast<std::size_t>(component.factors.down) * kBlockSide;
}

void pad(const std::uint8_t* row, std::size_t width, const std::uint8_t* table, std::uint8_t* to,
         std::size_t width_to) {
  if (table == nullptr) {
    std::copy_n(row, width, to);
  } else {
    std::transform(row, row + width, to, [&](std::uint8_t sample) { return table[sample]; });
  }
  std::fill(to + width, to + width_to, to[width - 1]);
}

}  // namespace

SamplingFactors sampling_factors(Subsampling subsampling) {
  switch (subsampling) {
    case Subsampling::s420:
      return {2, 2};
    case Subsampling::s422:
      return {2, 1};
    case Subsampling::s444:
      break;
  }
  return {1, 1};
}

JpegRows::JpegRows(Size size, SamplingFactors factors, std::size_t component_count) : size_(size) {
  components_.resize(component_count);
  for (ComponentRows& component : components_) {
    const bool brightness = &component == &components_.front();
    if (brightness) component.factors = factors;
    const int per_sample = brightness ? 1 : factors.across;
    component.blocks = blocks_across((size.width + per_sample - 1) / per_sample);
  }
}

RasterRows::RasterRows(const Raster& raster, Subsampling subsampling)
    : JpegRows(raster.size, sampling_factors(subsampling), 3), raster_(raster) {
  for (std::size_t i = 0; i < components_.size(); ++i) {
    ComponentRows& component = components_[i];
    samples_.at(i).resize(padded_width(component) * row_count(component));
    for (std::size_t y = 0; y < row_count(component); ++y) {
      component.rows.at(y) = samples_.at(i).data() + y * padded_width(component);
    }
  }
  const auto width = static_cast<std::size_t>(components_.front().factors.across) *
                     padded_width(components_.back());
  for (auto& line : lines_) line.resize(3 * width);
}

RgbRow<const std::uint8_t> RasterRows::split(std::vector<std::uint8_t>& line, int y) {
  const std::uint8_t* const pixels = raster_.at(0, std::min(y, size().height - 1));
  const auto count = static_cast<std::size_t>(size().width);
  const std::size_t width = line.size() / 3;
  const RgbRow<std::uint8_t> row{line.data(), line.data() + width, line.data() + 2 * width};
  split_pixels(pixels, raster_.channels, count, row);
  for (std::uint8_t* const samples : {row.red, row.green, row.blue}) {
    std::fill(samples + count, samples + width, samples[count - 1]);
  }
  return {row.red, row.green, row.blue};
}

void RasterRows::read(int group) {
  const auto to = [&](std::size_t i, int y) {
    return samples_.at(i).data() + static_cast<std::size_t>(y) * padded_width(components_[i]);
  };
  const auto [across, down] = components_.front().factors;
  for (int y = 0; y < kBlockSide; ++y) {
    std::array<RgbRow<const std::uint8_t>, 2> rows{};
    for (int i = 0; i < down; ++i) {
      const auto place = static_cast<std::size_t>(i);
      rows.at(place) = split(lines_.at(place), group * group_rows() + y * down + i);
      to_brightness(rows.at(place), padded_width(components_.front()), to(0, y * down + i));
    }
    to_colours(rows.front(), down == 2 ? rows.back() : rows.front(), across,
               padded_width(components_.back()), {to(1, y), to(2, y)});
  }
}

PlaneRows::PlaneRows(const Planes& planes, Subsampling subsampling, bool as_grey)
    : JpegRows(planes.stored, as_grey ? SamplingFactors{} : sampling_factors(subsampling),
               as_grey ? 1 : 3),
      sources_(components_.size()) {
  const bool limited = planes.coding == Coding::ycbcr && !planes.matrix.full_range;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    Source& source = sources_[i];
    const ComponentRows& component = components_[i];
    if (i < planes.colour.size()) source.plane = &planes.colour[i];
    if (limited)
      source.table = (i == 0 ? to_full_range().brightness : to_full_range().colour).data();
    if (source.plane == nullptr) {
      source.padded.assign(padded_width(component), kNeutral);
    } else if (limited ||
               static_cast<std::size_t>(source.plane->size.width) != padded_width(component)) {
      source.padded.resize(padded_width(component) * row_count(component));
    }
  }
}

void PlaneRows::fill(Source& source, ComponentRows& component, int group) {
  const auto count = static_cast<int>(row_count(component));
  for (int i = 0; i < count; ++i) {
    const std::uint8_t*& row = component.rows.at(static_cast<std::size_t>(i));
    if (source.plane == nullptr) {
      row = source.padded.data();
      continue;
    }
    const Plane& plane = *source.plane;
    const int y = group * count + i;
    const std::uint8_t* const from = plane.row(std::min(y, plane.size.height - 1));
    if (source.padded.empty()) {
      row = from;
    } else if (y >= plane.size.height && i > 0) {
      row = component.rows.at(static_cast<std::size_t>(i) - 1);
    } else {
      const std::size_t width_to = padded_width(component);
      std::uint8_t* const to = source.padded.data() + static_cast<std::size_t>(i) * width_to;
      pad(from, static_cast<std::size_t>(plane.size.width), source.table, to, width_to);
      row = to;
    }
  }
}

void PlaneRows::read(int group) {
  for (std::size_t i = 0; i < sources_.size(); ++i) fill(sources_[i], components_[i], group);
}

}  // namespace miniatura
