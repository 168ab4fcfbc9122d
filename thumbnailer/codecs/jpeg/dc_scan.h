// A progressive JPEG's scan of means (DC): all bits but the last ones, or one bit more.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "thumbnailer/codecs/jpeg/baseline_header.h"
#include "thumbnailer/codecs/jpeg/scan_reader.h"

namespace miniatura::baseline {

// Blocks are laid out in whole MCUs. Of a component: how many there are so, and how many are its
// own.
struct BlockGrid {
  Size size;
  Size own;
};
BlockGrid grid_of(const BaselineHeader& header, const BaselineComponent& component);

// Where a component's means of a row of MCUs are put, block beside block: the first, and how far it
// is to the one below.
struct MeanPlace {
  std::int16_t* first = nullptr;
  std::ptrdiff_t stride = 0;
};

class DcScan {
 public:
  // Copies what it needs of both headers, which are those that stand before `data`. Throws
  // std::bad_alloc.
  DcScan(const BaselineHeader& header, const ScanHeader& scan, ByteSource& data,
         std::size_t window_bytes = EntropyBytes::kWindowBytes);

  // In MCUs. Those of a component alone are its own blocks (T.81, A.2.2).
  Size mcus() const { return mcus_; }
  // The next row of MCUs. `places`: one a component of the picture. Errors: image_corrupt for
  // damage, and what the data's source fails with.
  Result<void> read_row(std::span<const MeanPlace> places);

 private:
  // A block of an MCU, and its mean's place in the row that is read.
  struct Walker {
    std::size_t component = 0;
    int x = 0, y = 0;
    int across = 1;                  // so many blocks it is to the same one of the next MCU
    const DcTable* table = nullptr;  // of a first scan
    std::int32_t* last = nullptr;    // of its component
    std::int16_t* at = nullptr;
  };

  struct State {
    BitReader reader;
    Damage damage{};
  };

  template <bool kFirst>
  Result<void> walk();
  void read_mean(State& state, const Walker& walker) const;
  void refine_mean(State& state, const Walker& walker) const;

  ScanReader scan_reader_;
  Size mcus_;
  bool first_;      // nothing is known yet
  unsigned shift_;  // down to which bit it tells
  std::array<std::unique_ptr<const DcTable>, 4> tables_{};
  std::array<Walker, 10> walkers_{};
  std::size_t used_ = 0;
  std::array<std::int32_t, 3> last_{};
  BitReader reader_;
  int row_ = 0;
};

}  // namespace miniatura::baseline
