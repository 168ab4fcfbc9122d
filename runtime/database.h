// SQLite, and the one place that names it: a connection and its prepared statements.
//
// A Database and its Statements belong to one thread at a time. Several processes may share a file:
// WAL, with a busy timeout. Errors have the code that the opener names, the path, SQLite's own
// words and, where the system said no, the system's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/bytes.h"
#include "runtime/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace miniatura {

class Statement {
 public:
  // Parameters count from 1. A bound text is copied.
  Statement& bind(int index, std::string_view value);
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, double value);
  Statement& bind_null(int index);
  Statement& bind_blob(int index, ByteView value);

  // True: a row is there. False: done.
  Result<bool> step();
  // Ready for another run; the bindings stay.
  void reset();

  // Of the row; columns count from 0. NULL is "" and 0.
  std::string text(int column) const;
  Bytes blob(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  std::string path_;
  ErrorCode unavailable_ = ErrorCode::journal_unavailable;
};

class Database {
 public:
  // Creates the file and its directories where they are missing; `read_only` does neither.
  // ":memory:" is a database of its own. A commit may be lost with the power, until the caller asks
  // for PRAGMA synchronous=FULL. `unavailable` is the code of its errors.
  static Result<Database> open(const std::string& path, bool read_only = false,
                               ErrorCode unavailable = ErrorCode::journal_unavailable);

  Result<void> execute(const char* sql);  // one statement or several, without parameters
  Result<Statement> prepare(std::string_view sql);
  std::int64_t last_row_id() const;
  bool has_moved() const;  // is its file renamed or removed meanwhile?

  // The schema's version, kept in the file (PRAGMA user_version).
  Result<std::int64_t> version();

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Close> handle_;
  std::string path_;
  ErrorCode unavailable_ = ErrorCode::journal_unavailable;
};

// Does the error of a Database say that its file is damaged or no database? Not a full disk, a lock
// or a fault of reading, which may pass.
bool is_damage(const Error& error);
inline constexpr const char* kDamagedFile = "SQLITE_CORRUPT";  // its Error::service_code

// Runs `body` (a callable giving Result<void>) in a transaction that takes the write lock at once;
// an error rolls back.
template <class Body>
Result<void> in_transaction(Database& database, Body&& body) {
  CHECKED(database.execute("BEGIN IMMEDIATE"));
  Result<void> done = std::forward<Body>(body)();
  if (done) done = database.execute("COMMIT");
  if (!done) (void)database.execute("ROLLBACK");
  return done;
}

}  // namespace miniatura
