#include "runtime/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace miniatura {

// The library gives back the family, and the metric of these labels, where it has them already.
struct Metrics::Families {
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};

  prometheus::Gauge& gauge(const MetricName& name) {
    return prometheus::BuildGauge().Name(name.name).Help(name.help).Register(registry).Add({});
  }
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::count(const MetricName& counter, const MetricLabels& labels, double by) {
  prometheus::BuildCounter()
      .Name(counter.name)
      .Help(counter.help)
      .Register(families_->registry)
      .Add(labels)
      .Increment(by);
}

void Metrics::set(const MetricName& gauge, double value) { families_->gauge(gauge).Set(value); }

void Metrics::add(const MetricName& gauge, double by) { families_->gauge(gauge).Increment(by); }

void Metrics::observe(const MetricName& histogram, const std::vector<double>& bounds,
                      const MetricLabels& labels, double value) {
  prometheus::BuildHistogram()
      .Name(histogram.name)
      .Help(histogram.help)
      .Register(families_->registry)
      .Add(labels, bounds)
      .Observe(value);
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

}  // namespace miniatura
