#include "thumbnailer/codecs/jpeg/dc_scan.h"

namespace miniatura::baseline {
namespace {

constexpr int kBlockEdge = 8;

int divided_up(int value, int by) { return (value + by - 1) / by; }

}  // namespace

BlockGrid grid_of(const BaselineHeader& header, const BaselineComponent& component) {
  const int across_max = header.across_max();
  const int down_max = header.down_max();
  return {
      {divided_up(header.size.width, kBlockEdge * across_max) * component.across,
       divided_up(header.size.height, kBlockEdge * down_max) * component.down},
      {divided_up(divided_up(header.size.width * component.across, across_max), kBlockEdge),
       divided_up(divided_up(header.size.height * component.down, down_max), kBlockEdge)},
  };
}

DcScan::DcScan(const BaselineHeader& header, const ScanHeader& scan, ByteSource& data,
               std::size_t window_bytes)
    : scan_reader_(data, header.restart_interval, window_bytes),
      first_(scan.high == 0),
      shift_(static_cast<unsigned>(scan.low)) {
  const bool alone = scan.count == 1;
  for (std::size_t i = 0; i < static_cast<std::size_t>(scan.count); ++i) {
    const std::size_t place = scan.places[i];
    const BaselineComponent& component = header.components[place];
    const BlockGrid grid = grid_of(header, component);
    const Size blocks = alone ? Size{1, 1} : Size{component.across, component.down};
    mcus_ = alone ? grid.own
                  : Size{grid.size.width / component.across, grid.size.height / component.down};
    auto& table = tables_[component.dc_code];
    if (first_ && !table) {
      table = std::make_unique<const DcTable>(*header.dc_codes[component.dc_code]);
    }
    for (int y = 0; y < blocks.height; ++y) {
      for (int x = 0; x < blocks.width; ++x) {
        walkers_[used_++] = {place, x, y, blocks.width, table.get(), &last_[place]};
      }
    }
  }
}

[[gnu::always_inline]] inline void DcScan::read_mean(State& state, const Walker& walker) const {
  int difference = 0;
  state.reader = read_difference(state.reader, *walker.table, difference, state.damage.no_code);
  state.damage.overflow |= __builtin_add_overflow(*walker.last, difference, walker.last);
  *walker.at = static_cast<std::int16_t>(static_cast<std::uint32_t>(*walker.last) << shift_);
}

[[gnu::always_inline]] inline void DcScan::refine_mean(State& state, const Walker& walker) const {
  *walker.at =
      static_cast<std::int16_t>(*walker.at | static_cast<int>(state.reader.peek(1) << shift_));
  state.reader.drop(1);
}

Result<void> DcScan::read_row(std::span<const MeanPlace> places) {
  if (row_ == 0) {
    TRY(reader, scan_reader_.begin());
    reader_ = reader;
  }
  for (Walker& walker : std::span(walkers_).first(used_)) {
    const MeanPlace& place = places[walker.component];
    walker.at = place.first + walker.y * place.stride + walker.x;
  }
  CHECKED(first_ ? walk<true>() : walk<false>());
  ++row_;
  return {};
}

template <bool kFirst>
Result<void> DcScan::walk() {
  const auto read = [this](State& state, int, int) {
    if constexpr (!kFirst) state.reader.fill();  // an MCU has ten blocks at most, of a bit each
    for (Walker& walker : std::span(walkers_).first(used_)) {
      if constexpr (kFirst) {
        read_mean(state, walker);
      } else {
        refine_mean(state, walker);
      }
      walker.at += walker.across;
    }
    return 1;
  };
  const auto forget = [this](State&) { last_ = {}; };
  TRY(state,
      scan_reader_.read_mcus(mcus_.width, State{reader_}, {row_, mcus_.height}, read, forget));
  reader_ = state.reader;
  return {};
}

}  // namespace miniatura::baseline
