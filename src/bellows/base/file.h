#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "bellows/base/result.h"

namespace bellows {

using Path = std::filesystem::path;

inline constexpr mode_t private_file_mode = 0600;
inline constexpr mode_t public_file_mode = 0644;

/// An open file; closed when it goes.
class File {
 public:
  File() = default;
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}
  File& operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(path_, other.path_);
    return *this;
  }
  ~File();

  /// Errors: bad_input: the system's word (no such file, permission denied...), or a directory.
  static Result<File> open_for_reading(const Path& path);
  /// A new file that must not exist yet. Errors: bad_input: it exists, or the system's word.
  static Result<File> create(const Path& path, mode_t mode);
  /// An existing file, for reading and writing. Errors: bad_input.
  static Result<File> open_for_update(const Path& path);

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  const Path& path() const { return path_; }
  /// Size of a regular file; 0 for pipes. Errors: bad_input.
  Result<std::uint64_t> size_bytes() const;

  /// Reads until the buffer is full or the file ends; returns the bytes read (less than asked only at the end).
  Result<std::size_t> read_some(std::span<std::byte> buffer) const;
  /// The same at an offset, without moving the file's position.
  Result<std::size_t> read_some_at(std::span<std::byte> buffer, std::uint64_t offset_bytes) const;
  /// Writes all. Errors: bad_input: disk full, closed pipe, the system's word; what was written stays.
  Status write_all(std::span<const std::byte> bytes) const;
  Status write_all_at(std::span<const std::byte> bytes, std::uint64_t offset_bytes) const;
  Status truncate(std::uint64_t size_bytes) const;
  /// Waits until the data is on the disk.
  Status sync() const;

 private:
  File(int descriptor, Path path) : descriptor_(descriptor), path_(std::move(path)) {}
  int descriptor_ = -1;
  Path path_;
};

/// A file mapped read-only into memory. Empty files give an empty span.
class MappedFile {
 public:
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})), path_(std::move(other.path_)) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(path_, other.path_);
    return *this;
  }
  ~MappedFile();

  /// Errors: bad_input: unreadable, or not a regular file.
  static Result<MappedFile> open(const Path& path);
  std::span<const std::byte> bytes() const { return bytes_; }
  const Path& path() const { return path_; }

 private:
  std::span<const std::byte> bytes_;
  Path path_;
};

/// A file that appears whole or not at all: bytes go to a temporary neighbour, which commit() syncs and renames into
/// place. Dropped without commit(), it leaves nothing behind.
class AtomicFile {
 public:
  AtomicFile(AtomicFile&&) noexcept = default;
  AtomicFile& operator=(AtomicFile&&) noexcept = default;
  ~AtomicFile();

  /// In:     overwrite: whether an existing file may be replaced.
  /// Errors: bad_input: the file exists and overwrite is false, or the system's word.
  static Result<AtomicFile> create(const Path& path, mode_t mode, bool overwrite);
  Status write(std::span<const std::byte> bytes) { return file_.write_all(bytes); }
  Status write(std::string_view text) { return write(std::as_bytes(std::span(text.data(), text.size()))); }
  Status commit();

 private:
  AtomicFile(File file, Path target, bool overwrite)
      : file_(std::move(file)), target_(std::move(target)), overwrite_(overwrite) {}
  File file_;
  Path target_;
  bool overwrite_ = false;
};

/// Whole file as text. Errors: bad_input: unreadable, or longer than limit_bytes.
Result<std::string> read_text_file(const Path& path, std::uint64_t limit_bytes = std::uint64_t{1} << 26);

/// Writes a whole file atomically, replacing an old one iff overwrite.
Status write_text_file(const Path& path, std::string_view text, mode_t mode, bool overwrite);

/// A folder that one process at a time may work in (flock on FOLDER/.lock). Released when it goes, also by a crash.
class FolderLock {
 public:
  /// Errors: bad_input: another process holds it.
  static Result<FolderLock> acquire(const Path& folder);

 private:
  explicit FolderLock(File file) : file_(std::move(file)) {}
  File file_;
};

}  // namespace bellows
