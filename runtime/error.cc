#include "runtime/error.h"

#include <cctype>

namespace miniatura {

// A line a code. NOLINTNEXTLINE(readability-function-size)
std::string_view code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage:
      return "usage";
    case ErrorCode::config_invalid:
      return "config.invalid";
    case ErrorCode::config_missing:
      return "config.missing";
    case ErrorCode::file_unreadable:
      return "file.unreadable";
    case ErrorCode::file_unwritable:
      return "file.unwritable";
    case ErrorCode::event_malformed:
      return "event.malformed";
    case ErrorCode::event_unsupported:
      return "event.unsupported";
    case ErrorCode::event_too_large:
      return "event.too_large";
    case ErrorCode::event_held_back:
      return "event.held_back";
    case ErrorCode::store_denied:
      return "store.denied";
    case ErrorCode::store_not_found:
      return "store.not_found";
    case ErrorCode::store_no_bucket:
      return "store.no_bucket";
    case ErrorCode::store_precondition_failed:
      return "store.precondition_failed";
    case ErrorCode::store_unavailable:
      return "store.unavailable";
    case ErrorCode::store_invalid_key:
      return "store.invalid_key";
    case ErrorCode::store_rejected:
      return "store.rejected";
    case ErrorCode::source_denied:
      return "source.denied";
    case ErrorCode::source_no_bucket:
      return "source.no_bucket";
    case ErrorCode::source_changed:
      return "source.changed";
    case ErrorCode::source_too_large:
      return "source.too_large";
    case ErrorCode::source_rejected:
      return "source.rejected";
    case ErrorCode::destination_denied:
      return "destination.denied";
    case ErrorCode::destination_no_bucket:
      return "destination.no_bucket";
    case ErrorCode::destination_conflict:
      return "destination.conflict";
    case ErrorCode::destination_contended:
      return "destination.contended";
    case ErrorCode::destination_rejected:
      return "destination.rejected";
    case ErrorCode::credentials_missing:
      return "credentials.missing";
    case ErrorCode::credentials_expired:
      return "credentials.expired";
    case ErrorCode::network_unreachable:
      return "network.unreachable";
    case ErrorCode::network_timeout:
      return "network.timeout";
    case ErrorCode::network_untrusted:
      return "network.untrusted";
    case ErrorCode::network_denied:
      return "network.denied";
    case ErrorCode::network_invalid:
      return "network.invalid";
    case ErrorCode::deadline_exceeded:
      return "deadline.exceeded";
    case ErrorCode::image_corrupt:
      return "image.corrupt";
    case ErrorCode::image_unsupported:
      return "image.unsupported";
    case ErrorCode::image_too_large:
      return "image.too_large";
    case ErrorCode::memory_exhausted:
      return "memory.exhausted";
    case ErrorCode::inbox_full:
      return "inbox.full";
    case ErrorCode::inbox_unavailable:
      return "inbox.unavailable";
    case ErrorCode::queue_unavailable:
      return "queue.unavailable";
    case ErrorCode::queue_denied:
      return "queue.denied";
    case ErrorCode::queue_conflict:
      return "queue.conflict";
    case ErrorCode::queue_rejected:
      return "queue.rejected";
    case ErrorCode::worker_lost:
      return "worker.lost";
    case ErrorCode::journal_unavailable:
      return "journal.unavailable";
    case ErrorCode::runtime_api:
      return "runtime.api";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

std::optional<ErrorCode> code_named(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i) {
    if (code_name(static_cast<ErrorCode>(i)) == name) return static_cast<ErrorCode>(i);
  }
  return std::nullopt;
}

std::string lambda_error_type(ErrorCode code) {
  std::string type = "Function.";
  bool start_of_word = true;
  for (const char c : code_name(code)) {
    if (c == '.' || c == '_') {
      start_of_word = true;
      continue;
    }
    type += start_of_word ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    start_of_word = false;
  }
  return type;
}

// The one place that decides. A destination or credentials that say no are the operator's mistake,
// not the event's: the event waits for them to be mended.
RetryClass retry_class(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage:
    case ErrorCode::config_invalid:
    case ErrorCode::config_missing:
    case ErrorCode::file_unreadable:
    case ErrorCode::file_unwritable:
    case ErrorCode::event_malformed:
    case ErrorCode::event_unsupported:
    case ErrorCode::event_too_large:
    case ErrorCode::store_not_found:
    case ErrorCode::store_invalid_key:
    case ErrorCode::store_rejected:
    case ErrorCode::source_rejected:
    case ErrorCode::source_too_large:
    case ErrorCode::destination_conflict:
    case ErrorCode::destination_rejected:
    case ErrorCode::image_corrupt:
    case ErrorCode::image_unsupported:
    case ErrorCode::image_too_large:
    case ErrorCode::queue_conflict:
    case ErrorCode::queue_rejected:
    case ErrorCode::journal_unavailable:
    case ErrorCode::internal:
      return RetryClass::permanent;
    case ErrorCode::event_held_back:
    case ErrorCode::store_denied:
    case ErrorCode::store_no_bucket:
    case ErrorCode::store_precondition_failed:
    case ErrorCode::store_unavailable:
    case ErrorCode::source_denied:
    case ErrorCode::source_no_bucket:
    case ErrorCode::source_changed:
    case ErrorCode::destination_denied:
    case ErrorCode::destination_no_bucket:
    case ErrorCode::destination_contended:
    case ErrorCode::credentials_missing:
    case ErrorCode::credentials_expired:
    case ErrorCode::network_unreachable:
    case ErrorCode::network_timeout:
    case ErrorCode::network_untrusted:
    case ErrorCode::network_denied:
    case ErrorCode::network_invalid:
    case ErrorCode::deadline_exceeded:
    case ErrorCode::memory_exhausted:
    case ErrorCode::inbox_full:
    case ErrorCode::inbox_unavailable:
    case ErrorCode::queue_unavailable:
    case ErrorCode::queue_denied:
    case ErrorCode::worker_lost:
    case ErrorCode::runtime_api:
      return RetryClass::retryable;
  }
  return RetryClass::permanent;
}

// A source that denies is most often one object's; a destination's or the credentials' no is the
// same for all. NOLINTNEXTLINE(readability-function-size)
FailureType failure_type(ErrorCode code) {
  switch (code) {
    case ErrorCode::event_malformed:
    case ErrorCode::event_unsupported:
    case ErrorCode::event_too_large:
    case ErrorCode::event_held_back:
    case ErrorCode::store_not_found:
    case ErrorCode::store_precondition_failed:
    case ErrorCode::store_invalid_key:
    case ErrorCode::store_rejected:
    case ErrorCode::source_denied:
    case ErrorCode::source_changed:
    case ErrorCode::source_too_large:
    case ErrorCode::source_rejected:
    case ErrorCode::destination_conflict:
    case ErrorCode::destination_contended:
    case ErrorCode::destination_rejected:
    case ErrorCode::image_corrupt:
    case ErrorCode::image_unsupported:
    case ErrorCode::image_too_large:
      return FailureType::job;
    case ErrorCode::usage:
    case ErrorCode::config_invalid:
    case ErrorCode::config_missing:
    case ErrorCode::file_unreadable:
    case ErrorCode::file_unwritable:
    case ErrorCode::store_denied:
    case ErrorCode::store_no_bucket:
    case ErrorCode::store_unavailable:
    case ErrorCode::source_no_bucket:
    case ErrorCode::destination_denied:
    case ErrorCode::destination_no_bucket:
    case ErrorCode::credentials_missing:
    case ErrorCode::credentials_expired:
    case ErrorCode::network_unreachable:
    case ErrorCode::network_timeout:
    case ErrorCode::network_untrusted:
    case ErrorCode::network_denied:
    case ErrorCode::network_invalid:
    case ErrorCode::deadline_exceeded:
    case ErrorCode::memory_exhausted:
    case ErrorCode::inbox_full:
    case ErrorCode::inbox_unavailable:
    case ErrorCode::queue_unavailable:
    case ErrorCode::queue_denied:
    case ErrorCode::queue_conflict:
    case ErrorCode::queue_rejected:
    case ErrorCode::worker_lost:
    case ErrorCode::journal_unavailable:
    case ErrorCode::runtime_api:
    case ErrorCode::internal:
      return FailureType::worker;
  }
  return FailureType::worker;
}

std::string_view failure_type_name(FailureType type) {
  return type == FailureType::job ? "job" : "worker";
}

}  // namespace miniatura
