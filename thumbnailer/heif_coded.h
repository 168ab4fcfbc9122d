// How large the pictures are that the bitstreams within HEIC and AVIF announce. A decoder allocates
// by these, whatever the boxes around them say. Pure; every read is bounded.
#pragma once

#include "runtime/bytes.h"
#include "thumbnailer/geometry.h"

namespace miniatura {

// The largest sides among the sequence headers of an AV1 item: "low overhead bitstream format" of
// the AV1 specification, 5.2. {0, 0} if there is none.
Size av1_coded_size(ByteView item);

// The same of HEVC's sequence parameter sets (ITU-T H.265, 7.3.2.2): in an item, whose units have
// their length of 4 bytes before them, and in an `hvcC` (ISO/IEC 14496-15, 8.3.2).
Size hevc_coded_size(ByteView item);
Size hvcc_coded_size(ByteView hvcc);

// Both sides of both.
Size larger(Size a, Size b);

}  // namespace miniatura
