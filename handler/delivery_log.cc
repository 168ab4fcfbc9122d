#include "handler/delivery_log.h"

#include <algorithm>
#include <span>

#include "handler/metrics.h"
#include "handler/reply.h"
#include "runtime/emf.h"
#include "runtime/lambda_log.h"

namespace miniatura {
namespace {

constexpr std::size_t kLineBytesMax = 200'000;  // about: kEmfLineBytesMax, and room for the rest
constexpr std::size_t kEventBytes = 800;        // of an event's line: names, times, numbers
constexpr std::size_t kThumbnailBytes = 300;

using Events = std::span<const EventOutcome>;

// About so much of a line; a long key is what makes an event long.
std::size_t line_bytes(const EventOutcome& event) {
  std::size_t bytes = kEventBytes + event.object.key.size();
  if (event.outcome.error) bytes += event.outcome.error->message.size();
  for (const StoredThumbnail& thumbnail : event.outcome.thumbnails) {
    bytes += kThumbnailBytes + thumbnail.key.size();
  }
  return bytes;
}

// The first of these that go into one line: one at least, if there is one.
std::size_t events_of_a_line(Events events) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < std::min(events.size(), kEmfValuesMax); ++i) {
    bytes += line_bytes(events[i]);
    if (bytes > kLineBytesMax && i > 0) return i;
  }
  return std::min(events.size(), kEmfValuesMax);
}

Json line_of(const EndedDelivery& ended, Events events) {
  Json line = reply_json(events);
  for (std::size_t i = 0; i < events.size(); ++i) {
    Json& event = line["events"][i];
    if (!events[i].item_id.empty()) event["item"] = events[i].item_id;
    event["timings"] = timings_json(events[i].outcome.timings);
  }
  if (!ended.note.empty()) line["note"] = ended.note;
  if (ended.error != nullptr) {
    line[ended.error->retryable() ? "deferred" : "failed"] = 1;
    line["error"] = error_json(*ended.error);
  }
  line["door"] = ended.delivery.door;
  line.update(log_fields(ended.delivery));
  if (!ended.correlation_id.empty()) line["correlation_id"] = ended.correlation_id;
  return line;
}

}  // namespace

void log_delivery(const Log& log, const std::optional<std::string>& metrics_namespace,
                  const Clock& clock, const EndedDelivery& ended) {
  Events left = ended.events;
  bool is_first = true;
  do {
    const Events events = left.first(events_of_a_line(left));
    left = left.subspan(events.size());
    Json line = line_of(ended, events);
    const bool bad = line["failed"] != 0 || line["deferred"] != 0;
    const LogLevel level = bad ? LogLevel::error : LogLevel::info;
    if (metrics_namespace) {
      const bool is_cold = is_first && is_cold_start(ended.delivery.log_fields);
      const auto directives = emf_metrics(*metrics_namespace, events, ended.error, is_cold);
      embed_metrics(line, clock.now(), directives);
      if (!log.takes(level)) line.erase("events");
    }
    if (metrics_namespace || log.takes(level)) {
      log.write_always(level, bad ? "not all handled" : "handled", line);
    }
    is_first = false;
  } while (!left.empty());
}

}  // namespace miniatura
