// That a line is what CloudWatch's specification asks for: tests/e2e/emf.py.
#include "runtime/emf.h"

#include <gtest/gtest.h>

#include <limits>

namespace miniatura {
namespace {

const Clock::Time kNow{std::chrono::milliseconds(1'700'000'000'123)};

Json embedded(const std::vector<EmfDirective>& directives,
              Json fields = {{"stored", 7}, {"door", "lambda"}}) {
  embed_metrics(fields, kNow, directives);
  return fields;
}

TEST(EmbedMetricsTest, a_line_keeps_its_fields_and_says_which_are_metrics) {
  const Json line = embedded(
      {{"ns", {"service"}, {{"stored", "Count", {1}}, {"duration_ms", "Milliseconds", {1.2344}}}},
       {"ns", {"function_name", "service"}, {{"ColdStart", "Count", {1}}}}});
  EXPECT_EQ(
      to_text(line),
      R"({"stored":1,"door":"lambda","duration_ms":1.234,"ColdStart":1,"_aws":{)"
      R"("Timestamp":1700000000123,"CloudWatchMetrics":[{"Namespace":"ns","Dimensions":[["service"]],)"
      R"("Metrics":[{"Name":"stored","Unit":"Count"},{"Name":"duration_ms","Unit":"Milliseconds"}]},)"
      R"({"Namespace":"ns","Dimensions":[["function_name","service"]],)"
      R"("Metrics":[{"Name":"ColdStart","Unit":"Count"}]}]}})");
}

TEST(EmbedMetricsTest, several_values_are_a_list_of_a_hundred_at_most) {
  EXPECT_EQ(to_text(embedded({{"ns", {}, {{"a", "Bytes", {1, 2.5}}}}})["a"]), "[1,2.5]");
  const std::vector<double> many(101, 3);
  EXPECT_EQ(embedded({{"ns", {}, {{"a", "Bytes", many}}}})["a"].size(), 100U);
}

TEST(EmbedMetricsTest, what_is_not_known_is_not_said) {
  EXPECT_FALSE(embedded({{"ns", {}, {{"a", "Bytes", {}}}}}).contains("a"));
  EXPECT_FALSE(embedded({{"ns", {}, {{"a", "Bytes", {}}}}}).contains("_aws"));
  const Json one =
      embedded({{"ns", {}, {{"a", "Bytes", {}}, {"b", "Count", {0}}}}, {"ns", {}, {}}});
  EXPECT_EQ(one["_aws"]["CloudWatchMetrics"].size(), 1U);
  EXPECT_EQ(one["_aws"]["CloudWatchMetrics"][0]["Metrics"].size(), 1U);
}

TEST(EmbedMetricsTest, a_directive_has_a_hundred_metrics_at_most) {
  EmfDirective directive{"ns", {}, {}};
  for (int i = 0; i <= 100; ++i)
    directive.metrics.push_back({"m" + std::to_string(i), "Count", {1}});
  const Json line = embedded({directive});
  EXPECT_EQ(line["_aws"]["CloudWatchMetrics"][0]["Metrics"].size(), 100U);
  EXPECT_FALSE(line.contains("m100"));
}

TEST(EmbedMetricsTest, numbers_that_are_none_stay_json) {
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(
      parse_json(to_text(embedded({{"ns", {}, {{"a", "Count", {infinite, 1e300}}}}})), "x"));
}

Result<std::optional<std::string>> namespace_of(std::map<std::string, std::string> variables) {
  return metrics_namespace(Environment(std::move(variables)));
}

TEST(MetricsNamespaceTest, ours_then_powertools_then_the_programs_name) {
  EXPECT_EQ(*namespace_of({}), "miniatura");
  EXPECT_EQ(*namespace_of({{"POWERTOOLS_METRICS_NAMESPACE", "Shop/Pictures #1"}}),
            "Shop/Pictures #1");
  EXPECT_EQ(
      *namespace_of({{"POWERTOOLS_METRICS_NAMESPACE", "b"}, {"MINIATURA_METRICS_NAMESPACE", "a"}}),
      "a");
  EXPECT_EQ(*namespace_of(
                {{"POWERTOOLS_METRICS_NAMESPACE", "b"}, {"MINIATURA_METRICS_NAMESPACE", "none"}}),
            std::nullopt);
}

TEST(MetricsNamespaceTest, what_cloudwatch_would_not_take_is_an_error_that_names_the_variable) {
  for (const std::string& name :
       {std::string("AWS/Lambda"), std::string("aws/x"), std::string("a\"b"),
        std::string("caf\xc3\xa9"), std::string(256, 'n')}) {
    for (const char* variable : {"MINIATURA_METRICS_NAMESPACE", "POWERTOOLS_METRICS_NAMESPACE"}) {
      const auto refused = namespace_of({{variable, name}});
      ASSERT_FALSE(refused) << name;
      EXPECT_EQ(refused.error().code, ErrorCode::config_invalid);
      EXPECT_NE(refused.error().message.find(variable), std::string::npos);
    }
  }
  EXPECT_TRUE(namespace_of({{"MINIATURA_METRICS_NAMESPACE", std::string(255, 'n')}}));
}

}  // namespace
}  // namespace miniatura
