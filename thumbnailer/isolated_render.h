// render() in a process of its own, which a picture may crash, fill or take over without harm to
// this one or to the next picture.
#pragma once

#include <optional>

#include "runtime/walls.h"
#include "runtime/worker.h"
#include "thumbnailer/render.h"

namespace miniatura {

// What a worker may take at most to render within these limits.
Walls walls_for(const Limits& limits);

// One worker at a time, kept from picture to picture, and replaced once it is dead or makes no
// sense. One thread, which must not end before it (runtime/worker.h).
class IsolatedRenderer {
 public:
  // `clock` outlives it. What `start` starts calls serve_renders().
  IsolatedRenderer(WorkerStart start, const Clock& clock)
      : start_(std::move(start)), clock_(&clock) {}

  // A worker ahead of the first picture. Errors: config_invalid, where it cannot be walled in;
  // memory_exhausted, where there is no room for one.
  Result<void> prepare();

  // As render(), and: image_corrupt, where the worker crashes or talks nonsense; image_too_large,
  // where it uses more CPU than limits.cpu_ms or is killed from outside; deadline_exceeded;
  // memory_exhausted, where no worker can be had. The memory of all workers of this process is
  // admitted here (admission.h). What `source` fails with stays its own error.
  Result<Rendered> render(ByteSource& source, std::span<const RenderOrder> orders,
                          const Limits& limits, const Deadline& deadline);

 private:
  Result<void> have_worker(const Limits& limits);

  WorkerStart start_;
  const Clock* clock_;
  std::optional<Worker> worker_;
};

}  // namespace miniatura
