#include "runtime/database.h"

#include <fmt/core.h>
#include <sqlite3.h>

#include <filesystem>
#include <system_error>

namespace miniatura {
namespace {

constexpr int kBusyTimeoutMs = 5'000;

constexpr const char* kNoDatabase = "SQLITE_NOTADB";

tl::unexpected<Error> failure(sqlite3* database, const std::string& path, ErrorCode code) {
  Error error;
  error.code = code;
  error.message =
      fmt::format("{}: {}", path, database != nullptr ? sqlite3_errmsg(database) : "out of memory");
  const int status = sqlite3_errcode(database) & 0xff;  // without what extends it
  if (status == SQLITE_CORRUPT) error.service_code = kDamagedFile;
  if (status == SQLITE_NOTADB) error.service_code = kNoDatabase;
  const bool is_systems = status == SQLITE_IOERR || status == SQLITE_CANTOPEN;
  const int number = is_systems ? sqlite3_system_errno(database) : 0;
  if (number != 0) {
    error.message += fmt::format(" ({})", std::system_category().message(number));
  }
  return fail(std::move(error));
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Statement& Statement::bind(int index, std::string_view value) {
  sqlite3_bind_text64(handle_.get(), index, value.data() != nullptr ? value.data() : "",
                      value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(handle_.get(), index, value);
  return *this;
}

Statement& Statement::bind(int index, double value) {
  sqlite3_bind_double(handle_.get(), index, value);
  return *this;
}

Statement& Statement::bind_null(int index) {
  sqlite3_bind_null(handle_.get(), index);
  return *this;
}

Statement& Statement::bind_blob(int index, ByteView value) {
  sqlite3_bind_blob64(handle_.get(), index, value.data() != nullptr ? value.data() : "",
                      value.size(), SQLITE_TRANSIENT);
  return *this;
}

Result<bool> Statement::step() {
  const int status = sqlite3_step(handle_.get());
  if (status == SQLITE_ROW) return true;
  if (status == SQLITE_DONE) return false;
  return failure(sqlite3_db_handle(handle_.get()), path_, unavailable_);
}

void Statement::reset() { sqlite3_reset(handle_.get()); }

std::string Statement::text(int column) const {
  const unsigned char* text = sqlite3_column_text(handle_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text), size);
}

Bytes Statement::blob(int column) const {
  const void* bytes = sqlite3_column_blob(handle_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  return bytes == nullptr ? Bytes() : Bytes(static_cast<const char*>(bytes), size);
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}
double Statement::real(int column) const { return sqlite3_column_double(handle_.get(), column); }
bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}

Result<Database> Database::open(const std::string& path, bool read_only, ErrorCode unavailable) {
  const bool is_file = path != ":memory:";
  if (is_file && !read_only) {
    std::error_code ignored;  // SQLite's own error, right below, names the file
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  }
  sqlite3* raw = nullptr;
  const int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int status = sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database;
  database.handle_.reset(raw);
  database.path_ = path;
  database.unavailable_ = unavailable;
  if (status != SQLITE_OK) return failure(raw, path, unavailable);
  sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  if (is_file && !read_only)
    CHECKED(database.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"));
  return database;
}

Result<void> Database::execute(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    return failure(handle_.get(), path_, unavailable_);
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr) !=
      SQLITE_OK) {
    return failure(handle_.get(), path_, unavailable_);
  }
  Statement statement;
  statement.handle_.reset(raw);
  statement.path_ = path_;
  statement.unavailable_ = unavailable_;
  return statement;
}

std::int64_t Database::last_row_id() const { return sqlite3_last_insert_rowid(handle_.get()); }
bool Database::has_moved() const {
  int moved = 0;
  sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return moved != 0;
}

Result<std::int64_t> Database::version() {
  TRY(statement, prepare("PRAGMA user_version"));
  CHECKED(statement.step());
  return statement.integer(0);
}

bool is_damage(const Error& error) {
  return error.service_code == kDamagedFile || error.service_code == kNoDatabase;
}

}  // namespace miniatura
