#include "thumbnailer/codecs/jpeg/jpeg_rows.h"

#include <algorithm>

#include "thumbnailer/thumbnail_planes.h"

namespace miniatura {
namespace {

constexpr std::uint8_t kNeutral = 128;

int group_rows_of(SamplingFactors factors) { return factors.down * DCTSIZE; }

void set_sampling(jpeg_compress_struct* compressor, SamplingFactors factors) {
  for (int i = 0; i < compressor->num_components; ++i) {
    compressor->comp_info[i].h_samp_factor = i == 0 ? factors.across : 1;
    compressor->comp_info[i].v_samp_factor = i == 0 ? factors.down : 1;
  }
}

// libjpeg's rows are not const, though it only reads them.
JSAMPROW readable(const std::uint8_t* row) { return const_cast<JSAMPROW>(row); }

// Behind a row's end its last sample, again and again: what was cut off there would cost bytes.
void pad(const std::uint8_t* row, std::size_t width, const std::uint8_t* table, std::uint8_t* to,
         std::size_t padded_width) {
  if (table == nullptr) {
    std::copy_n(row, width, to);
  } else {
    std::transform(row, row + width, to, [&](std::uint8_t sample) { return table[sample]; });
  }
  std::fill(to + width, to + padded_width, to[width - 1]);
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

RasterRows::RasterRows(const Raster& raster, Subsampling subsampling)
    : JpegRows(raster.size, group_rows_of(sampling_factors(subsampling))),
      raster_(raster),
      factors_(sampling_factors(subsampling)) {}

void RasterRows::declare(jpeg_compress_struct* compressor) {
  compressor->input_components = raster_.channels;
  compressor->in_color_space = raster_.channels == 4 ? JCS_EXT_RGBX : JCS_RGB;
  jpeg_set_defaults(compressor);
  set_sampling(compressor, factors_);
}

void RasterRows::write(jpeg_compress_struct* compressor, int group) {
  std::array<JSAMPROW, kJpegGroupRowsMax> rows{};
  for (int i = 0; i < group_rows(); ++i) {
    const int y = std::min(group * group_rows() + i, size().height - 1);
    rows.at(static_cast<std::size_t>(i)) = readable(raster_.at(0, y));
  }
  jpeg_write_scanlines(compressor, rows.data(), static_cast<JDIMENSION>(group_rows()));
}

PlaneRows::PlaneRows(const Planes& planes, Subsampling subsampling, bool as_grey)
    : JpegRows(planes.stored,
               group_rows_of(as_grey ? SamplingFactors{} : sampling_factors(subsampling))),
      factors_(as_grey ? SamplingFactors{} : sampling_factors(subsampling)),
      components_(as_grey ? 1 : 3) {
  const bool limited = planes.coding == Coding::ycbcr && !planes.matrix.full_range;
  const Size chroma = chroma_size(planes.stored, subsampling);
  for (std::size_t i = 0; i < components_.size(); ++i) {
    Component& component = components_[i];
    if (i < planes.colour.size()) component.plane = &planes.colour[i];
    if (limited)
      component.table = (i == 0 ? to_full_range().brightness : to_full_range().colour).data();
    component.rows = i == 0 ? group_rows() : DCTSIZE;
    const auto width = static_cast<std::size_t>(i == 0 ? planes.stored.width : chroma.width);
    component.padded_width = (width + DCTSIZE - 1) / DCTSIZE * DCTSIZE;
    if (component.plane == nullptr) {
      component.padded.assign(component.padded_width, kNeutral);
    } else if (limited || width != component.padded_width) {
      component.padded.resize(component.padded_width * static_cast<std::size_t>(component.rows));
    }
    arrays_.at(i) = component.pointers.data();
  }
}

void PlaneRows::declare(jpeg_compress_struct* compressor) {
  const bool grey = components_.size() == 1;
  compressor->input_components = static_cast<int>(components_.size());
  compressor->in_color_space = grey ? JCS_GRAYSCALE : JCS_YCbCr;
  jpeg_set_defaults(compressor);
  set_sampling(compressor, factors_);
  compressor->raw_data_in = TRUE;
}

void PlaneRows::fill(Component& component, int group) const {
  for (int i = 0; i < component.rows; ++i) {
    JSAMPROW& pointer = component.pointers.at(static_cast<std::size_t>(i));
    if (component.plane == nullptr) {
      pointer = component.padded.data();
      continue;
    }
    const Plane& plane = *component.plane;
    const int y = group * component.rows + i;
    const std::uint8_t* const row = plane.row(std::min(y, plane.size.height - 1));
    if (component.padded.empty()) {
      pointer = readable(row);
    } else if (y >= plane.size.height && i > 0) {
      pointer = component.pointers.at(static_cast<std::size_t>(i) - 1);
    } else {
      pointer = component.padded.data() + static_cast<std::size_t>(i) * component.padded_width;
      pad(row, static_cast<std::size_t>(plane.size.width), component.table, pointer,
          component.padded_width);
    }
  }
}

void PlaneRows::write(jpeg_compress_struct* compressor, int group) {
  for (Component& component : components_) fill(component, group);
  jpeg_write_raw_data(compressor, arrays_.data(), static_cast<JDIMENSION>(group_rows()));
}

}  // namespace miniatura
