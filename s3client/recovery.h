// What each answer means, and what is done about it at once: one table of S3's codes and one of
// statuses; of the network's errors, those of runtime/retry.h. Pure.
//
// Sources: S3's "List of error codes", STS's, MinIO's own (cmd/api-errors.go), and what botocore,
// minio-go and object_store try again. S3's code decides first, whatever the status, then the
// status. "Unknown" never becomes "not found": a 404 that does not say NoSuchKey is another
// server's, or another thing's, and an event must not be dropped for it.
#pragma once

#include <span>
#include <string_view>

#include "runtime/error.h"

namespace miniatura {

enum class Recovery {
  none,              // the same request fails again
  retry,             // after a wait
  retry_slowly,      // after a longer one: the other side is busy
  mend_clock,        // once, signed with the server's time
  mend_region,       // once, signed for the region that the answer names, and sent there
  mend_credentials,  // once, with newer ones
  look,              // another write was in the way: see what is there, then decide (S3Store::put)
};

struct Verdict {
  ErrorCode code = ErrorCode::store_unavailable;
  Recovery recovery = Recovery::none;
};

struct CodeRow {
  std::string_view service_code;  // the family of all that begin so, if it ends in '*'
  Verdict verdict;
};
struct StatusRow {
  int status;
  Verdict verdict;
};
std::span<const CodeRow> code_rows();
std::span<const StatusRow> status_rows();

// For any answer that is a refusal. `service_code` is empty where none was given; `is_head`: the
// answer could have had none.
Verdict verdict_of(int status, std::string_view service_code, bool is_head);

// What the transport could not do. What libcurl's codes are to us stands in runtime/curl_http.cc:
// 6, 7, 18, 28, 35, 52, 55, 56 and 92 are among what is tried again (runtime/retry.h); a
// certificate (60) or a wrong URL (3) says no in a second, too.
Verdict verdict_of(ErrorCode code);

}  // namespace miniatura
