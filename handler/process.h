// The pipeline: one object event becomes its thumbnails, once in effect, without a shared database.
//
// An event says "look at this key"; truth is in the buckets (once.h).
#pragma once

#include "handler/breaker.h"
#include "handler/outcome.h"
#include "handler/rules.h"
#include "runtime/context.h"
#include "s3client/object_store.h"
#include "thumbnailer/limits.h"
#include "thumbnailer/render.h"

namespace miniatura {

// What the pipeline works with; pointers are borrowed. One set a thread.
struct Tools {
  const Rules* rules = nullptr;
  const Limits* limits = nullptr;
  ObjectStore* store = nullptr;
  const Clock* clock = nullptr;
  Breaker* breaker = nullptr;  // of all workers; null: every event is tried
  RenderFn render_fn = render;
};

// Never throws for what the event or its picture is; a fault of the store is in the outcome.
Outcome process(const ObjectEvent& event, const Tools& tools, const Context& context);

}  // namespace miniatura
