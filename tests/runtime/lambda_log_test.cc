#include "runtime/lambda_log.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

std::string fields_of(std::map<std::string, std::string> variables) {
  return to_text(function_fields(Environment(std::move(variables))));
}

TEST(FunctionFieldsTest, are_those_that_the_platform_says) {
  EXPECT_EQ(fields_of({{"AWS_LAMBDA_FUNCTION_NAME", "thumbs"},
                       {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"},
                       {"POWERTOOLS_SERVICE_NAME", "shop"}}),
            R"({"service":"shop","function_name":"thumbs","function_memory_size":1024})");
}

TEST(FunctionFieldsTest, the_service_is_the_function_where_nobody_named_it) {
  EXPECT_EQ(fields_of({{"AWS_LAMBDA_FUNCTION_NAME", "thumbs"}}),
            R"({"service":"thumbs","function_name":"thumbs"})");
  EXPECT_EQ(fields_of({{"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "much"}}),
            R"({"service":"miniatura","function_name":"miniatura"})");
}

TEST(InvocationFieldsTest, what_was_not_said_is_left_out) {
  Invocation invocation;
  invocation.request_id = "r1";
  EXPECT_EQ(to_text(invocation_fields(invocation, false)),
            R"({"function_request_id":"r1","cold_start":false})");
  invocation.function_arn = "arn:f";
  invocation.trace_id = "Root=1";
  EXPECT_EQ(to_text(invocation_fields(invocation, true)),
            R"({"function_request_id":"r1","cold_start":true,"function_arn":"arn:f",)"
            R"("xray_trace_id":"Root=1"})");
}

TEST(InvocationFieldsTest, a_cold_start_is_read_back_and_elsewhere_is_none) {
  EXPECT_TRUE(is_cold_start(invocation_fields({}, true)));
  EXPECT_FALSE(is_cold_start(invocation_fields({}, false)));
  EXPECT_FALSE(is_cold_start(Json::object()));
  EXPECT_FALSE(is_cold_start({{"cold_start", "true"}}));
}

}  // namespace
}  // namespace miniatura
