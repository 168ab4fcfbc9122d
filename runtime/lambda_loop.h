// The policy of a Lambda custom runtime: N workers, each next -> handle -> post, until the sandbox
// ends.
//
//   next   an answer other than 200 ends the process (exit 1); connections are tried a few times
//   post   202 accepted; 400, 403, 410, 413 are logged and the next event is served; 500 ends the
//   process (exit 1)
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/clock.h"
#include "runtime/delivery.h"
#include "runtime/environment.h"
#include "runtime/http.h"
#include "runtime/log.h"

namespace miniatura {

struct LambdaLoop {
  std::string endpoint;    // AWS_LAMBDA_RUNTIME_API
  int workers = 1;         // AWS_LAMBDA_MAX_CONCURRENCY
  bool extension = false;  // register as an extension, so that SIGTERM comes before the end
  // Makes the transport of one worker (and one of the extension's thread).
  std::function<std::unique_ptr<HttpTransport>()> make_transport;
  const Log* log = nullptr;
  Clock* clock = nullptr;
};

// Reads workers and endpoint from the environment. Errors: config_missing without
// AWS_LAMBDA_RUNTIME_API, config_invalid.
Result<LambdaLoop> lambda_loop_from(const Environment& environment);

// Makes one HandleFn a worker and serves until SIGTERM (exit 0) or a fault of the API (exit 1). A
// factory that throws or `init_error` set: posted to /init/error before any event is taken, exit 1.
// A HandleFn that throws fails its event alone.
int run_lambda_loop(const LambdaLoop& loop, const HandleFactory& make_handle,
                    const std::optional<Error>& init_error = std::nullopt);

}  // namespace miniatura
