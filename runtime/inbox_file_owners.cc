// The half of an inbox's file that is about its owners: who is one, who is lost, and what becomes
// of what a lost one had in hand.
#include <fmt/core.h>

#include <cstring>

#include "runtime/crypto.h"
#include "runtime/inbox_file.h"

namespace miniatura {
namespace {

constexpr const char* kRelease = R"sql(
  UPDATE deliveries SET state = 0, attempts = attempts - 1, changed_ms = ?
  WHERE state = 1 AND owner = ?)sql";
constexpr const char* kOfOwner =
    "SELECT row, attempts, crashes FROM deliveries WHERE state = 1 AND owner = ? LIMIT 1";
constexpr const char* kLost =
    "SELECT id, door, bytes FROM deliveries JOIN payloads USING (row) WHERE row = ?";
constexpr const char* kTakeBack = R"sql(
  UPDATE deliveries SET state = ?, number = ?, changed_ms = ?, due = ?, crashes = ?, code = ?,
    message = ?, is_workers = 1 WHERE row = ?)sql";

// Of no other owner, in this file or in one that lay in its place before: the locks are the same.
std::int64_t new_owner() {
  std::uint64_t random = 0;
  std::memcpy(&random, random_bytes(sizeof random).data(), sizeof random);
  return 1 + static_cast<std::int64_t>(random % InboxOwners::kOwnerMax);
}

}  // namespace

// Of another start of the machine, or of one that has no name: what was due by its count is due
// now. The file is nobody's who lived then, which the locks tell.
Result<void> InboxFile::adopt(const std::string& boot, InboxMoment now) {
  TRY(known, query("SELECT boot FROM file"));
  CHECKED(known->step());
  if (boot.empty() || known->text(0) != boot) {
    TRY(times, query("UPDATE deliveries SET due = ?1, came = ?1 - max(0, ?2 - received_ms) "
                     "WHERE state < 2"));
    CHECKED(times->bind(1, now.boot_ms).bind(2, now.wall_ms).step());
    TRY(file, query("UPDATE file SET boot = ?"));
    CHECKED(file->bind(1, boot).step());
  }
  // The lock before the row: nobody may see one without the other.
  const std::int64_t owner = new_owner();
  CHECKED(owners_->hold(owner));
  owner_ = owner;
  return show_life(now);
}

Result<void> InboxFile::show_life(InboxMoment now) {
  TRY(heartbeat, query("INSERT INTO owners (row, heartbeat) VALUES (?1, ?2) "
                       "ON CONFLICT (row) DO UPDATE SET heartbeat = ?2"));
  CHECKED(heartbeat->bind(1, owner_).bind(2, now.boot_ms).step());
  return {};
}

Result<void> InboxFile::leave(InboxMoment now) {
  TRY(released, query(kRelease));
  CHECKED(released->bind(1, now.wall_ms).bind(2, owner_).step());
  TRY(gone, query("DELETE FROM owners WHERE row = ?"));
  CHECKED(gone->bind(1, owner_).step());
  return {};
}

// Silent is only who has something in hand: who has nothing owes no sign of life.
Result<std::vector<InboxFile::LostOwner>> InboxFile::lost_owners(InboxMoment now) {
  TRY(others, query("SELECT row, heartbeat, EXISTS (SELECT 1 FROM deliveries "
                    "WHERE state = 1 AND owner = owners.row) FROM owners WHERE row != ?"));
  others->bind(1, owner_);
  std::vector<LostOwner> lost;
  for (;;) {
    TRY(is_there, others->step());
    if (!is_there) return lost;
    TRY(is_held, owners_->is_held(others->integer(0)));
    const bool is_silent = others->integer(2) != 0 &&
                           now.boot_ms - others->integer(1) > setting_.claim_silence.count();
    if (!is_held || is_silent) lost.push_back({others->integer(0), !is_held});
  }
}

Result<std::vector<LostClaim>> InboxFile::reclaim(InboxMoment now) {
  std::vector<LostClaim> taken;
  TRY(lost, lost_owners(now));
  for (const LostOwner& owner : lost) {
    for (;;) {
      TRY(claimed, query(kOfOwner));
      TRY(is_there, claimed->bind(1, owner.row).step());
      if (!is_there) break;
      const Row row{claimed->integer(0), static_cast<int>(claimed->integer(1)),
                    static_cast<int>(claimed->integer(2))};
      TRY(lost_claim, take_back(row, owner, now));
      taken.push_back(std::move(lost_claim));
    }
    if (!owner.is_dead) continue;
    TRY(gone, query("DELETE FROM owners WHERE row = ?"));
    CHECKED(gone->bind(1, owner.row).step());
  }
  return taken;
}

Result<LostClaim> InboxFile::take_back(const Row& row, const LostOwner& owner, InboxMoment now) {
  const int crashes = row.crashes + 1;
  LostClaim lost;
  lost.attempt = row.attempts;
  lost.is_dead = crashes >= setting_.crashes_max;
  lost.why.code = ErrorCode::worker_lost;
  lost.why.message =
      fmt::format("attempt {}: the process {} while working on it ({} of {} times)", row.attempts,
                  owner.is_dead ? "died" : "fell silent", crashes, setting_.crashes_max);
  TRY(rising, next_number());
  TRY(taken, query(kTakeBack));
  taken->bind(1, static_cast<std::int64_t>(lost.is_dead ? InboxState::dead : InboxState::waiting))
      .bind(2, rising);
  taken->bind(3, now.wall_ms).bind(4, now.boot_ms).bind(5, std::int64_t{crashes});
  taken->bind(6, code_name(lost.why.code)).bind(7, lost.why.message);
  CHECKED(taken->bind(8, row.row).step());
  TRY(delivery, query(kLost));
  CHECKED(delivery->bind(1, row.row).step());
  lost.id = delivery->text(0);
  lost.door = delivery->text(1);
  lost.payload = delivery->blob(2);
  return lost;
}

Result<bool> InboxFile::has_lost_owner(InboxMoment now) {
  TRY(lost, lost_owners(now));
  return !lost.empty();
}

}  // namespace miniatura
