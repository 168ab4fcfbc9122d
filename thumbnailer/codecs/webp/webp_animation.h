// Animated WebP by libwebp, its demuxer and its muxer. Thread-safe; starts no threads.
#pragma once

#include "thumbnailer/animation.h"
#include "thumbnailer/encode.h"

namespace miniatura {

// `whole` outlives the reader. Errors: image_corrupt.
Result<FrameReader> read_webp_frames(ByteView whole);

// Frames of one size, one at least. Errors: memory_exhausted, image_too_large for sides that the
// format cannot hold.
Result<Bytes> encode_webp_animation(const Animation& animation, const Encoding& encoding);

}  // namespace miniatura
