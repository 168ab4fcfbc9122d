// What the log says of a delivery that ended: the reply to a direct event, with where the time
// went, in one line. On Lambda the same line holds the delivery's metrics (runtime/emf.h), so there
// is no second way for them.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "handler/outcome.h"
#include "runtime/delivery.h"
#include "runtime/log.h"

namespace miniatura {

// What there is to tell.
struct EndedDelivery {
  const Delivery& delivery;
  std::span<const EventOutcome> events;
  const Error* error = nullptr;  // of a payload that could not be read: it has no events
  std::string note;
  std::string correlation_id;
};

// One line; of very many events (over 100, or over about 200 kB) several, each with its own counts:
// what is longer Lambda cuts, and CloudWatch takes 100 values of a metric from a line. Below the
// log's level the metrics are written all the same, without the events.
// `metrics_namespace`: nothing where nobody reads metrics from the log.
void log_delivery(const Log& log, const std::optional<std::string>& metrics_namespace,
                  const Clock& clock, const EndedDelivery& ended);

}  // namespace miniatura
