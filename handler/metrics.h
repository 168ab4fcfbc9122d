// What operators watch of the events: each number's name, and where it is counted. A key is never a
// label.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "handler/outcome.h"
#include "runtime/delivery.h"
#include "runtime/emf.h"
#include "runtime/metrics.h"

namespace miniatura {

inline constexpr MetricName kEventsTotal{
    "miniatura_events_total",
    "Events that ended, by the door they came through and what became of them"};
inline constexpr MetricName kErrorsTotal{
    "miniatura_errors_total",
    "Failures, by code, and whether it was the job's (this picture) or the worker's"};
inline constexpr MetricName kDuration{"miniatura_duration_seconds",
                                      "From taking an event to its end"};
inline constexpr MetricName kStepDuration{
    "miniatura_step_duration_seconds",
    "What an event's time went into: queue, download, decode, render, upload"};
inline constexpr MetricName kInProgress{"miniatura_in_progress", "Deliveries being worked on"};
inline constexpr MetricName kInboxDepth{"miniatura_inbox_depth",
                                        "Deliveries that wait or are worked on"};
inline constexpr MetricName kInboxBytes{"miniatura_inbox_bytes", "Their size"};
inline constexpr MetricName kOldestAge{"miniatura_oldest_event_age_seconds",
                                       "How long the oldest of them has been here"};
inline constexpr MetricName kDeadLetters{"miniatura_dead_letters",
                                         "Deliveries that a person has to look at"};
inline constexpr MetricName kBreakerOpen{
    "miniatura_breaker_open", "1 while a destination refuses us, or nobody knows our credentials"};
inline constexpr MetricName kBrokerConnected{"miniatura_broker_connected",
                                             "1 while there is a connection to the broker"};
inline constexpr MetricName kRequestsTotal{"miniatura_http_requests_total",
                                           "HTTP requests answered, by path and status"};

// The same for CloudWatch, in the line of the log (delivery_log.h): counts of outcomes (stored,
// skipped, failed, deferred: the events_total above) and of thumbnails, and of each event that has
// them source_bytes, thumbnail_bytes and its times: duration_ms, download_ms, decode_ms, render_ms,
// upload_ms. Their dimension is the service. As Powertools has it, a cold start is
// ColdStart, by service and function. `error` is that of a delivery without events.
std::vector<EmfDirective> emf_metrics(const std::string& metrics_namespace,
                                      std::span<const EventOutcome> events, const Error* error,
                                      bool is_cold_start);

// Counts a delivery as being in progress while it lives. `metrics` may be null.
class InProgress {
 public:
  explicit InProgress(Metrics* metrics) : metrics_(metrics) {
    if (metrics_ != nullptr) metrics_->add(kInProgress, 1);
  }
  InProgress(const InProgress&) = delete;
  InProgress& operator=(const InProgress&) = delete;
  ~InProgress() {
    if (metrics_ != nullptr) metrics_->add(kInProgress, -1);
  }

 private:
  Metrics* metrics_;
};

// So that a rate can be told from the first one on: a counter that has never been counted is absent
// else.
void announce_metrics(Metrics& metrics, const std::string& door);

void count_event(Metrics& metrics, const Outcome& outcome, const std::string& door);
void count_error(Metrics& metrics, ErrorCode code);
// The time that a delivery waited at its door.
void count_wait(Metrics& metrics, std::chrono::milliseconds waited);

}  // namespace miniatura
