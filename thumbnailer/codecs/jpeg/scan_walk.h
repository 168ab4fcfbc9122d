// From scan to scan of a progressive JPEG: what stands between them is taken, and what each says of
// itself is held against libjpeg's rules.
#pragma once

#include <cstdint>

#include "runtime/bytes.h"
#include "thumbnailer/codecs/jpeg/baseline_header.h"
#include "thumbnailer/codecs/jpeg/scan_bytes.h"

namespace miniatura::baseline {

inline bool is_of_dc(const ScanHeader& scan) { return scan.first == 0 && scan.last == 0; }

// Is it of a kind that libjpeg takes, and are there the codes that it is read by?
bool is_sound(const BaselineHeader& header, const ScanHeader& scan);

class ScanWalk {
 public:
  // `segments` has taken the head, and `data` is what follows it. Both outlive it.
  ScanWalk(SegmentReader& segments, ByteSource& data, std::uint64_t scans_max)
      : segments_(segments), bytes_(data), scans_max_(scans_max) {}

  // What is left of the scan's bytes.
  ByteSource& scan_data() { return bytes_; }
  // On to the next scan, whose header `segments` has then; false at the end of image. Errors:
  // image_corrupt where it breaks off or what comes is not sound; image_too_large for more scans
  // than the limit; what `data` fails with.
  Result<bool> next();

 private:
  SegmentReader& segments_;
  ScanBytes bytes_;
  std::uint64_t scans_max_;
  std::uint64_t scans_ = 1;
};

}  // namespace miniatura::baseline
