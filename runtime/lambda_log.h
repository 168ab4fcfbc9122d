// What the lines of a function's log say on Lambda, by the names that Powertools gave them, so that
// its users' queries and dashboards find them. Source:
// https://docs.powertools.aws.dev/lambda/python/latest/core/logger/#standard-structured-keys and
// #capturing-context-lambda-info
//
//   each line       level timestamp message service function_name function_memory_size
//   of an event     function_arn function_request_id cold_start xray_trace_id correlation_id
//
// AWS_LAMBDA_LOG_LEVEL is heeded (runtime/log.h). AWS_LAMBDA_LOG_FORMAT changes nothing, as it does
// for Powertools: "Text", which every function has that nobody set, means that Lambda hands lines
// on as they are, and CloudWatch reads fields and metrics (runtime/emf.h) from those that are JSON.
#pragma once

#include "runtime/environment.h"
#include "runtime/json.h"
#include "runtime/lambda_api.h"

namespace miniatura {

// Of each line (Log::with). The service is POWERTOOLS_SERVICE_NAME, else the function's name; that
// is "miniatura" where the platform says none.
Json function_fields(const Environment& environment);

// Of an event's lines; what the platform did not say is left out.
Json invocation_fields(const Invocation& invocation, bool cold_start);
// Said by invocation_fields: did whoever sent it wait for this process to start?
bool is_cold_start(const Json& invocation_fields);

}  // namespace miniatura
