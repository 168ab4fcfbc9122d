// CloudWatch's embedded metric format: a line of the log that says which of its members are
// metrics. CloudWatch reads them out of the log by itself; nothing is called, nothing can fail. On
// Lambda every line of stdout and stderr is looked at. Source:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/clock.h"
#include "runtime/environment.h"
#include "runtime/json.h"

namespace miniatura {

// CloudWatch's units have names of their own: "Count", "Bytes", "Milliseconds".
struct EmfMetric {
  std::string name;
  std::string unit;
  std::vector<double> values;  // at most kEmfValuesMax
};
inline constexpr std::size_t kEmfValuesMax = 100;
inline constexpr std::size_t kEmfMetricsMax = 100;  // of a directive
// A line that is longer is cut by Lambda, and is no JSON then.
inline constexpr std::size_t kEmfLineBytesMax = 262'144;

// Metrics that share a namespace and dimensions; a dimension names another member of the line,
// whose value is a text. Each is a metric that is paid for, so dimensions are few and fixed.
struct EmfDirective {
  std::string metrics_namespace;
  std::vector<std::string> dimensions;
  std::vector<EmfMetric> metrics;
};

// Adds `_aws` and the metrics to a line's fields; a member that is there already is replaced.
// Metrics without a value, and directives without a metric, are left out; values, metrics and
// directives over the format's limits are, too.
void embed_metrics(Json& fields, Clock::Time now, std::span<const EmfDirective> directives);

// MINIATURA_METRICS_NAMESPACE, else POWERTOOLS_METRICS_NAMESPACE, else "miniatura"; nothing for
// "none". Errors: config_invalid (over 255 characters, others than CloudWatch takes, or AWS's own).
Result<std::optional<std::string>> metrics_namespace(const Environment& environment);

}  // namespace miniatura
