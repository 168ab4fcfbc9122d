// A picture that moves: its frames, each whole, as it is seen while it lasts.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "runtime/bytes.h"
#include "runtime/result.h"
#include "thumbnailer/raster.h"

namespace miniatura {

struct Frame {
  Raster raster;
  int duration_ms = 0;
};

struct Animation {
  std::vector<Frame> frames;
  int loops = 0;  // how often it is shown; 0: for ever
};

// The frames of a source, one at a time, so that no more than one is in memory.
struct FrameReader {
  int loops = 0;
  // RGBA, as large as the picture; nothing after the last. Errors: image_corrupt.
  std::function<Result<std::optional<Frame>>()> next;
};

}  // namespace miniatura
