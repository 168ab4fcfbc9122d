// The policy of a Lambda custom runtime: N workers, each next -> handle -> post, until the sandbox
// ends.
//
//   next   connections are tried a few times; then, and at any answer other than 200, exit 1
//   post   202 accepted; 400, 403, 410, 413 and the like are logged and the next event is served;
//          5xx: exit 1. A network that fails is tried a few times and then logged: next knows more
//
// SnapStart: an image with a custom runtime (this one) says when it is ready, by /restore/next, and
// goes on from a snapshot of that moment, hours later and many times over. What a snapshot must not
// hold is not there yet: no connection (the one that waits is dropped), no credentials, no seed, no
// time. Source: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-custom.html.
// Functions of zip files have none.
//
// SIGTERM: the events in hand are answered, then exit 0, or 1 where a worker met a fault before. An
// event is in hand as soon as its headers are there.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "runtime/clock.h"
#include "runtime/delivery.h"
#include "runtime/environment.h"
#include "runtime/http.h"
#include "runtime/log.h"

namespace miniatura {

struct LambdaLoop {
  std::string endpoint;    // AWS_LAMBDA_RUNTIME_API
  int workers = 1;         // AWS_LAMBDA_MAX_CONCURRENCY; 1 runs on the calling thread
  bool extension = false;  // register as an extension, so that SIGTERM comes before the end
  // By AWS_LAMBDA_INITIALIZATION_TYPE. SnapStart: a snapshot is taken before the first event.
  bool snap_start = false;
  // Nobody waits for the process to start: it is there before its first event is
  // (provisioned-concurrency, lambda-managed-instances). Such an event is no cold start.
  bool starts_ahead = false;

  // What follows is never null and outlives the loop. The transport is that of one worker (or of
  // the extension's thread): without retries, for what to retry is decided here.
  std::function<std::unique_ptr<HttpTransport>()> make_transport;
  const Log* log = nullptr;
  Clock* clock = nullptr;
};

// Reads the endpoint; the rest is the caller's to set. Errors: config_missing without
// AWS_LAMBDA_RUNTIME_API, config_invalid. Past it there is somebody to tell what else goes wrong.
Result<LambdaLoop> lambda_loop_from(const Environment& environment);

// Reads workers, MINIATURA_LAMBDA_EXTENSION (1 or 0) and AWS_LAMBDA_INITIALIZATION_TYPE. Errors:
// config_invalid, for run_lambda_loop to post.
Result<void> read_settings(const Environment& environment, LambdaLoop& loop);

// Makes one HandleFn a worker, all on this thread, and serves until SIGTERM (0) or a fault of the
// API (1): what it returns is the exit code. Of several workers, one that fails leaves the others
// at work. A factory that throws or `init_error` is posted to /init/error before any event is
// taken (1). A HandleFn that throws fails its event alone.
//
// Takes SIGTERM over while it runs, so one loop a process; when SIGTERM comes and workers wait for
// events that nobody can call them back from, the process ends in here. With one worker,
// _X_AMZN_TRACE_ID follows the event in hand.
int run_lambda_loop(const LambdaLoop& loop, const HandleFactory& make_handle,
                    const std::optional<Error>& init_error = std::nullopt);

}  // namespace miniatura
