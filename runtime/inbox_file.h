// What can be done to an inbox, as SQL on its file: each function is one step of a transaction that
// begin() opened. For one thread at a time; the moment and the random number come from outside.
//
// Errors are inbox_unavailable, after which the transaction has to be rolled back, but for
// inbox_full: that one changed nothing, and the others of its transaction stand.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/database.h"
#include "runtime/inbox.h"
#include "runtime/inbox_owners.h"
#include "runtime/inbox_schema.h"
#include "runtime/result.h"

namespace miniatura {

class InboxFile {
 public:
  // Opens the file and makes itself one of its owners. `boot`: boot_id(). `damage`: see
  // open_inbox_database(). `owners` outlives it.
  static Result<InboxFile> open(const InboxSetting& setting, const InboxOwners& owners,
                                const std::optional<Error>& damage, const std::string& boot,
                                InboxMoment now, const Log& log);
  InboxFile(InboxFile&& other) noexcept;
  InboxFile& operator=(InboxFile&&) = delete;
  ~InboxFile();  // no owner any more; what it still has in hand is for the others to take

  // Was it renamed or removed? What is put into it then is lost.
  bool has_moved() const { return database_.has_moved(); }

  // A commit that `reaches_disk` returns when it has: all before it in the file has, too.
  Result<void> begin(bool reaches_disk);
  Result<void> commit();
  void rollback();

  Result<std::string> put(const InboxPut& put, InboxMoment now);
  // What is due. A sign of life as well, as its claim must not look like that of a silent one.
  Result<std::optional<Claim>> claim(InboxMoment now);
  Result<void> settle(const Claim& claim, const Settlement& settlement, double unit_random,
                      InboxMoment now);
  Result<std::optional<InboxEntry>> find(const std::string& id);
  Result<InboxCounts> counts(InboxMoment now);

  Result<void> show_life(InboxMoment now);
  // Takes their claims from owners that are dead or silent, and tells which.
  Result<std::vector<LostClaim>> reclaim(InboxMoment now);
  // Gives all claims of this owner back, as if they had never been: it is none from the commit on.
  Result<void> leave(InboxMoment now);

  // Forgets what is over finished_max, and of the dead what is over rows_max or bytes_max, the
  // oldest first: dead letters that nobody looks at may neither stop the work nor fill the disk.
  // Gives the ids of the dead that it dropped. A bounded number at a time.
  Result<std::vector<std::string>> trim();

  // Is there something for reclaim(), and when for claim()? Outside of a transaction.
  Result<bool> has_lost_owner(InboxMoment now);
  Result<std::optional<std::int64_t>> next_due();  // in boot_ms

 private:
  struct Reset {
    void operator()(Statement* statement) const { statement->reset(); }
  };
  using Query = std::unique_ptr<Statement, Reset>;
  struct LostOwner {
    std::int64_t row = 0;
    bool is_dead = false;  // silent, else
  };
  struct Row {
    std::int64_t row = 0;
    int attempts = 0;
    int crashes = 0;
  };

  InboxFile(InboxSetting setting, const InboxOwners& owners, Database database);

  Result<Query> query(const char* sql);  // prepared once
  Result<std::int64_t> next_number();
  Result<void> adopt(const std::string& boot, InboxMoment now);
  Result<std::vector<LostOwner>> lost_owners(InboxMoment now);
  Result<LostClaim> take_back(const Row& row, const LostOwner& owner, InboxMoment now);
  Result<void> trim_finished();
  Result<std::optional<std::string>> drop_oldest_dead();

  InboxSetting setting_;
  const InboxOwners* owners_;
  std::int64_t owner_ = 0;
  bool reaches_disk_ = false;
  // Statements go before their database.
  Database database_;
  std::map<const char*, Statement> statements_;
};

}  // namespace miniatura
