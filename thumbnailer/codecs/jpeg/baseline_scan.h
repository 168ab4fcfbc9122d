// Walks over the blocks of a baseline scan, and puts their samples into planes.
#pragma once

#include <span>

#include "runtime/bytes.h"
#include "thumbnailer/codecs/jpeg/baseline_header.h"
#include "thumbnailer/planes.h"

namespace miniatura::baseline {

// How many MCUs a picture has.
Size mcus_of(const BaselineHeader& header);

// `edges`: each 1, 2 or 4. `planes`: one a component, with room for all blocks of all MCUs, also
// where they lie over the picture's edge. Errors: BaselineJpeg::decode's. Throws std::bad_alloc.
Result<void> read_scan(const BaselineHeader& header, const Edges& edges, ByteSource& data,
                       std::span<Plane> planes);

}  // namespace miniatura::baseline
