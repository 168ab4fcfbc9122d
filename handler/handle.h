// One delivery from its payload to its answer: what every front door calls.
//
// Read top-down: parse, collapse, process each, journal, reply, log. The deadline keeps a reserve:
// work runs until then, and what was not done is deferred.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "handler/breaker.h"
#include "handler/config.h"
#include "handler/journal.h"
#include "handler/process.h"
#include "runtime/delivery.h"
#include "runtime/log.h"
#include "runtime/metrics.h"

namespace miniatura {

// What all workers share; borrowed, and outlives the HandleFn made from it. All of it is
// thread-safe.
struct Application {
  const Config* config = nullptr;
  Journal* journal = nullptr;
  const Log* log = nullptr;
  const Clock* clock = nullptr;
  Breaker* breaker = nullptr;                         // see Tools
  Metrics* metrics = nullptr;                         // null: nobody watches
  std::optional<std::string> metrics_namespace = {};  // of those in the log (delivery_log.h)
};

// The HandleFn of one worker, which owns its store and where it renders. Never throws: what a fault
// of ours throws is an `internal` failure of that event, or of the delivery where it is of none.
HandleFn make_handle(const Application& application, std::shared_ptr<ObjectStore> store,
                     RenderFn render_fn = render);

// An attempt that ended without a word: whoever had it in hand died. In the journal, the log and
// the metrics it stands as what it was, a failure of the worker (deferred, or failed where it was
// the last one), for each record of the delivery.
void record_lost(const Application& application, const Delivery& delivery, const Error& why,
                 bool is_last);

// When work has to stop so that the answer still gets out: a reserve of min(2 s, 20 % of the time
// given) before the door's deadline.
Deadline work_deadline(const Deadline& deadline, const Clock& clock);

// What would be done, touching no store.
struct PlannedDelivery {
  // An object an event:
  // {"bucket","key","outcome":"planned"|"skipped"|"failed","reason"?,"error"?,"rule"?,"thumbnails":[{"preset","bucket","key"}]}.
  std::vector<Json> events;
  std::optional<Error> error;  // of the first that would fail
};
Result<PlannedDelivery> plan_delivery(ByteView payload, const Rules& rules);

}  // namespace miniatura
