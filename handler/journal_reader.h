// What the journal remembers, for people: lists, exports and sums. Reads a file that its writers
// may be writing at the same time, and never creates or changes it.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "handler/outcome.h"
#include "runtime/result.h"

namespace miniatura {

struct JournalFilter {
  bool failed_only = false;  // failed and deferred
  std::string bucket;        // of the source; empty: any
  std::string since;         // what a row's time is not before (see since_time); empty: any
  int limit = 50;            // the newest so many
  std::string until = {};    // what a row's time is before; empty: any
  std::string prefix = {};   // of the source's key
  std::string code = {};     // of the error, such as image.corrupt; empty: any
  std::int64_t id = 0;       // 0: any
};

struct JournalRow {
  std::int64_t id = 0;
  std::string time;  // RFC 3339, UTC
  std::string door;
  EventOutcome event;
  std::string reason;      // of skipped, by its name
  std::string error_code;  // of failed and deferred, by its name
  int attempt = 1;
};

struct Percentiles {  // in milliseconds; 0 where there was nothing
  double p50 = 0;
  double p90 = 0;
  double p99 = 0;
  double max = 0;
};

struct JournalStats {
  std::int64_t events = 0;
  std::string first;  // times
  std::string last;
  std::map<std::string, std::int64_t> outcomes;
  std::map<std::string, std::int64_t> reasons;   // of skipped
  std::map<std::string, std::int64_t> errors;    // by code
  std::map<std::string, std::int64_t> failures;  // by failure_type(): "job" or "worker"
  // Of stored events: "total" and the steps.
  std::vector<std::pair<std::string, Percentiles>> times;
  std::int64_t source_bytes = 0;  // of stored events
};

// What a person calls a time, as JournalFilter's `since`: RFC 3339 in UTC or a beginning of it,
// such as 2026-11-22 or 2026-11-22T10:00:00Z, from the start of that day or second on. Errors:
// usage.
Result<std::string> since_time(std::string_view text);

// Not thread-safe. Errors: journal_unavailable. A file that is not there, and one without a schema
// yet, holds nothing.
class JournalReader {
 public:
  explicit JournalReader(std::string path) : path_(std::move(path)) {}

  // The newest first.
  Result<std::vector<JournalRow>> list(const JournalFilter& filter) const;

  // The oldest first, one after the other, whatever their number; `limit` does not count.
  Result<void> each(const JournalFilter& filter,
                    const std::function<void(const JournalRow&)>& take) const;

  // `limit` does not count.
  Result<JournalStats> stats(const JournalFilter& filter) const;

 private:
  std::string path_;
};

}  // namespace miniatura
