// The dead letters of an inbox: a short transaction a letter, so that a person who takes his time
// holds nobody up.
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "runtime/dead_letters.h"
#include "runtime/inbox.h"
#include "runtime/inbox_owners.h"
#include "runtime/inbox_schema.h"

namespace miniatura {
namespace {

constexpr const char* kNext = R"sql(
  SELECT number, id, door, received_ms, changed_ms, code, message, is_workers, attempts,
    (SELECT bytes FROM payloads WHERE payloads.row = deliveries.row)
  FROM deliveries WHERE state = 3 AND state > 1 AND number > ? AND number <= ?
  ORDER BY number LIMIT 1)sql";
// By its number, too: a letter that another person sent back and that died again is another one.
constexpr const char* kRedrive = R"sql(
  UPDATE deliveries SET state = 0, attempts = 0, crashes = 0, changed_ms = ?, came = ?, due = ?
  WHERE state = 3 AND id = ? AND number = ?)sql";
constexpr const char* kDrop = "DELETE FROM deliveries WHERE state = 3 AND id = ? AND number = ?";

Clock::Time time_of(std::int64_t wall_ms) {
  return Clock::Time(std::chrono::milliseconds(wall_ms));
}

struct Numbered {
  std::int64_t number = 0;
  DeadLetter letter;
};

class InboxOffice : public DeadLetterOffice {
 public:
  InboxOffice(const Clock& clock, InboxOwners owners, Database database)
      : clock_(clock), owners_(std::move(owners)), database_(std::move(database)) {}

  Result<void> walk(const DeadLetterFilter& filter, const DecideFn& decide) override {
    // What dies while this goes on is left for the next walk: it would never end, else.
    TRY(last, last_number());
    std::int64_t number = 0;
    for (;;) {
      TRY(next, letter_after(number, last));
      if (!next) return {};
      number = next->number;
      if (takes(filter, next->letter)) CHECKED(carry_out(decide(next->letter), *next));
    }
  }

 private:
  Result<std::int64_t> last_number() {
    TRY(row, database_.prepare("SELECT number FROM file"));
    CHECKED(row.step());
    return row.integer(0);
  }

  Result<std::optional<Numbered>> letter_after(std::int64_t number, std::int64_t last) {
    TRY(row, database_.prepare(kNext));
    TRY(is_there, row.bind(1, number).bind(2, last).step());
    if (!is_there) return std::nullopt;
    Numbered next;
    next.number = row.integer(0);
    next.letter.id = row.text(1);
    next.letter.door = row.text(2);
    next.letter.received = time_of(row.integer(3));
    next.letter.died = time_of(row.integer(4));
    next.letter.code = row.text(5);
    next.letter.message = row.text(6);
    next.letter.failure_type = row.integer(7) != 0 ? FailureType::worker : FailureType::job;
    next.letter.attempts = static_cast<int>(row.integer(8));
    next.letter.payload = row.blob(9);
    return next;
  }

  Result<void> carry_out(Verdict verdict, const Numbered& next) {
    if (verdict == Verdict::keep) return {};
    return in_transaction(database_, [&]() -> Result<void> {
      if (verdict == Verdict::drop) {
        TRY(gone, database_.prepare(kDrop));
        CHECKED(gone.bind(1, next.letter.id).bind(2, next.number).step());
        return {};
      }
      const InboxMoment now = inbox_moment(clock_);
      TRY(back, database_.prepare(kRedrive));
      back.bind(1, now.wall_ms).bind(2, now.boot_ms).bind(3, now.boot_ms);
      CHECKED(back.bind(4, next.letter.id).bind(5, next.number).step());
      return {};
    });
  }

  const Clock& clock_;
  InboxOwners owners_;  // while it is held, nobody puts another file in this one's place
  Database database_;
};

}  // namespace

Result<std::unique_ptr<DeadLetterOffice>> open_inbox_office(const std::string& path,
                                                            const Clock& clock) {
  if (::access(path.c_str(), F_OK) != 0) {
    return fail(ErrorCode::file_unreadable,
                fmt::format("{}: {}", path, std::system_category().message(errno)));
  }
  TRY(owners, InboxOwners::open(path));
  const Result<InboxOwners::Gate> gate = owners.enter();
  if (!gate) return fail(gate.error());
  CHECKED(owners.visit());
  TRY(database, find_inbox_database(path));
  return std::make_unique<InboxOffice>(clock, std::move(owners), std::move(database));
}

}  // namespace miniatura
