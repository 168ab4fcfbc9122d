// What was done: a row an event, a row a thumbnail. It remembers; nothing depends on it for
// correctness, and a journal that cannot be written is a warning while the event is served.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "handler/outcome.h"
#include "runtime/delivery.h"
#include "runtime/result.h"

namespace miniatura {

struct JournalFilter {
  bool failed_only = false;  // failed and deferred
  std::string bucket;        // of the source; empty: any
  std::string since;         // what a row's time is not before (see since_time); empty: any
  int limit = 50;            // the newest so many, newest first
};

struct JournalRow {
  std::int64_t id = 0;
  std::string time;  // RFC 3339, UTC
  EventOutcome event;
  std::string reason;      // of skipped, by its name
  std::string error_code;  // of failed and deferred, by its name
  int attempt = 1;
};

// What a person calls a time, as JournalFilter's `since`: RFC 3339 in UTC or a beginning of it,
// such as 2026-11-22 or 2026-11-22T10:00:00Z, from the start of that day or second on. Errors:
// usage.
Result<std::string> since_time(std::string_view text);

// Thread-safe.
class Journal {
 public:
  virtual ~Journal() = default;
  virtual Result<void> record(const EventOutcome& event, const Delivery& delivery) = 0;
  virtual Result<std::vector<JournalRow>> list(const JournalFilter& filter) = 0;
};

// `setting` is a file's path, ":memory:" or "none" (which remembers nothing). The file is opened,
// and created, at the first record; a list never creates it.
std::unique_ptr<Journal> make_journal(std::string setting);

}  // namespace miniatura
