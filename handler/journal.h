// What was done: a row an event, a row a thumbnail. It remembers; nothing depends on it for
// correctness, and a journal that cannot be written is a warning while the event is served.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "handler/outcome.h"
#include "runtime/delivery.h"
#include "runtime/result.h"

namespace miniatura {

// Thread-safe.
class Journal {
 public:
  virtual ~Journal() = default;
  virtual Result<void> record(const EventOutcome& event, const Delivery& delivery) = 0;
};

// `setting` is a file's path, ":memory:" or "none" (which remembers nothing). The file is opened,
// and created, at the first record. What it holds is read by journal_reader.h.
std::unique_ptr<Journal> make_journal(std::string setting);

// Forgets the events before `time` (as JournalReader's `since`), gives the room back to the file
// system, and says how many they were. An absent file is left absent.
Result<std::int64_t> prune_journal(const std::string& path, const std::string& time);

}  // namespace miniatura
