// The common JPEG, decoded as far as a thumbnail needs it: baseline or extended sequential, 8 bits,
// one scan of all components, grey or YCbCr. Faster than libjpeg, and of the same samples; whatever
// it does not take, libjpeg does.
//
// A JPEG is a sequence of MCUs (groups of blocks: for 4:2:0 four of brightness, one each of the two
// colours), each block 8x8 pixels as 64 frequencies: DC, the difference of the block's mean from
// that of the block before, and up to 63 others (AC), each a Huffman code and its value's bits. To
// know where a block ends, all of its codes must be walked over, since nothing tells its length;
// but what they say is needed only for those that end up in a sample:
//   1/8  one sample a block: DC alone. Of AC's codes only the lengths count, so that one look at
//        the next 13 bits passes over as many as are in them (SkipTable). That is most of the file.
//   2/8, 4/8  the frequencies that do not average to nothing (baseline_idct.h); code and value come
//        from one look (CoefficientTable). libjpeg takes two or three for each.
// Besides, the scan's bytes are unstuffed in bulk before (EntropyBytes), so that the next bits are
// one load away; and, unless fine grids are asked for, each component stays on its own, where
// libjpeg enlarges 4:2:0's colours by decoding four times as many samples as are needed.
// bench/jpeg_decode.cc measures it against libjpeg-turbo.
//
// Rooms: baseline_header (markers), baseline_huffman (tables), baseline_bits (the scan as bits),
// scan_reader (restarts, and what is damaged), baseline_idct (frequencies to samples),
// baseline_scan (walks over the blocks).
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "runtime/bytes.h"
#include "thumbnailer/planes.h"

namespace miniatura {

namespace baseline {
struct BaselineComponent;
struct BaselineHeader;

// A component's plane with `edge` samples along a block's, and room for whole MCUs: what is over
// the edge lies in memory alone.
Plane plane_of(const BaselineHeader& header, const BaselineComponent& component, int edge);
}  // namespace baseline

// At which grid the planes are: each component's own; or the finest one's, by more samples a block,
// as libjpeg has them: only colours that are coarser across alone stay so.
enum class Grids { own, fine };

class BaselineJpeg {
 public:
  // Can it be taken? `head`: from the start of image to the end of the first scan's header, without
  // metadata but JFIF's and Adobe's, which tell what the components are. `eighths`: 1, 2 or 4.
  // Nothing, too, for what is damaged, has four components, RGB or factors over 2, and where fine
  // grids take more than 4 samples a block's edge, or are otherwise out of the common: that is
  // libjpeg's.
  static std::optional<BaselineJpeg> open(ByteView head, int eighths, Grids grids = Grids::own);

  BaselineJpeg(BaselineJpeg&&) noexcept;
  BaselineJpeg& operator=(BaselineJpeg&&) noexcept;
  ~BaselineJpeg();

  // The planes, each at `eighths` eighths of the grid that was asked for. `data` is
  // what follows the head; it is pulled as it is needed, and not to its end: when the last block is
  // there, the rest does not matter. Errors: image_corrupt where data is missing, a code is none or
  // a restart marker is not the one that should come (libjpeg's warnings after which pixels are
  // wrong), memory_exhausted, and what `data` fails with. Linear in bytes and pixels; takes
  // memory for the planes, and 200 KB.
  Result<Planes> decode(ByteSource& data);

 private:
  BaselineJpeg(std::unique_ptr<baseline::BaselineHeader> header, const std::array<int, 3>& edges);

  std::unique_ptr<baseline::BaselineHeader> header_;
  std::array<int, 3> edges_{};  // baseline::Edges
};

}  // namespace miniatura
