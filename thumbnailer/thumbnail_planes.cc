#include "thumbnailer/thumbnail_planes.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace miniatura {
namespace {

// ITU-R BT.601: black and white, and the width of the colours about their middle.
constexpr double kBlack = 16, kWhiteLess = 219, kColours = 224, kMiddle = 128, kMax = 255;

template <class Map>
SampleTable table_of(Map map) {
  SampleTable table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    table.at(i) =
        static_cast<std::uint8_t>(std::lround(std::clamp(map(static_cast<double>(i)), 0.0, kMax)));
  }
  return table;
}

bool is_of(const Plane& plane, Size size) { return plane.size == size && plane.bits == 8; }

}  // namespace

Size chroma_size(Size size, Subsampling subsampling) {
  if (subsampling != Subsampling::s444) size.width = (size.width + 1) / 2;
  if (subsampling == Subsampling::s420) size.height = (size.height + 1) / 2;
  return size;
}

Result<void> check_thumbnail_planes(const Planes& planes, Subsampling subsampling) {
  const auto refuse = [&](std::string_view what) {
    return fail(ErrorCode::internal, fmt::format("planes of {}x{} are not to be encoded: {}",
                                                 planes.stored.width, planes.stored.height, what));
  };
  const bool grey = planes.coding == Coding::grey;
  if (planes.coding == Coding::rgb) return refuse("they are red, green and blue");
  if (!planes.alpha.empty()) return refuse("they have alpha");
  if (planes.colour.size() != (grey ? 1U : 3U)) return refuse("their number");
  const YcbcrMatrix matrix{.full_range = planes.matrix.full_range};
  if (!grey && planes.matrix != matrix) return refuse("their matrix");
  if (planes.stored.width < 1 || planes.stored.height < 1) return refuse("no pixels");
  if (!is_of(planes.colour.front(), planes.stored)) return refuse("the brightness's size");
  const Size chroma = chroma_size(planes.stored, subsampling);
  for (std::size_t i = 1; i < planes.colour.size(); ++i) {
    if (!is_of(planes.colour[i], chroma)) return refuse("the colours' size");
  }
  return {};
}

const RangeTables& to_limited_range() {
  static const RangeTables tables{
      table_of([](double v) { return kBlack + v * kWhiteLess / kMax; }),
      table_of([](double v) { return kMiddle + (v - kMiddle) * kColours / kMax; })};
  return tables;
}

const RangeTables& to_full_range() {
  static const RangeTables tables{
      table_of([](double v) { return (v - kBlack) * kMax / kWhiteLess; }),
      table_of([](double v) { return kMiddle + (v - kMiddle) * kMax / kColours; })};
  return tables;
}

}  // namespace miniatura
