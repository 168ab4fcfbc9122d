// Lambda's Runtime API and Extensions API, version 2018-06-01 and 2020-01-01: HTTP only. What to do
// about an answer is lambda_loop's. Source:
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "runtime/clock.h"
#include "runtime/http.h"

namespace miniatura {

// The largest reply to an invocation: 6 MiB and 100 bytes. One over it is answered with 413, and
// the platform has told its caller already.
inline constexpr std::size_t kLambdaReplyBytesMax = 6'291'556;

struct Invocation {
  std::string request_id;                    // empty: the platform sent none, nobody can answer
  std::optional<std::string> invocation_id;  // echoed if and only if it was received
  std::optional<std::int64_t> deadline_ms;   // since the epoch; nothing where absent or no number
  std::string trace_id;
  std::string function_arn;
  std::string tenant_id;
  Bytes payload;

  // One in the past stays one; absent, or later than a clock can say: never.
  Deadline deadline() const;
};

// An answer to the platform on behalf of an invocation that failed.
struct LambdaError {
  std::string type;  // (Runtime|Function)\.[A-Z][a-zA-Z]+
  std::string message;
};

// One a worker: uses `transport` and its kept connection. Not thread-safe.
class LambdaApi {
 public:
  // `endpoint` is AWS_LAMBDA_RUNTIME_API: host:port, no scheme; see check_lambda_endpoint.
  LambdaApi(HttpTransport& transport, const std::string& endpoint);

  // Waits for the next event, for ever if need be. Errors: network_* if the API cannot be reached,
  // runtime_api (with http_status) for any status but 200 and for a payload over 32 MiB.
  // `on_arrival` is called when an event's headers are there, before its payload is read.
  Result<Invocation> next(const std::function<void()>& on_arrival = nullptr);

  // The status that the platform answered with (202 is accepted), or an error of the network.
  Result<int> post_response(const Invocation& invocation, ByteView body);
  Result<int> post_error(const Invocation& invocation, const LambdaError& error);
  Result<int> post_init_error(const LambdaError& error);

  // Of SnapStart: the process is ready, and its snapshot is taken while this waits, for ever if
  // need be. It returns in each process that goes on from there. Errors: as next().
  Result<void> wait_for_restore();

  // As an internal extension: only then does the sandbox announce its end (SIGTERM). Gives the
  // extension's identifier. Errors: network_*, runtime_api.
  Result<std::string> register_extension(const std::string& name);
  // Waits for the extension's next event, which never comes for one that asked for none.
  Result<int> next_extension_event(const std::string& identifier);

 private:
  HttpRequest request(const char* method, const std::string& path) const;
  Result<int> post(HttpRequest request, ByteView body);
  Result<int> post_failure(const std::string& path, const Invocation* invocation,
                           const LambdaError& error);

  HttpTransport& transport_;
  std::string base_;
};

// Is it host:port with a port from 1 to 65535? Errors: config_invalid, quoting it.
Result<void> check_lambda_endpoint(const std::string& endpoint);

// The body of an /error; valid JSON whatever bytes the message holds.
std::string lambda_error_body(const LambdaError& error);

// X-Ray's cause of an error, as a header's value: JSON in ASCII, 64 KiB at most; a message that is
// too long for it is cut.
std::string lambda_error_cause(const LambdaError& error);

}  // namespace miniatura
