// The frames of an animated GIF (GIF89a specification), each put together on the picture's canvas.
//
// Of untrusted bytes: every read is bounded; memory is three canvases, work is linear in them and
// the frames.
#pragma once

#include "thumbnailer/animation.h"

namespace miniatura {

// A canvas of `size`: what the header said that the picture is. `whole` outlives the reader. What
// breaks off ends with the last frame that is whole. Errors: image_corrupt.
Result<FrameReader> read_gif_frames(ByteView whole, Size size);

}  // namespace miniatura
