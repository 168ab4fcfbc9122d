#include "handler/metrics.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace miniatura {
namespace {

// From a small thumbnail's ten milliseconds to what only a deadline ends.
const std::vector<double>& seconds_bounds() {
  static const std::vector<double> bounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                             0.5,   1,    2.5,   5,    10,  30};
  return bounds;
}

constexpr const char* kMilliseconds = "Milliseconds";
constexpr Outcome::What kOutcomes[] = {Outcome::What::stored, Outcome::What::skipped,
                                       Outcome::What::failed, Outcome::What::deferred};

struct TimedStep {
  const char* name;
  Stopwatch::Lap Timings::*lap;
};
constexpr TimedStep kSteps[] = {{"download", &Timings::download},
                                {"decode", &Timings::decode},
                                {"render", &Timings::render},
                                {"upload", &Timings::upload}};

void observe_step(Metrics& metrics, const char* step, double wall_ms) {
  metrics.observe(kStepDuration, seconds_bounds(), {{"step", step}}, wall_ms / 1e3);
}

double bytes_of(const std::vector<StoredThumbnail>& thumbnails) {
  std::uint64_t bytes = 0;
  for (const StoredThumbnail& thumbnail : thumbnails) bytes += thumbnail.bytes;
  return static_cast<double>(bytes);
}

// Of each event that took any.
std::vector<EmfMetric> times_of(std::span<const EventOutcome> events) {
  EmfMetric durations{"duration_ms", kMilliseconds, {}};
  for (const EventOutcome& event : events) {
    const double wall_ms = event.outcome.timings.total.wall_ms;
    if (wall_ms > 0) durations.values.push_back(wall_ms);
  }
  std::vector<EmfMetric> times = {std::move(durations)};
  for (const auto& [step, lap] : kSteps) {
    EmfMetric taken{fmt::format("{}_ms", step), kMilliseconds, {}};
    for (const EventOutcome& event : events) {
      const double wall_ms = (event.outcome.timings.*lap).wall_ms;
      if (wall_ms > 0) taken.values.push_back(wall_ms);
    }
    times.push_back(std::move(taken));
  }
  return times;
}

}  // namespace

void announce_metrics(Metrics& metrics, const std::string& door) {
  for (const auto what : kOutcomes) {
    metrics.count(kEventsTotal, {{"source", door}, {"outcome", std::string(outcome_name(what))}},
                  0);
  }
  metrics.add(kInProgress, 0);
}

void count_event(Metrics& metrics, const Outcome& outcome, const std::string& door) {
  metrics.count(kEventsTotal,
                {{"source", door}, {"outcome", std::string(outcome_name(outcome.what))}});
  if (outcome.error) count_error(metrics, outcome.error->code);
  const Timings& timings = outcome.timings;
  if (timings.total.wall_ms > 0) {
    metrics.observe(kDuration, seconds_bounds(), {}, timings.total.wall_ms / 1e3);
  }
  for (const auto& [step, lap] : kSteps) {
    const double wall_ms = (timings.*lap).wall_ms;
    if (wall_ms > 0) observe_step(metrics, step, wall_ms);  // what was skipped has no such step
  }
}

std::vector<EmfDirective> emf_metrics(const std::string& metrics_namespace,
                                      std::span<const EventOutcome> events, const Error* error,
                                      bool is_cold_start) {
  std::map<Outcome::What, double> outcomes;
  if (error != nullptr) ++outcomes[what_ends(*error)];
  EmfMetric thumbnails{"thumbnails", "Count", {0}};
  EmfMetric source_bytes{"source_bytes", "Bytes", {}};
  EmfMetric thumbnail_bytes{"thumbnail_bytes", "Bytes", {}};
  for (const EventOutcome& event : events) {
    const Outcome& outcome = event.outcome;
    ++outcomes[outcome.what];
    if (outcome.source) source_bytes.values.push_back(static_cast<double>(outcome.source->bytes));
    if (outcome.thumbnails.empty()) continue;
    thumbnails.values[0] += static_cast<double>(outcome.thumbnails.size());
    thumbnail_bytes.values.push_back(bytes_of(outcome.thumbnails));
  }
  EmfDirective counted{metrics_namespace, {"service"}, {}};
  for (const Outcome::What what : kOutcomes) {
    counted.metrics.push_back({std::string(outcome_name(what)), "Count", {outcomes[what]}});
  }
  for (EmfMetric* metric : {&thumbnails, &source_bytes, &thumbnail_bytes}) {
    counted.metrics.push_back(std::move(*metric));
  }
  std::ranges::move(times_of(events), std::back_inserter(counted.metrics));
  std::vector<EmfDirective> directives = {std::move(counted)};
  if (is_cold_start) {
    directives.push_back(
        {metrics_namespace, {"function_name", "service"}, {{"ColdStart", "Count", {1}}}});
  }
  return directives;
}

void count_error(Metrics& metrics, ErrorCode code) {
  metrics.count(kErrorsTotal,
                {{"code", std::string(code_name(code))},
                 {"failure_type", std::string(failure_type_name(failure_type(code)))}});
}

void count_wait(Metrics& metrics, std::chrono::milliseconds waited) {
  observe_step(metrics, "queue", static_cast<double>(waited.count()));
}

}  // namespace miniatura
