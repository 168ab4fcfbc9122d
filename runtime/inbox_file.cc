#include "runtime/inbox_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "runtime/crypto.h"
#include "runtime/retry.h"
#include "runtime/text.h"

namespace miniatura {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kReplyBytesMax = 64 << 10;
constexpr std::size_t kMessageBytesMax = 4 << 10;
constexpr std::int64_t kTrimRowsMax = 2'000;  // at a time: more than one transaction finishes
constexpr int kTrimDeadMax = 1'000;
constexpr std::chrono::hours kWaitMax{30 * 24};

constexpr const char* kInsert = R"sql(
  INSERT INTO deliveries (id, door, trace_id, state, size, received_ms, changed_ms, came, due)
  VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?))sql";
constexpr const char* kInsertPayload = "INSERT INTO payloads VALUES (?, ?)";
constexpr const char* kPayload = "SELECT bytes FROM payloads WHERE row = ?";
constexpr const char* kOpenTally = "SELECT sum(rows), sum(bytes) FROM tally WHERE state < 2";
constexpr const char* kNextNumber = "UPDATE file SET number = number + 1 RETURNING number";
constexpr const char* kOldestDue =
    "SELECT row FROM deliveries WHERE state = 0 AND due <= ? ORDER BY due, row LIMIT 1";
constexpr const char* kClaim = R"sql(
  UPDATE deliveries SET state = 1, owner = ?, number = ?, attempts = attempts + 1, changed_ms = ?
  WHERE row = ? RETURNING id, door, trace_id, attempts, came)sql";
constexpr const char* kInHand =
    "SELECT row, attempts, crashes FROM deliveries WHERE id = ? AND state = 1 AND number = ?";
// The size of what is kept: the payload (until it is done) and the reply.
constexpr const char* kSettle = R"sql(
  UPDATE deliveries SET state = ?1, number = ?2, changed_ms = ?3, due = ifnull(?4, due),
    attempts = ?5, code = ifnull(?6, code), message = ifnull(?7, message),
    is_workers = ifnull(?8, is_workers), reply = ?9,
    size = ?10 + CASE ?1 WHEN 2 THEN 0 ELSE
      ifnull((SELECT length(bytes) FROM payloads WHERE payloads.row = deliveries.row), 0) END
  WHERE row = ?11)sql";
constexpr const char* kFind = R"sql(
  SELECT state, door, received_ms, changed_ms, attempts, code, message, is_workers, reply
  FROM deliveries WHERE id = ?)sql";

// Sortable by time, and not to be guessed: 12 digits of milliseconds, 20 that are random.
std::string new_id(std::int64_t wall_ms) {
  return fmt::format("{:012x}{}", static_cast<std::uint64_t>(wall_ms) & 0xffff'ffff'ffff,
                     hex(random_bytes(10)));
}

Clock::Time time_of(std::int64_t wall_ms) { return Clock::Time(milliseconds(wall_ms)); }

std::int64_t number(InboxState state) { return static_cast<std::int64_t>(state); }

InboxState state_after(Settlement::What what) {
  switch (what) {
    case Settlement::What::done:
      return InboxState::done;
    case Settlement::What::dead:
      return InboxState::dead;
    case Settlement::What::later:
    case Settlement::What::released:
      break;
  }
  return InboxState::waiting;
}

void bind_failure(Statement& row, const std::optional<Error>& why) {
  if (!why) {
    row.bind_null(6).bind_null(7).bind_null(8);
    return;
  }
  row.bind(6, code_name(why->code)).bind(7, cropped(why->message, kMessageBytesMax));
  row.bind(8, std::int64_t{failure_type(why->code) == FailureType::worker});
}

}  // namespace

InboxFile::InboxFile(InboxSetting setting, const InboxOwners& owners, Database database)
    : setting_(std::move(setting)), owners_(&owners), database_(std::move(database)) {}

InboxFile::InboxFile(InboxFile&& other) noexcept
    : setting_(std::move(other.setting_)),
      owners_(other.owners_),
      owner_(std::exchange(other.owner_, 0)),
      reaches_disk_(other.reaches_disk_),
      database_(std::move(other.database_)),
      statements_(std::move(other.statements_)) {}

InboxFile::~InboxFile() {
  if (owner_ != 0) owners_->let_go(owner_);
}

Result<InboxFile> InboxFile::open(const InboxSetting& setting, const InboxOwners& owners,
                                  const std::optional<Error>& damage, const std::string& boot,
                                  InboxMoment now, const Log& log) {
  const Result<InboxOwners::Gate> gate = owners.enter();
  if (!gate) return fail(gate.error());
  TRY(database, open_inbox_database(setting.path, owners, damage, now, log));
  InboxFile file(setting, owners, std::move(database));
  CHECKED(file.begin(true));
  Result<void> done = file.adopt(boot, now);
  if (done) done = file.commit();
  if (!done) return fail(done.error());
  return file;
}

Result<void> InboxFile::begin(bool reaches_disk) {
  if (reaches_disk != reaches_disk_) {
    CHECKED(
        database_.execute(reaches_disk ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"));
    reaches_disk_ = reaches_disk;
  }
  return database_.execute("BEGIN IMMEDIATE");
}

Result<void> InboxFile::commit() { return database_.execute("COMMIT"); }
void InboxFile::rollback() { (void)database_.execute("ROLLBACK"); }

Result<InboxFile::Query> InboxFile::query(const char* sql) {
  auto known = statements_.find(sql);
  if (known == statements_.end()) {
    TRY(statement, database_.prepare(sql));
    known = statements_.emplace(sql, std::move(statement)).first;
  }
  known->second.reset();
  return Query(&known->second);
}

Result<std::int64_t> InboxFile::next_number() {
  TRY(row, query(kNextNumber));
  CHECKED(row->step());
  return row->integer(0);
}

Result<std::string> InboxFile::put(const InboxPut& put, InboxMoment now) {
  const auto size = static_cast<std::int64_t>(put.payload.size());
  TRY(open, query(kOpenTally));
  CHECKED(open->step());
  if (open->integer(0) >= setting_.rows_max || open->integer(1) + size > setting_.bytes_max) {
    return fail(ErrorCode::inbox_full,
                fmt::format("{}: {} of {} deliveries and {} of {} bytes are there; no room for one "
                            "of {} bytes",
                            setting_.path, open->integer(0), setting_.rows_max, open->integer(1),
                            setting_.bytes_max, size));
  }
  std::string id = new_id(now.wall_ms);
  TRY(row, query(kInsert));
  row->bind(1, id).bind(2, put.door).bind(3, put.trace_id).bind(4, size);
  row->bind(5, now.wall_ms).bind(6, now.wall_ms).bind(7, now.boot_ms).bind(8, now.boot_ms);
  CHECKED(row->step());
  TRY(payload, query(kInsertPayload));
  CHECKED(payload->bind(1, database_.last_row_id()).bind_blob(2, put.payload).step());
  return id;
}

Result<std::optional<Claim>> InboxFile::claim(InboxMoment now) {
  TRY(oldest, query(kOldestDue));
  TRY(is_there, oldest->bind(1, now.boot_ms).step());
  if (!is_there) return std::nullopt;
  const std::int64_t row = oldest->integer(0);
  Claim claim;
  TRY(ticket, next_number());
  claim.ticket = ticket;
  TRY(claimed, query(kClaim));
  claimed->bind(1, owner_).bind(2, ticket).bind(3, now.wall_ms).bind(4, row);
  CHECKED(claimed->step());
  claim.id = claimed->text(0);
  claim.door = claimed->text(1);
  claim.trace_id = claimed->text(2);
  claim.attempt = static_cast<int>(claimed->integer(3));
  claim.waited = milliseconds(std::max<std::int64_t>(now.boot_ms - claimed->integer(4), 0));
  TRY(payload, query(kPayload));
  CHECKED(payload->bind(1, row).step());
  claim.payload = payload->blob(0);
  CHECKED(show_life(now));
  return claim;
}

Result<void> InboxFile::settle(const Claim& claim, const Settlement& settlement, double unit_random,
                               InboxMoment now) {
  TRY(in_hand, query(kInHand));
  TRY(is_ours, in_hand->bind(1, claim.id).bind(2, claim.ticket).step());
  if (!is_ours) return {};  // it went to another owner, or was settled
  const std::int64_t row = in_hand->integer(0);
  const auto attempts = static_cast<int>(in_hand->integer(1));

  const bool is_later = settlement.what == Settlement::What::later;
  const bool counts =
      settlement.what != Settlement::What::released && (settlement.counts || !is_later);
  InboxState state = state_after(settlement.what);
  if (is_later && counts && attempts >= setting_.attempts_max) state = InboxState::dead;

  TRY(settled_number, next_number());
  TRY(settled, query(kSettle));
  settled->bind(1, number(state)).bind(2, settled_number).bind(3, now.wall_ms).bind_null(4);
  if (is_later) {
    const BackoffPolicy policy{setting_.backoff_base, setting_.backoff_base, setting_.backoff_cap,
                               setting_.attempts_max};
    const milliseconds wait = std::max(
        backoff_delay(policy, attempts, unit_random, milliseconds::max()), settlement.not_before);
    settled->bind(4, now.boot_ms + std::min<milliseconds>(wait, kWaitMax).count());
  }
  settled->bind(5, std::int64_t{counts ? attempts : attempts - 1});
  bind_failure(*settled, settlement.why);
  const std::string reply = cropped(settlement.reply, kReplyBytesMax);
  settled->bind(9, reply).bind(10, static_cast<std::int64_t>(reply.size())).bind(11, row);
  CHECKED(settled->step());
  return {};
}

Result<std::optional<InboxEntry>> InboxFile::find(const std::string& id) {
  TRY(row, query(kFind));
  TRY(is_there, row->bind(1, id).step());
  if (!is_there) return std::nullopt;
  InboxEntry entry;
  entry.id = id;
  entry.state = static_cast<InboxEntry::State>(row->integer(0));
  entry.door = row->text(1);
  entry.received = time_of(row->integer(2));
  entry.changed = time_of(row->integer(3));
  entry.attempts = static_cast<int>(row->integer(4));
  if (!row->is_null(5)) entry.code = row->text(5);
  if (!row->is_null(6)) entry.message = row->text(6);
  entry.failure_type = row->integer(7) != 0 ? FailureType::worker : FailureType::job;
  entry.reply = row->text(8);
  return entry;
}

Result<InboxCounts> InboxFile::counts(InboxMoment now) {
  TRY(row, query("SELECT (SELECT sum(rows) FROM tally WHERE state < 2), "
                 "(SELECT sum(bytes) FROM tally WHERE state < 2), "
                 "(SELECT rows FROM tally WHERE state = 3), "
                 "(SELECT min(came) FROM deliveries WHERE state < 2)"));
  CHECKED(row->step());
  InboxCounts counts;
  counts.depth = row->integer(0);
  counts.bytes = row->integer(1);
  counts.dead = row->integer(2);
  if (!row->is_null(3)) {
    counts.oldest_age = milliseconds(std::max<std::int64_t>(now.boot_ms - row->integer(3), 0));
  }
  const auto is_below = [](std::int64_t value, std::int64_t limit) {
    return static_cast<double>(value) < 0.9 * static_cast<double>(limit);
  };
  counts.is_below_mark =
      is_below(counts.depth, setting_.rows_max) && is_below(counts.bytes, setting_.bytes_max);
  return counts;
}

Result<std::optional<std::int64_t>> InboxFile::next_due() {
  TRY(next, query("SELECT due FROM deliveries WHERE state = 0 ORDER BY due LIMIT 1"));
  TRY(is_there, next->step());
  return is_there ? std::optional(next->integer(0)) : std::nullopt;
}

Result<void> InboxFile::trim_finished() {
  TRY(tally, query("SELECT rows FROM tally WHERE state = 2"));
  CHECKED(tally->step());
  const std::int64_t over = tally->integer(0) - setting_.finished_max;
  if (over <= 0) return {};
  TRY(oldest, query("DELETE FROM deliveries WHERE row IN (SELECT row FROM deliveries "
                    "WHERE state = 2 AND state > 1 ORDER BY number LIMIT ?)"));
  CHECKED(oldest->bind(1, std::min(over, kTrimRowsMax)).step());
  return {};
}

Result<std::optional<std::string>> InboxFile::drop_oldest_dead() {
  TRY(tally, query("SELECT rows, bytes FROM tally WHERE state = 3"));
  CHECKED(tally->step());
  if (tally->integer(0) <= setting_.rows_max && tally->integer(1) <= setting_.bytes_max) {
    return std::nullopt;
  }
  TRY(oldest, query("DELETE FROM deliveries WHERE row = (SELECT row FROM deliveries "
                    "WHERE state = 3 AND state > 1 ORDER BY number LIMIT 1) RETURNING id"));
  TRY(is_there, oldest->step());
  return is_there ? std::optional(oldest->text(0)) : std::nullopt;
}

Result<std::vector<std::string>> InboxFile::trim() {
  CHECKED(trim_finished());
  std::vector<std::string> dropped;
  for (int i = 0; i < kTrimDeadMax; ++i) {
    TRY(id, drop_oldest_dead());
    if (!id) break;
    dropped.push_back(*id);
  }
  return dropped;
}

}  // namespace miniatura
