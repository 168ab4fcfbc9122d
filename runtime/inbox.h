// A durable queue of deliveries in one SQLite file (WAL, synchronous=FULL), for a door whose sender
// must be answered at once: what is in it is on the disk before anybody is told so.
//
// Each process that uses a file is an owner in it. A claim is an owner's until it is settled; one
// whose owner is dead (the kernel has let go of its lock) or silent for `claim_silence` goes to the
// next who asks, with the attempt counted: it may be the delivery that kills. So a crash loses
// nothing, and repeats at most what was in hand.
//
// Thread-safe: one thread of its own writes, and puts everything that is asked of it meanwhile into
// one transaction, with one fsync (group commit). A claim alone waits for no fsync: it dies with
// the machine in any case.
//
// The file never shrinks: what is free in it is used again.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "runtime/bytes.h"
#include "runtime/clock.h"
#include "runtime/dead_letters.h"
#include "runtime/error.h"
#include "runtime/log.h"
#include "runtime/result.h"

namespace miniatura {

// An attempt of which nobody tells the end: its owner died, or fell silent.
struct LostClaim {
  std::string id;
  std::string door;
  Bytes payload;
  int attempt = 1;
  Error why;             // worker_lost
  bool is_dead = false;  // the last one of crashes_max; else it is attempted again
};

struct InboxSetting {
  std::string path;
  // Of what waits or is worked on. More is refused with inbox_full. The dead have as much again for
  // themselves, so that they do not stop the work; over it the oldest of them are dropped, and the
  // log names them.
  std::int64_t rows_max = 1'000'000;
  std::int64_t bytes_max = std::int64_t{4} << 30;
  std::int64_t finished_max = 10'000;  // remembered (without their payload), the newest ones
  int attempts_max = 8;                // then it is dead; see Item::counts
  int crashes_max = 3;  // owners that died or fell silent with it in hand; then it is dead
  std::chrono::milliseconds backoff_base{1'000};
  std::chrono::milliseconds backoff_cap{300'000};
  std::chrono::milliseconds claim_silence{60'000};
  // Told of each claim that this process took back, on the inbox's thread; may be null.
  std::function<void(const LostClaim&)> on_lost;
};

struct InboxPut {
  Bytes payload;
  std::string door;
  std::string trace_id;  // may be empty
};

// A delivery that is this owner's to work on.
struct Claim {
  std::string id;
  Bytes payload;
  std::string door;
  std::string trace_id;
  int attempt = 1;
  std::chrono::milliseconds waited{0};  // since it came
  std::int64_t ticket = 0;              // of this claim: a later one's makes it void
};

// How a claim ends.
struct Settlement {
  enum class What {
    done,
    later,     // another attempt after a backoff with jitter, no sooner than `not_before`
    released,  // as if it had never been claimed: a shutdown
    dead,
  };
  What what = What::done;
  bool counts = true;  // false: `later` uses up no attempt (Item::counts)
  std::chrono::milliseconds not_before{0};
  std::optional<Error> why;  // of later and dead
  std::string reply;         // kept with it for find(), cropped to 64 KiB
};

// What is known of one delivery.
struct InboxEntry {
  enum class State { waiting, working, done, dead };
  std::string id;
  State state = State::waiting;
  std::string door;
  Clock::Time received;
  Clock::Time changed;
  int attempts = 0;                    // begun so far
  std::optional<std::string> code;     // of the last failure, as code_name()
  std::optional<std::string> message;  // the same
  FailureType failure_type = FailureType::job;
  std::string reply;  // of the last attempt that ended; may be empty
};
std::string_view state_name(InboxEntry::State state);  // "waiting"

struct InboxCounts {
  std::int64_t depth = 0;  // waiting and working
  std::int64_t bytes = 0;  // of them
  std::int64_t dead = 0;
  std::chrono::milliseconds oldest_age{0};  // of what waits or is worked on; 0: nothing does
  bool is_below_mark = true;                // fewer than 9 of 10 of the rows and bytes allowed
};

class Inbox {
 public:
  virtual ~Inbox() = default;  // ends its thread; claims in hand go back

  // `done` is called on the inbox's thread (or this one, where it is refused) with the delivery's
  // id once it is on the disk; it may put more, but not wait for the inbox. Errors: inbox_full (of
  // what is in the file, or of what waits for the disk), inbox_unavailable (a full disk, …).
  virtual void put(InboxPut put, std::function<void(Result<std::string>)> done) = 0;

  // What is due, the oldest first. Waits up to `wait_max` for it; nothing when there was none, or
  // after wake(). Errors: inbox_unavailable, after `wait_max`: it was tried until then.
  virtual Result<std::optional<Claim>> take(std::chrono::milliseconds wait_max) = 0;
  // take() returns at once from now on, with nothing: for the end.
  virtual void wake() = 0;

  // Returns when it is on the disk. A claim that went to another owner meanwhile is left to that
  // one. Errors: inbox_unavailable: the claim is still this owner's, so try again.
  virtual Result<void> settle(const Claim& claim, const Settlement& settlement) = 0;

  // `done` is called on the inbox's thread, as that of put().
  virtual void find(const std::string& id,
                    std::function<void(Result<std::optional<InboxEntry>>)> done) = 0;
  virtual void count(std::function<void(Result<InboxCounts>)> done) = 0;

  // The same, waiting for it: for a thread that nobody waits for.
  Result<std::optional<InboxEntry>> find(const std::string& id);
  Result<InboxCounts> counts();
};

// Creates the file and its directories where they are missing. A file that is no database, or is
// damaged, is moved aside to PATH.corrupt-TIME (with its -wal), which is logged as an error, and a
// new one begun, now or when it is found later; but not while another process uses it: then all is
// inbox_unavailable. To find it, the first to open a file reads all of it. A file that is removed
// under a running inbox is begun anew, too. Errors: inbox_unavailable, naming the path: a directory
// that cannot be written, a version that is newer than this program. `clock` and `log` outlive it.
Result<std::unique_ptr<Inbox>> open_inbox(const InboxSetting& setting, const Clock& clock,
                                          const Log& log);

// The dead letters of a file that may be in use. Errors: inbox_unavailable; file_unreadable where
// there is no such file (none is created).
Result<std::unique_ptr<DeadLetterOffice>> open_inbox_office(const std::string& path,
                                                            const Clock& clock);

}  // namespace miniatura
