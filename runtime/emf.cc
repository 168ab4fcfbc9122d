#include "runtime/emf.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "runtime/text.h"

namespace miniatura {
namespace {

constexpr const char* kNamespace = "MINIATURA_METRICS_NAMESPACE";
constexpr const char* kPowertoolsNamespace = "POWERTOOLS_METRICS_NAMESPACE";
constexpr std::size_t kNamespaceBytesMax = 255;

// A whole number without the ".0", which a reader of the log would wonder about.
Json number(double value) {
  constexpr double kExactMax = 9'007'199'254'740'992;  // 2^53
  if (std::floor(value) == value && std::abs(value) <= kExactMax) {
    return static_cast<std::int64_t>(value);
  }
  return std::round(value * 1e3) / 1e3;
}

Json values_of(const EmfMetric& metric) {
  if (metric.values.size() == 1) return number(metric.values.front());
  Json values = Json::array();
  const std::size_t count = std::min(metric.values.size(), kEmfValuesMax);
  for (std::size_t i = 0; i < count; ++i) values.push_back(number(metric.values[i]));
  return values;
}

bool is_namespace(const std::string& text) {
  constexpr std::string_view kOthers = "._-/#: ";
  return text.size() <= kNamespaceBytesMax && std::all_of(text.begin(), text.end(), [&](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  kOthers.find(c) != std::string_view::npos;
         });
}

}  // namespace

void embed_metrics(Json& fields, Clock::Time now, std::span<const EmfDirective> directives) {
  Json embedded = Json::array();
  for (const EmfDirective& directive : directives) {
    Json definitions = Json::array();
    for (const EmfMetric& metric : directive.metrics) {
      if (metric.values.empty() || definitions.size() == kEmfMetricsMax) continue;
      definitions.push_back({{"Name", metric.name}, {"Unit", metric.unit}});
      fields[metric.name] = values_of(metric);
    }
    if (definitions.empty()) continue;
    embedded.push_back({{"Namespace", directive.metrics_namespace},
                        {"Dimensions", Json::array({directive.dimensions})},
                        {"Metrics", std::move(definitions)}});
  }
  if (embedded.empty()) return;
  const auto since_epoch =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  fields["_aws"] = {{"Timestamp", since_epoch.count()}, {"CloudWatchMetrics", std::move(embedded)}};
}

Result<std::optional<std::string>> metrics_namespace(const Environment& environment) {
  const char* const variable = environment.get(kNamespace) ? kNamespace : kPowertoolsNamespace;
  std::string name = environment.get_or(variable, "miniatura");
  if (name == "none") return std::nullopt;
  if (is_namespace(name) && !lower_case(name).starts_with("aws/")) return name;
  return fail(
      ErrorCode::config_invalid,
      fmt::format("{}: \"{}\" is no namespace of CloudWatch's: at most {} letters, digits "
                  "and . _ - / # : or spaces, and not AWS/…",
                  variable, cropped(one_line(name), kNamespaceBytesMax), kNamespaceBytesMax));
}

}  // namespace miniatura
