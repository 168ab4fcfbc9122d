#include "runtime/inbox.h"

#include <fmt/core.h>

#include <algorithm>
#include <future>
#include <set>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/inbox_file.h"
#include "runtime/inbox_queue.h"
#include "runtime/retry.h"

namespace miniatura {
namespace {

using std::chrono::milliseconds;
// How long a delivery that another process put, or an owner that died, may go unseen.
constexpr milliseconds kLookPeriod{500};

class SqliteInbox : public Inbox {
 public:
  SqliteInbox(InboxSetting setting, const Clock& clock, const Log& log,
              std::unique_ptr<InboxOwners> owners, InboxFile file)
      : setting_(std::move(setting)),
        clock_(clock),
        log_(log),
        queue_(setting_.path),
        owners_(std::move(owners)),
        random_(system_random()),
        file_(std::move(file)),
        thread_([this] { work(); }) {}

  ~SqliteInbox() override {
    queue_.end();
    thread_.join();
  }

  void put(InboxPut put, std::function<void(Result<std::string>)> done) override;

  Result<std::optional<Claim>> take(milliseconds wait_max) override {
    return queue_.take(wait_max);
  }
  void wake() override { queue_.wake(); }

  Result<void> settle(const Claim& claim, const Settlement& settlement) override;

  void find(const std::string& id,
            std::function<void(Result<std::optional<InboxEntry>>)> done) override {
    look<std::optional<InboxEntry>>([id](InboxFile& file, InboxMoment) { return file.find(id); },
                                    std::move(done));
  }

  void count(std::function<void(Result<InboxCounts>)> done) override {
    look<InboxCounts>([](InboxFile& file, InboxMoment now) { return file.counts(now); },
                      std::move(done));
  }

 private:
  using SteadyTime = InboxQueue::Time;

  template <class T, class Body>
  void look(Body body, std::function<void(Result<T>)> done);
  void add(InboxJob job) {
    if (const auto refusal = queue_.add(job)) job.end(fail(*refusal));
  }

  // The inbox's thread.
  InboxMoment moment() const { return inbox_moment(clock_); }
  void work();
  void turn(std::vector<InboxJob> jobs);
  Result<void> see_to_file();
  void close_file();
  Result<void> transact(std::vector<InboxJob>& jobs, std::size_t takers,
                        std::vector<Claim>& claims);
  Result<void> fill(std::vector<InboxJob>& jobs, std::size_t takers, bool is_lost,
                    std::vector<Claim>& claims);
  void note_end(const Result<void>& done, const std::vector<Claim>& claims);
  void plan_next_look(bool is_well);
  void leave();

  const InboxSetting setting_;
  const Clock& clock_;
  const Log& log_;
  InboxQueue queue_;

  // Of the inbox's thread:
  const std::unique_ptr<InboxOwners> owners_;  // before the file, which gives its lock back there
  std::function<double()> random_;
  std::optional<InboxFile> file_;  // none after it was found damaged, until there is a new one
  std::optional<Error> damage_;
  std::set<std::int64_t> in_hand_;     // tickets
  std::vector<std::int64_t> settled_;  // in this transaction
  std::vector<std::string> dropped_;   // dead letters, in this transaction
  std::vector<LostClaim> lost_;        // taken back, in this transaction
  SteadyTime heartbeat_at_;
  SteadyTime owners_at_;  // when to look for lost ones
  SteadyTime look_at_;    // when to look on behalf of those who wait

  std::thread thread_;  // the last: it begins at once
};

void SqliteInbox::put(InboxPut put, std::function<void(Result<std::string>)> done) {
  struct Pending {
    InboxPut put;
    std::function<void(Result<std::string>)> done;
    std::string id;
  };
  InboxJob job;
  job.is_put = true;
  job.bytes = put.payload.size();
  auto pending = std::make_shared<Pending>(Pending{std::move(put), std::move(done), {}});
  job.run = [pending](InboxFile& file, InboxMoment now) -> Result<void> {
    TRY(id, file.put(pending->put, now));
    pending->id = std::move(id);
    return {};
  };
  job.end = [pending](const Result<void>& end) {
    if (end) return pending->done(std::move(pending->id));
    pending->done(fail(end.error()));
  };
  add(std::move(job));
}

Result<void> SqliteInbox::settle(const Claim& claim, const Settlement& settlement) {
  std::promise<Result<void>> ended;
  InboxJob job;
  job.run = [&](InboxFile& file, InboxMoment now) -> Result<void> {
    CHECKED(file.settle(claim, settlement, random_(), now));
    settled_.push_back(claim.ticket);
    return {};
  };
  job.end = [&](const Result<void>& end) { ended.set_value(end); };
  add(std::move(job));
  return ended.get_future().get();
}

// Changes nothing, and so need not reach the disk.
template <class T, class Body>
void SqliteInbox::look(Body body, std::function<void(Result<T>)> done) {
  const auto seen = std::make_shared<Result<T>>(fail(ErrorCode::internal, "no answer"));
  InboxJob job;
  job.reaches_disk = false;
  job.run = [seen, body = std::move(body)](InboxFile& file, InboxMoment now) -> Result<void> {
    *seen = body(file, now);
    if (!*seen) return fail(seen->error());
    return {};
  };
  job.end = [seen, done = std::move(done)](const Result<void>& end) {
    done(end ? std::move(*seen) : Result<T>(fail(end.error())));
  };
  add(std::move(job));
}

void SqliteInbox::work() {
  for (;;) {
    auto jobs = queue_.wait(look_at_, in_hand_.empty() ? SteadyTime::max() : heartbeat_at_);
    if (!jobs) break;
    turn(std::move(*jobs));
  }
  leave();
}

// One transaction of all that was asked, and of a claim for each who waits.
void SqliteInbox::turn(std::vector<InboxJob> jobs) {
  const std::size_t takers = queue_.takers();
  std::vector<Claim> claims;
  const Result<void> done = transact(jobs, takers, claims);
  note_end(done, claims);
  // What is told here is on the disk: transact() came back from the commit of all of it, which
  // under synchronous=FULL comes back from fsync.
  for (InboxJob& job : jobs) job.end(done ? job.answer : done);
  if (takers == 0) return;
  if (claims.size() < takers) plan_next_look(done.has_value());
  queue_.serve(std::move(claims), takers, done ? std::nullopt : std::optional(done.error()));
}

// The file is open, and where its path says.
Result<void> SqliteInbox::see_to_file() {
  if (file_ && file_->has_moved()) {
    log_.write(LogLevel::error, "inbox renamed or removed while in use: a new one is begun",
               {{"path", setting_.path}});
    close_file();
  }
  if (file_) return {};
  TRY(file, InboxFile::open(setting_, *owners_, damage_, boot_id(), moment(), log_));
  file_.emplace(std::move(file));
  damage_.reset();
  return {};
}

// Each claim in it goes with it.
void SqliteInbox::close_file() {
  file_.reset();
  in_hand_.clear();
}

Result<void> SqliteInbox::transact(std::vector<InboxJob>& jobs, std::size_t takers,
                                   std::vector<Claim>& claims) {
  CHECKED(see_to_file());
  const SteadyTime now = std::chrono::steady_clock::now();
  bool is_lost = false;
  bool is_due = !jobs.empty();  // which may be puts
  if (takers > 0 && now >= owners_at_) {
    TRY(lost, file_->has_lost_owner(moment()));
    is_lost = lost;
    owners_at_ = now + kLookPeriod;
  }
  if (takers > 0 && !is_due) {
    TRY(due, file_->next_due());
    is_due = due && *due <= boot_time().count();
  }
  const bool beats = !in_hand_.empty() && now >= heartbeat_at_;
  if (!is_due && !is_lost && !beats) return {};

  CHECKED(file_->begin(
      std::any_of(jobs.begin(), jobs.end(), [](const InboxJob& job) { return job.reaches_disk; })));
  Result<void> done = fill(jobs, takers, is_lost, claims);
  if (done) done = file_->commit();
  if (!done) {
    file_->rollback();
    claims.clear();
    lost_.clear();
    return done;
  }
  heartbeat_at_ = now + setting_.claim_silence / 4;  // fill() gave the sign of life
  for (const LostClaim& lost : std::exchange(lost_, {})) {
    if (setting_.on_lost) setting_.on_lost(lost);
  }
  if (!dropped_.empty()) {
    log_.write(LogLevel::error, "dead letters dropped: there are more than the inbox may keep",
               {{"path", setting_.path}, {"ids", dropped_}});
  }
  return done;
}

// What the transaction holds.
Result<void> SqliteInbox::fill(std::vector<InboxJob>& jobs, std::size_t takers, bool is_lost,
                               std::vector<Claim>& claims) {
  const InboxMoment now = moment();
  for (InboxJob& job : jobs) {
    job.answer = job.run(*file_, now);
    if (!job.answer && job.answer.error().code == ErrorCode::inbox_unavailable) return job.answer;
  }
  if (is_lost) {
    TRY(lost, file_->reclaim(now));
    lost_ = std::move(lost);
  }
  while (claims.size() < takers) {
    TRY(claim, file_->claim(now));
    if (!claim) break;
    claims.push_back(std::move(*claim));
  }
  if (!in_hand_.empty()) CHECKED(file_->show_life(now));
  TRY(dead, file_->trim());
  dropped_ = std::move(dead);
  return {};
}

void SqliteInbox::note_end(const Result<void>& done, const std::vector<Claim>& claims) {
  if (done) {
    for (const std::int64_t ticket : settled_) in_hand_.erase(ticket);
    for (const Claim& claim : claims) in_hand_.insert(claim.ticket);
  } else {
    heartbeat_at_ = std::max(heartbeat_at_, std::chrono::steady_clock::now() + kLookPeriod);
  }
  if (!done && is_damage(done.error())) {
    close_file();  // the next turn sees to a new one
    damage_ = done.error();
  }
  settled_.clear();
}

void SqliteInbox::plan_next_look(bool is_well) {
  milliseconds wait = kLookPeriod;
  if (is_well && file_) {
    const auto due = file_->next_due();
    if (due && *due) wait = std::clamp(milliseconds(**due) - boot_time(), milliseconds(0), wait);
  }
  look_at_ = std::chrono::steady_clock::now() + wait;
}

// Claims in hand go back.
void SqliteInbox::leave() {
  if (!file_) return;
  Result<void> left = file_->begin(true);
  if (left) left = file_->leave(moment());
  if (left) left = file_->commit();
  if (left) return;
  file_->rollback();
  log_.write(LogLevel::warn, "inbox closed with claims in hand",
             {{"path", setting_.path}, {"error", left.error().message}});
}

}  // namespace

Result<std::optional<InboxEntry>> Inbox::find(const std::string& id) {
  std::promise<Result<std::optional<InboxEntry>>> seen;
  find(id, [&](Result<std::optional<InboxEntry>> entry) { seen.set_value(std::move(entry)); });
  return seen.get_future().get();
}

Result<InboxCounts> Inbox::counts() {
  std::promise<Result<InboxCounts>> seen;
  count([&](Result<InboxCounts> counts) { seen.set_value(std::move(counts)); });
  return seen.get_future().get();
}

std::string_view state_name(InboxEntry::State state) {
  switch (state) {
    case InboxEntry::State::waiting:
      return "waiting";
    case InboxEntry::State::working:
      return "working";
    case InboxEntry::State::done:
      return "done";
    case InboxEntry::State::dead:
      return "dead";
  }
  return "waiting";
}

Result<std::unique_ptr<Inbox>> open_inbox(const InboxSetting& setting, const Clock& clock,
                                          const Log& log) {
  TRY(opened, InboxOwners::open(setting.path));
  auto owners = std::make_unique<InboxOwners>(std::move(opened));
  TRY(file, InboxFile::open(setting, *owners, std::nullopt, boot_id(), inbox_moment(clock), log));
  return std::make_unique<SqliteInbox>(setting, clock, log, std::move(owners), std::move(file));
}

}  // namespace miniatura
