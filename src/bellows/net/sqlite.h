#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "bellows/base/file.h"

namespace bellows::net {

/// The little of SQLite that the ledger needs, with its errors as ours.
class Database {
 public:
  Database() = default;
  Database(Database&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)), path_(std::move(other.path_)) {}
  Database& operator=(Database&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(path_, other.path_);
    return *this;
  }
  ~Database() { sqlite3_close(handle_); }

  static Result<Database> open(const Path& path);
  Status execute(const char* sql);
  Error error(const char* doing) const;
  sqlite3* handle() const { return handle_; }

 private:
  sqlite3* handle_ = nullptr;
  Path path_;
};

/// One prepared statement. A wrong statement is our own fault and comes back as an error from the first step.
class Statement {
 public:
  Statement(const Database& database, const char* sql);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(handle_); }

  Statement& bind(std::int64_t value);
  Statement& bind(std::span<const std::uint8_t> blob);
  Statement& bind(const std::string& text);
  /// True while there is a row.
  Result<bool> step();
  std::int64_t integer(int column) const { return sqlite3_column_int64(handle_, column); }
  std::span<const std::uint8_t> blob(int column) const;
  std::string text(int column) const;

 private:
  const Database& database_;
  sqlite3_stmt* handle_ = nullptr;
  int next_ = 1;
};

}  // namespace bellows::net
