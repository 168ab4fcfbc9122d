#include "runtime/lambda_log.h"

#include <charconv>

namespace miniatura {
namespace {

constexpr const char* kColdStart = "cold_start";

}  // namespace

Json function_fields(const Environment& environment) {
  const std::string function = environment.get_or("AWS_LAMBDA_FUNCTION_NAME", "miniatura");
  Json fields = {{"service", environment.get_or("POWERTOOLS_SERVICE_NAME", function)},
                 {"function_name", function}};
  const std::string memory = environment.get_or("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "");
  const char* const end = memory.data() + memory.size();
  std::uint32_t megabytes = 0;
  const auto [rest, error] = std::from_chars(memory.data(), end, megabytes);
  if (error == std::errc{} && rest == end) fields["function_memory_size"] = megabytes;
  return fields;
}

Json invocation_fields(const Invocation& invocation, bool cold_start) {
  Json fields = {{"function_request_id", invocation.request_id}, {kColdStart, cold_start}};
  if (!invocation.function_arn.empty()) fields["function_arn"] = invocation.function_arn;
  if (!invocation.trace_id.empty()) fields["xray_trace_id"] = invocation.trace_id;
  return fields;
}

bool is_cold_start(const Json& invocation_fields) {
  const Json* said = member(invocation_fields, kColdStart);
  return said != nullptr && said->is_boolean() && said->get<bool>();
}

}  // namespace miniatura
