// A progressive JPEG's scan of a band of one component's frequencies but DC: all bits but the last
// ones, or one bit more of each (T.81, G.1.2.2 and G.1.2.3).
//
// A first scan tells which coefficients are not zero, each behind a run of zeros; many blocks in a
// row may have no more of them. A scan that refines tells which of those that are zero yet become 1
// or -1 of its bit, and on the way, for each that is known, one bit more of it: its runs count the
// zeros alone. So that no zero has to be looked at, we keep a mask of what is known of each block.
//
// What it costs is branches that no processor foresees: where a block ends, and whether what is
// known comes before a run's end. Tables that find a run's end in the mask without a branch (8
// places at a look) were slower by a tenth: they make longer what all waits for, which is where the
// next symbol begins.
#pragma once

#include <cstdint>

#include "thumbnailer/codecs/jpeg/ac_table.h"
#include "thumbnailer/codecs/jpeg/baseline_header.h"
#include "thumbnailer/codecs/jpeg/baseline_idct.h"
#include "thumbnailer/codecs/jpeg/scan_reader.h"

namespace miniatura::baseline {

// Blocks beside one another, and of each which coefficients but DC are known not to be zero: bit i
// is that of place i in the file's order.
struct BlockRun {
  Block* blocks = nullptr;
  std::uint64_t* known = nullptr;
  int count = 0;
};

class AcScan {
 public:
  // Copies what it needs of both headers, which are those that stand before `data`.
  AcScan(const BaselineHeader& header, const ScanHeader& scan, ByteSource& data,
         std::size_t window_bytes = EntropyBytes::kWindowBytes);

  // The next of the component's own blocks, row by row; `row` is for messages. Errors:
  // image_corrupt for damage, and what the data's source fails with.
  Result<void> read(BlockRun run, RowOf row);

 private:
  template <bool kFirst>
  Result<void> read_blocks(BlockRun run, RowOf row);

  AcTable table_;
  int first_;
  int last_;
  bool refines_;
  ScanReader scan_reader_;
  bool begun_ = false;
  BitReader reader_;
  int to_end_ = 0;  // in so many blocks nothing more comes, the next one first
};

}  // namespace miniatura::baseline
