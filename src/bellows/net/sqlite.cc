#include "bellows/net/sqlite.h"

#include <fmt/format.h>

namespace bellows::net {

Result<Database> Database::open(const Path& path) {
  Database database;
  database.path_ = path;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW;
  if (sqlite3_open_v2(path.c_str(), &database.handle_, flags, nullptr) != SQLITE_OK) return database.error("open");
  sqlite3_busy_timeout(database.handle_, 2000);
  return database;
}

Status Database::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return error("write");
  return {};
}

Error Database::error(const char* doing) const {
  int code = handle_ != nullptr ? sqlite3_errcode(handle_) : SQLITE_NOMEM;
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED) return bad_input("the ledger is in use by another process", path_);
  return bad_input(
      fmt::format("cannot {} the ledger: {}", doing, handle_ != nullptr ? sqlite3_errmsg(handle_) : "out of memory"),
      path_);
}

Statement::Statement(const Database& database, const char* sql) : database_(database) {
  sqlite3_prepare_v2(database.handle(), sql, -1, &handle_, nullptr);
}

Statement& Statement::bind(std::int64_t value) {
  sqlite3_bind_int64(handle_, next_++, value);
  return *this;
}

Statement& Statement::bind(std::span<const std::uint8_t> blob) {
  sqlite3_bind_blob64(handle_, next_++, blob.data(), blob.size(), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::bind(const std::string& text) {
  sqlite3_bind_text64(handle_, next_++, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Result<bool> Statement::step() {
  int status = handle_ != nullptr ? sqlite3_step(handle_) : SQLITE_ERROR;
  if (status == SQLITE_ROW) return true;
  if (status == SQLITE_DONE) return false;
  return database_.error("use");
}

std::span<const std::uint8_t> Statement::blob(int column) const {
  auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(handle_, column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::string Statement::text(int column) const {
  auto bytes = blob(column);
  return {bytes.begin(), bytes.end()};
}

}  // namespace bellows::net
