// Bytes in, thumbnails out: the whole of this folder in one function.
//
// Knows nothing of networks or events; takes and returns plain values, so that it can run here or
// in a process of its own. Untrusted bytes: the format is decided by their content among an
// allow-list, the decoder is forced, limits are checked on the header, and no foreign program is
// ever executed.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "runtime/bytes.h"
#include "runtime/clock.h"
#include "runtime/result.h"
#include "thumbnailer/exif.h"
#include "thumbnailer/limits.h"
#include "thumbnailer/preset.h"

namespace miniatura {

struct SourceFacts {
  ImageFormat format = ImageFormat::jpeg;
  int width = 0;  // as stored, before orientation
  int height = 0;
  std::uint64_t bytes = 0;
  int orientation = 1;            // EXIF's, 1 to 8
  std::string colour_space = {};  // "rgb", "gray" or "cmyk"
  std::string icc_profile = {};   // its name; empty: none, or it has no name
  Capture capture = {};           // EXIF's
};

struct Thumbnail {
  std::string preset;  // its name
  Bytes bytes;         // encoded
  int width = 0;
  int height = 0;
  ImageFormat format = ImageFormat::jpeg;
};

struct RenderTimings {
  Stopwatch::Lap download;  // pulling the source's bytes
  Stopwatch::Lap decode;
  Stopwatch::Lap render;  // resize and encode, all presets
};

struct Rendered {
  SourceFacts source;
  std::vector<Thumbnail> thumbnails;  // one a preset, in their order
  RenderTimings timings;
};

// What to make: a preset and its format, decided (output_format).
struct RenderOrder {
  Preset preset;
  ImageFormat format = ImageFormat::jpeg;
};

// All of the orders, or an error. Errors: image_corrupt, image_unsupported, image_too_large,
// source_too_large, memory_exhausted, and what `source` itself fails with. Thread-safe; the first
// call initialises the image library. It waits for memory until the deadline; once it decodes it
// heeds neither that nor limits.cpu_ms.
Result<Rendered> render(ByteSource& source, std::span<const RenderOrder> orders,
                        const Limits& limits, const Deadline& deadline = {});

// Where rendering takes place: here, or in a process of its own (isolated_render.h).
using RenderFn =
    std::function<Result<Rendered>(ByteSource& source, std::span<const RenderOrder> orders,
                                   const Limits& limits, const Deadline& deadline)>;

}  // namespace miniatura
