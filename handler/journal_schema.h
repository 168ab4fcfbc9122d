// The journal's tables, through their versions: what a file holds is kept in it (user_version), and
// a step leads from each version to the next. A new file takes all of them.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/database.h"
#include "runtime/result.h"

namespace miniatura {

// 1: events and thumbnails. 2: of the source, its colours, camera and capture time as well.
constexpr std::int64_t kJournalVersion = 2;

// What `database` holds; 0: no table yet. Errors: journal_unavailable, naming `path`, if it is
// newer than kJournalVersion: what it means is not known.
Result<std::int64_t> journal_version(Database& database, const std::string& path);

// Brings a new or older file to kJournalVersion, whole or not at all, and leaves its rows. Several
// processes may do so at the same time. Errors: as above, and what the database fails with.
Result<void> migrate_journal(Database& database, const std::string& path);

}  // namespace miniatura
