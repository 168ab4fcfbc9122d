// Lambda's Runtime API and Extensions API, version 2018-06-01 and 2020-01-01: HTTP only. What to do
// about an answer is lambda_loop's. Source:
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/http.h"

namespace miniatura {

struct Invocation {
  std::string request_id;
  std::optional<std::string> invocation_id;  // echoed if and only if it was received
  std::optional<std::int64_t> deadline_ms;   // since the epoch; nothing where absent or no number
  std::string trace_id;
  std::string function_arn;
  std::string tenant_id;
  Bytes payload;
};

// An answer to the platform on behalf of an invocation that failed.
struct LambdaError {
  std::string type;  // (Runtime|Function)\.[A-Z][a-zA-Z]+
  std::string message;
};

// One a worker: uses `transport` and its kept connection. Not thread-safe.
class LambdaApi {
 public:
  // `endpoint` is AWS_LAMBDA_RUNTIME_API: host:port, no scheme.
  LambdaApi(HttpTransport& transport, std::string endpoint);

  // Waits for the next event, for ever if need be. Errors: network_* if the API cannot be reached,
  // runtime_api (with http_status) for any status but 200.
  Result<Invocation> next();

  // The status that the platform answered with (202 is accepted), or an error of the network.
  Result<int> post_response(const Invocation& invocation, ByteView body);
  Result<int> post_error(const Invocation& invocation, const LambdaError& error);
  Result<int> post_init_error(const LambdaError& error);

  // As an internal extension: only then does the sandbox announce its end (SIGTERM). Gives the
  // extension's identifier.
  Result<std::string> register_extension(const std::string& name);
  // Waits for the extension's next event, which never comes for one that asked for none.
  Result<int> next_extension_event(const std::string& identifier);

 private:
  HttpTransport& transport_;
  std::string base_;
};

// The body of an /error; valid JSON whatever bytes the message holds.
std::string lambda_error_body(const LambdaError& error);

}  // namespace miniatura
