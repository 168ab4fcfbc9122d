// Numbers that others watch, in Prometheus' text form, by its client library. What they are called
// and mean is said where they are counted.
//
// Thread-safe. A label's values come from small fixed sets: never a name that came from outside.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace miniatura {

// Of Prometheus' ways: a counter's name ends in _total, and units are seconds and bytes.
struct MetricName {
  const char* name;
  const char* help;
};

using MetricLabels = std::map<std::string, std::string>;

class Metrics {
 public:
  Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;
  ~Metrics();

  void count(const MetricName& counter, const MetricLabels& labels, double by = 1);
  void set(const MetricName& gauge, double value);
  void add(const MetricName& gauge, double by);
  // `bounds` are the upper ends of its buckets; a histogram has those of its first observation.
  void observe(const MetricName& histogram, const std::vector<double>& bounds,
               const MetricLabels& labels, double value);

  // All of them, in Prometheus' text form 0.0.4.
  std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

inline constexpr const char* kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace miniatura
