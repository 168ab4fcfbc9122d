#include "thumbnailer/codecs/jpeg/baseline.h"

#include <fmt/core.h>

#include <new>
#include <numeric>

#include "thumbnailer/codecs/jpeg/baseline_header.h"
#include "thumbnailer/codecs/jpeg/baseline_scan.h"

namespace miniatura {

using baseline::BaselineComponent;
using baseline::BaselineHeader;
using baseline::Edges;

namespace {

constexpr int kBlockEdge = 8;
constexpr int kEdgeMax = 4;

// At 1/8 a sample is a multiple of step / 8, and halves are rounded up, as libjpeg does. Of n parts
// of 1 that are as frequent as one another, and one of them a half, the mean error is 1 / 2n. In a
// chroma of step 4 that is a quarter of a level, everywhere, which quantisation leaves as it is.
float excess_of_means(int step) {
  const int parts = kBlockEdge / std::gcd(step, kBlockEdge);
  return parts == 1 ? 0.0F : 0.5F / static_cast<float>(parts);
}

int divided_up(int value, int by) { return (value + by - 1) / by; }

std::optional<Edges> fine_edges(const BaselineHeader& header, int eighths) {
  Edges edges{};
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const BaselineComponent& component = header.components[i];
    const int across = header.across_max() / component.across;
    const int down = header.down_max() / component.down;
    const bool is_coarse_across = i > 0 && across == 2 && down == 1;
    if (across != down && !is_coarse_across) return std::nullopt;
    edges[i] = eighths * down;
    if (edges[i] > kEdgeMax) return std::nullopt;
  }
  return edges;
}

}  // namespace

Plane baseline::plane_of(const BaselineHeader& header, const BaselineComponent& component,
                         int edge) {
  const Size mcus = baseline::mcus_of(header);
  Plane plane({mcus.width * component.across * edge, mcus.height * component.down * edge}, 8);
  const int across_max = header.across_max();
  const int down_max = header.down_max();
  plane.size = {
      divided_up(divided_up(header.size.width * component.across, across_max) * edge, kBlockEdge),
      divided_up(divided_up(header.size.height * component.down, down_max) * edge, kBlockEdge)};
  plane.across = edge / 8.0 * component.across / across_max;
  plane.down = edge / 8.0 * component.down / down_max;
  if (edge == 1) {
    plane.averaged = kBlockEdge;
    plane.excess = excess_of_means(component.quantisation.steps[0]);
  }
  return plane;
}

BaselineJpeg::BaselineJpeg(std::unique_ptr<BaselineHeader> header, const Edges& edges)
    : header_(std::move(header)), edges_(edges) {}
BaselineJpeg::BaselineJpeg(BaselineJpeg&&) noexcept = default;
BaselineJpeg& BaselineJpeg::operator=(BaselineJpeg&&) noexcept = default;
BaselineJpeg::~BaselineJpeg() = default;

std::optional<BaselineJpeg> BaselineJpeg::open(ByteView head, int eighths, Grids grids) {
  if (eighths != 1 && eighths != 2 && eighths != 4) return std::nullopt;
  auto header = baseline::read_baseline_header(head);
  if (!header) return std::nullopt;
  Edges edges = {eighths, eighths, eighths};
  if (grids == Grids::fine) {
    const auto fine = fine_edges(*header, eighths);
    if (!fine) return std::nullopt;
    edges = *fine;
  }
  return BaselineJpeg(std::make_unique<BaselineHeader>(*header), edges);
}

Result<Planes> BaselineJpeg::decode(ByteSource& data) {
  try {
    Planes planes;
    planes.stored = header_->size;
    planes.coding = header_->count == 1 ? Coding::grey : Coding::ycbcr;
    for (std::size_t i = 0; i < static_cast<std::size_t>(header_->count); ++i) {
      planes.colour.push_back(baseline::plane_of(*header_, header_->components[i], edges_[i]));
    }
    CHECKED(baseline::read_scan(*header_, edges_, data, planes.colour));
    return planes;
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::memory_exhausted,
                fmt::format("JPEG of {}x{}: no memory for its samples", header_->size.width,
                            header_->size.height));
  }
}

}  // namespace miniatura
