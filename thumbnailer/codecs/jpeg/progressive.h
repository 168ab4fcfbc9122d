// The common progressive JPEG at 2/8 and 4/8, its scans decoded side by side.
//
// Each scan of a progressive JPEG goes over the whole picture and tells some bits of each block's
// frequencies, and a sample needs them all. libjpeg reads scan after scan into the coefficients of
// all blocks: 36 MB for 12 megapixels, which pass through the processor's caches with each of them.
// But what a scan says of a row of blocks depends on nothing but what those before it say of the
// same row. So we keep the file's bytes, a tenth of that or less, and when all are there we let
// all scans go on together: the means of a row of MCUs, then of each component some blocks at a
// time, which never leave the first cache. Coefficients are all exact, and so are the samples.
//
// No scan can be left out, as at 1/8: a sample of 4/8 takes frequencies up to the last one, since
// what of a block's highest ones falls between four samples is taken off (baseline_idct.h). And to
// know where the codes lie, a scan has to be read whole.
//
// The first block waits for the last byte. What could have been decoded meanwhile costs less CPU so
// than libjpeg would take for it.
//
// Rooms: scan_walk (from scan to scan), dc_scan and ac_scan (a scan's blocks), scan_reader (what
// the walks share), ac_table, baseline_idct (frequencies to samples). bench/jpeg_decode.cc measures
// it against libjpeg-turbo.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "runtime/bytes.h"
#include "thumbnailer/planes.h"

namespace miniatura {

namespace baseline {
class SegmentReader;
}

class ProgressiveJpeg {
 public:
  // Can it be taken? `head`: as BaselineJpeg::open() has it. 8 bits, one component or YCbCr,
  // factors of 1 or 2; and `file_bytes`, the length of all that comes, must be known and small
  // beside what libjpeg would hold. Nothing, too, for what is damaged. All else is libjpeg's.
  static std::optional<ProgressiveJpeg> open(ByteView head,
                                             std::optional<std::uint64_t> file_bytes);

  ProgressiveJpeg(ProgressiveJpeg&&) noexcept;
  ProgressiveJpeg& operator=(ProgressiveJpeg&&) noexcept;
  ~ProgressiveJpeg();

  // What decode() allocates at most beside the planes.
  std::uint64_t working_bytes(std::uint64_t scans_max) const;

  // The planes at `eighths` eighths (2 or 4), each on its component's own grid. `data` is what
  // follows the head, and is pulled up to ScanBytes::kBufferBytes beyond the end of image. Errors:
  // image_corrupt where data is missing, a code is none, or a restart marker is not the one that
  // should come; image_too_large for more than `scans_max` scans or than the bytes that were
  // told; memory_exhausted; what `data` fails with. Once only. Linear in bytes, and in blocks for
  // each scan.
  //
  // A file whose scans leave bits untold is decoded as it stands: without libjpeg's smoothing.
  Result<Planes> decode(int eighths, ByteSource& data, std::uint64_t scans_max);

 private:
  ProgressiveJpeg(std::unique_ptr<baseline::SegmentReader> segments, std::uint64_t file_bytes);

  std::unique_ptr<baseline::SegmentReader> segments_;
  std::uint64_t file_bytes_;
};

}  // namespace miniatura
