#include "thumbnailer/codecs/jpeg/jpeg_blocks.h"

#include <limits>
#include <utility>

namespace miniatura {
namespace {

static_assert(sizeof(CoefficientBlock) == sizeof(JBLOCK));

constexpr auto kNone = std::numeric_limits<std::size_t>::max();

}  // namespace

JpegBlocks::JpegBlocks(JpegRows& rows, const QuantisationTables& tables, std::vector<int> groups,
                       bool keeps)
    : rows_(rows), groups_(std::move(groups)), held_(keeps ? groups_.size() : 1, kNone) {
  for (const ComponentRows& component : rows.components()) {
    const std::size_t i = components_.size();
    const ForwardDct dct = i == 0 ? ForwardDct(tables.brightness, kRoundingOfBrightness)
                                  : ForwardDct(tables.colours, kRoundingOfColours);
    components_.push_back({this, dct, i});
    components_.back().blocks.resize(held_.size() * blocks_in_group(component));
  }
  for (Component& component : components_) {
    arrays_.at(component.index) = reinterpret_cast<jvirt_barray_ptr>(&component);
  }
}

int JpegBlocks::height() const {
  const auto count = static_cast<int>(groups_.size());
  return count == rows_.groups() ? rows_.size().height : count * rows_.group_rows();
}

void JpegBlocks::start(jpeg_compress_struct* compressor) {
  compressor->mem->access_virt_barray = give;
  jpeg_write_coefficients(compressor, arrays_.data());
}

std::size_t JpegBlocks::hold(std::size_t group) {
  const std::size_t place = held_.size() == 1 ? 0 : group;
  if (held_[place] == group) return place;
  held_[place] = group;
  rows_.read(groups_[group]);
  for (Component& component : components_) {
    const ComponentRows& rows = rows_.components()[component.index];
    CoefficientBlock* to = component.blocks.data() + place * blocks_in_group(rows);
    for (int i = 0; i < rows.factors.down; ++i, to += rows.blocks) {
      const auto first = static_cast<std::size_t>(i) * kBlockSide;
      component.dct.to_blocks(rows.rows.data() + first, rows.blocks, to);
    }
  }
  return place;
}

JBLOCKARRAY JpegBlocks::give(j_common_ptr, jvirt_barray_ptr asked, JDIMENSION first_row, JDIMENSION,
                             boolean) {
  auto& component = *reinterpret_cast<Component*>(asked);
  JpegBlocks& owner = *component.owner;
  const ComponentRows& rows = owner.rows_.components()[component.index];
  // The library asks for a row of MCUs at a time.
  const std::size_t group = first_row / static_cast<std::size_t>(rows.factors.down);
  const std::size_t place = owner.hold(group);
  CoefficientBlock* const first = component.blocks.data() + place * blocks_in_group(rows);
  for (std::size_t i = 0; i < static_cast<std::size_t>(rows.factors.down); ++i) {
    component.rows.at(i) = reinterpret_cast<JBLOCKROW>(first + i * rows.blocks);
  }
  return component.rows.data();
}

}  // namespace miniatura
