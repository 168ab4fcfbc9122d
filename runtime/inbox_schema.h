// The tables of an inbox's file, and how it is opened: checked, and where it is damaged moved aside
// for a new one. Never deleted, and never moved where it is sound but somebody else's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/clock.h"
#include "runtime/database.h"
#include "runtime/inbox_owners.h"
#include "runtime/log.h"
#include "runtime/result.h"

namespace miniatura {

// Two clocks: what is due and who is silent goes by the first, which nobody sets; people read the
// second.
struct InboxMoment {
  std::int64_t boot_ms = 0;  // boot_time()
  std::int64_t wall_ms = 0;  // since 1970
};

InboxMoment inbox_moment(const Clock& clock);

// The column `state`; the numbers stand in the file's indices and triggers as well.
enum class InboxState : std::int64_t { waiting = 0, working = 1, done = 2, dead = 3 };

// To be called within the gate of `owners`. `damage`: what is known to be wrong with the file
// already. Errors: inbox_unavailable: a file that is damaged while others use it, of a newer
// version, of another program, or in a place that cannot be written.
Result<Database> open_inbox_database(const std::string& path, const InboxOwners& owners,
                                     const std::optional<Error>& damage, InboxMoment now,
                                     const Log& log);

// One that is there, as it is. Errors: inbox_unavailable.
Result<Database> find_inbox_database(const std::string& path);

}  // namespace miniatura
