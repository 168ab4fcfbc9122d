#include "handler/metrics.h"

#include <utility>
#include <vector>

namespace miniatura {
namespace {

// From a small thumbnail's ten milliseconds to what only a deadline ends.
const std::vector<double>& seconds_bounds() {
  static const std::vector<double> bounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                             0.5,   1,    2.5,   5,    10,  30};
  return bounds;
}

void observe_step(Metrics& metrics, const char* step, double wall_ms) {
  metrics.observe(kStepDuration, seconds_bounds(), {{"step", step}}, wall_ms / 1e3);
}

}  // namespace

void announce_metrics(Metrics& metrics, const std::string& door) {
  for (const auto what : {Outcome::What::stored, Outcome::What::skipped, Outcome::What::failed,
                          Outcome::What::deferred}) {
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
  const std::pair<const char*, double> steps[] = {{"download", timings.download.wall_ms},
                                                  {"decode", timings.decode.wall_ms},
                                                  {"render", timings.render.wall_ms},
                                                  {"upload", timings.upload.wall_ms}};
  for (const auto& [step, wall_ms] : steps) {
    if (wall_ms > 0) observe_step(metrics, step, wall_ms);  // what was skipped has no such step
  }
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
