// The process that renders for another: walled in before the first byte of a picture, and as good
// as lost from then on (runtime/walls.h, render_wire.h).
#pragma once

#include "runtime/messages.h"
#include "runtime/walls.h"
#include "thumbnailer/render.h"

namespace miniatura {

// Loads and reads all that rendering would at its first use, locks this process up, which opens
// nothing from then on, says so (or why it cannot), and renders what it is told to, one job after
// the other, until the other side is gone or talks nonsense. `render_fn` is given no deadline.
void serve_renders(MessageSocket socket, const Walls& walls, const RenderFn& render_fn);

}  // namespace miniatura
