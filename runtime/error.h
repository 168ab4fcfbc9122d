// What went wrong, in a form that a person reads and a program decides by.
//
// An ErrorCode is stable: scripts, dashboards and dead letters name it. It is the one thing from
// which "try again or not" is derived (retry_class), so the two can never disagree. This list is
// the vocabulary of the whole program: the only place where runtime/ names what the upper folders
// are about.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace miniatura {

enum class ErrorCode {
  // How the program was started.
  usage,            // a wrong option or argument
  config_invalid,   // a setting that is there and wrong
  config_missing,   // a setting that is needed and absent
  file_unreadable,  // a local file named by the user
  file_unwritable,
  // What came in.
  event_malformed,    // not JSON, or JSON that lacks what its shape promises
  event_unsupported,  // a shape or a major version that is not known
  event_too_large,    // bytes, depth or records over the limit
  event_held_back,    // one before it, which has to come first, did not end well
  // Object stores, as the client sees them (the pipeline tells source from destination).
  store_denied,
  store_not_found,            // the object
  store_no_bucket,            // its bucket
  store_precondition_failed,  // If-Match or If-None-Match said no: 412, or 409 to such a PUT
  store_unavailable,          // 5xx, throttled, or a reply that makes no sense
  store_invalid_key,          // over 1,024 bytes, not UTF-8, or refused by the store
  store_rejected,             // any other final no
  // The same, seen from the pipeline.
  source_denied,
  source_no_bucket,
  source_changed,  // overwritten while it was read
  source_too_large,
  source_rejected,  // a key or a request that the source's store refuses for good
  destination_denied,
  destination_no_bucket,
  destination_conflict,   // the thumbnail's key holds something made from another source
  destination_contended,  // others kept writing it while we tried
  destination_rejected,   // a key or a request that the destination's store refuses for good
  credentials_missing,
  credentials_expired,
  // Networks and time.
  network_unreachable,  // names, connections, resets
  network_timeout,
  network_untrusted,  // TLS: the other side's certificate
  network_denied,     // a proxy that says no
  network_invalid,    // a URL or a reply that breaks the protocol
  deadline_exceeded,
  // Images.
  image_corrupt,
  image_unsupported,  // a format outside the allow-list
  image_too_large,    // pixels, frames, metadata or memory over the limit, whatever else is running
  memory_exhausted,   // fits the limit alone, but others are running
  // Queues.
  inbox_full,
  inbox_unavailable,
  queue_unavailable,  // the broker is away, or broke off
  queue_denied,       // it knows us not, or lets us not
  queue_conflict,     // it has a queue or an exchange of that name with other arguments
  queue_rejected,     // any other final no: a message over its limit, …
  worker_lost,        // whoever had it in hand died, or was never heard of again
  // Ourselves.
  journal_unavailable,
  runtime_api,  // Lambda's Runtime API answered what it must not
  internal,     // a fault of ours; stays the last
};

// "image.corrupt": the code as users see it.
std::string_view code_name(ErrorCode code);

// The code of that name; nothing if there is none.
std::optional<ErrorCode> code_named(std::string_view name);

// "Function.ImageCorrupt": the code as Lambda wants it, (Runtime|Function)\.[A-Z][a-zA-Z]+.
std::string lambda_error_type(ErrorCode code);

enum class RetryClass {
  permanent,  // the same input fails again: dead letters, exit 1
  retryable,  // worth another attempt later: exit 75
};
RetryClass retry_class(ErrorCode code);

// Whose failure it is: of this job (this picture, this event: the next one may well succeed), or of
// who works on it and of what that needs (a crash, a lost broker, a time-out, a store that is away
// or refuses: the next one fares no better).
enum class FailureType { job, worker };
FailureType failure_type(ErrorCode code);
std::string_view failure_type_name(FailureType type);  // "job", "worker"

struct Error {
  ErrorCode code = ErrorCode::internal;
  // One line; names the thing: file, field, bucket, key, limit and value. Never a secret.
  std::string message;
  int http_status = 0;       // 0: none was received
  std::string service_code;  // the service's own word, such as NoSuchKey
  std::string request_id;    // the service's own
  std::optional<std::chrono::milliseconds> retry_after;
  int attempts = 1;  // how often it was tried before this was the last word

  bool retryable() const { return retry_class(code) == RetryClass::retryable; }
};

}  // namespace miniatura
