#include "thumbnailer/resample.h"

#include <fmt/core.h>
#include <zimg.h>

#include <array>
#include <memory>
#include <new>

namespace miniatura {
namespace {

using Graph = std::unique_ptr<zimg_filter_graph, decltype(&zimg_filter_graph_free)>;

Error zimg_error() {
  std::array<char, 256> text{};
  const zimg_error_code_e code = zimg_get_last_error(text.data(), text.size());
  zimg_clear_last_error();
  const bool memory = code == ZIMG_ERROR_OUT_OF_MEMORY;
  Error error;
  error.code = memory ? ErrorCode::memory_exhausted : ErrorCode::internal;
  error.message = fmt::format("resize: {}", memory ? "out of memory" : text.data());
  return error;
}

// Grey of the full range, whatever the plane means: then no number but those of the filter is
// applied, and 8 bits become 16 by a factor of 257.
zimg_image_format format_of(Size size, int bits) {
  zimg_image_format format;
  zimg_image_format_default(&format, ZIMG_API_VERSION);
  format.width = static_cast<unsigned>(size.width);
  format.height = static_cast<unsigned>(size.height);
  format.pixel_type = bits == 32   ? ZIMG_PIXEL_FLOAT
                      : bits == 16 ? ZIMG_PIXEL_WORD
                                   : ZIMG_PIXEL_BYTE;
  format.depth = static_cast<unsigned>(bits);
  format.color_family = ZIMG_COLOR_GREY;
  format.pixel_range = ZIMG_RANGE_FULL;
  return format;
}

}  // namespace

Result<Plane> resampled(const Plane& plane, const Region& region, Size size, int bits) {
  zimg_image_format from = format_of(plane.size, plane.bits);
  from.active_region = {region.left * plane.across, region.top * plane.down,
                        region.width * plane.across, region.height * plane.down};
  const zimg_image_format to = format_of(size, bits);
  zimg_graph_builder_params params;
  zimg_graph_builder_params_default(&params, ZIMG_API_VERSION);
  params.resample_filter = ZIMG_RESIZE_LANCZOS;
  params.filter_param_a = 3;  // lobes
  params.dither_type = ZIMG_DITHER_NONE;
  // Not ZIMG_CPU_AUTO_64B: zimg 3.0.4's horizontal filter for AVX-512 reads past its vector at some
  // ratios (320 to 77), and every sixteenth column is wrong.
  params.cpu_type = ZIMG_CPU_AUTO;
  const Graph graph(zimg_filter_graph_build(&from, &to, &params), &zimg_filter_graph_free);
  if (graph == nullptr) return fail(zimg_error());

  std::size_t working_bytes = 0;
  if (zimg_filter_graph_get_tmp_size(graph.get(), &working_bytes) != ZIMG_ERROR_SUCCESS) {
    return fail(zimg_error());
  }
  // A plane of one row is memory that is aligned as zimg wants it.
  Plane working({static_cast<int>(working_bytes), 1}, 8);
  Plane result(size, bits);
  result.across = size.width / region.width;
  result.down = size.height / region.height;

  zimg_image_buffer_const source = {ZIMG_API_VERSION, {}};
  source.plane[0] = {plane.row(0), static_cast<std::ptrdiff_t>(plane.stride_bytes()),
                     ZIMG_BUFFER_MAX};
  zimg_image_buffer target = {ZIMG_API_VERSION, {}};
  target.plane[0] = {result.row(0), static_cast<std::ptrdiff_t>(result.stride_bytes()),
                     ZIMG_BUFFER_MAX};
  if (zimg_filter_graph_process(graph.get(), &source, &target, working.row(0), nullptr, nullptr,
                                nullptr, nullptr) != ZIMG_ERROR_SUCCESS) {
    return fail(zimg_error());
  }
  return result;
}

}  // namespace miniatura
