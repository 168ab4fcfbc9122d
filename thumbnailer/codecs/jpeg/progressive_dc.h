// The common progressive JPEG at 1/8, decoded from its scans of DC alone.
//
// A progressive JPEG tells each block's mean (DC) first, in a tenth of the file, and then the other
// frequencies, scan by scan. At 1/8 a block is one sample, which is its mean: so decoding ends
// where the means are known, and what follows is not even pulled, where libjpeg reads all scans,
// into coefficients of the whole picture. What is missing or damaged behind that place goes unseen,
// by design: nothing of it would show.
//
// The first scan of DC mostly leaves out its last bit, which comes at half or more of the file. It
// is waited for only where it would show (kMissingMax in the source file), and assumed to be half
// set otherwise. On the way to what is waited for, scans of other frequencies are passed over.
//
// Rooms: scan_walk (from scan to scan), dc_scan (a scan's means). bench/jpeg_decode.cc measures it
// against libjpeg-turbo.
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

class ProgressiveDc {
 public:
  // Can it be taken? `head`: as BaselineJpeg::open() has it. 8 bits, one component or YCbCr,
  // factors of 1 or 2, and a first scan of DC; nothing, too, for what is damaged. All else is
  // libjpeg's.
  static std::optional<ProgressiveDc> open(ByteView head);

  ProgressiveDc(ProgressiveDc&&) noexcept;
  ProgressiveDc& operator=(ProgressiveDc&&) noexcept;
  ~ProgressiveDc();

  // The planes at 1/8, each on its component's own grid: libjpeg's samples, or within half of what
  // a last bit that was not waited for would change. `data` is what follows the head, and is pulled
  // up to ScanBytes::kBufferBytes beyond what is needed. Errors: image_corrupt where data is
  // missing before all means are known, a code is none, or a restart marker is not the one that
  // should come; image_too_large where that takes more than `scans_max` scans; memory_exhausted;
  // what `data` fails with. Once only. Linear in bytes and blocks; takes 3 bytes a block for the
  // planes and what they are made of, and 200 KB.
  Result<Planes> decode(ByteSource& data, std::uint64_t scans_max);

 private:
  explicit ProgressiveDc(std::unique_ptr<baseline::SegmentReader> segments);

  std::unique_ptr<baseline::SegmentReader> segments_;
};

}  // namespace miniatura
