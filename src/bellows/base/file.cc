#include "bellows/base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "bellows/base/plain_file.h"

namespace bellows {
namespace {

constexpr std::size_t largest_system_call_bytes = std::size_t{1} << 30;  // Linux moves at most 2 GiB a call

Result<std::size_t> read_loop(std::span<std::byte> buffer, const Path& path, auto&& read_once) {
  std::size_t done = 0;
  while (done < buffer.size()) {
    std::size_t ask = std::min(buffer.size() - done, largest_system_call_bytes);
    ssize_t got = read_once(buffer.data() + done, ask, done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("cannot read", path, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Status write_loop(std::span<const std::byte> bytes, const Path& path, auto&& write_once) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    std::size_t ask = std::min(bytes.size() - done, largest_system_call_bytes);
    ssize_t put = write_once(bytes.data() + done, ask, done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return system_error("cannot write", path, errno);
    done += static_cast<std::size_t>(put);
  }
  return {};
}

Result<struct stat> status_of(int descriptor, const Path& path) {
  struct stat info {};
  if (fstat(descriptor, &info) != 0) return system_error("cannot look at", path, errno);
  return info;
}

}  // namespace

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<File> File::open_for_reading(const Path& path) {
  File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC), path);
  if (!file.is_open()) return system_error("cannot open", path, errno);
  BELLOWS_ASSIGN(auto info, status_of(file.descriptor_, path));
  if (S_ISDIR(info.st_mode)) return bad_input("cannot open", path, std::nullopt, "a file", "a directory");
  return file;
}

Result<File> open_plain_file(const Path& path) {
  struct stat info {};
  const bool handed_over = path.native().starts_with("/dev/") || path.native().starts_with("/proc/");
  if (!handed_over && ::stat(path.c_str(), &info) == 0 && S_ISFIFO(info.st_mode))
    return bad_input("cannot open", path, std::nullopt, "a file", "a named pipe");
  return File::open_for_reading(path);
}

Result<File> File::create(const Path& path, mode_t mode) {
  File file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode), path);
  if (!file.is_open()) {
    if (errno == EEXIST) return bad_input("file exists already and is left as it is", path);
    return system_error("cannot create", path, errno);
  }
  return file;
}

Result<File> File::open_for_update(const Path& path) {
  File file(::open(path.c_str(), O_RDWR | O_CLOEXEC), path);
  if (!file.is_open()) return system_error("cannot open for writing", path, errno);
  return file;
}

Result<std::uint64_t> File::size_bytes() const {
  BELLOWS_ASSIGN(auto info, status_of(descriptor_, path_));
  return static_cast<std::uint64_t>(S_ISREG(info.st_mode) ? info.st_size : 0);
}

Result<std::size_t> File::read_some(std::span<std::byte> buffer) const {
  return read_loop(buffer, path_,
                   [&](std::byte* to, std::size_t size, std::size_t) { return ::read(descriptor_, to, size); });
}

Result<std::size_t> File::read_some_at(std::span<std::byte> buffer, std::uint64_t offset_bytes) const {
  return read_loop(buffer, path_, [&](std::byte* to, std::size_t size, std::size_t done) {
    return ::pread(descriptor_, to, size, static_cast<off_t>(offset_bytes + done));
  });
}

Status File::write_all(std::span<const std::byte> bytes) const {
  return write_loop(bytes, path_, [&](const std::byte* from, std::size_t size, std::size_t) {
    return ::write(descriptor_, from, size);
  });
}

Status File::write_all_at(std::span<const std::byte> bytes, std::uint64_t offset_bytes) const {
  return write_loop(bytes, path_, [&](const std::byte* from, std::size_t size, std::size_t done) {
    return ::pwrite(descriptor_, from, size, static_cast<off_t>(offset_bytes + done));
  });
}

Status File::truncate(std::uint64_t size_bytes) const {
  if (::ftruncate(descriptor_, static_cast<off_t>(size_bytes)) != 0) return system_error("cannot cut", path_, errno);
  return {};
}

Status File::sync() const {
  if (::fdatasync(descriptor_) != 0 && errno != EINVAL && errno != EROFS)
    return system_error("cannot bring to disk", path_, errno);
  return {};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

Result<MappedFile> MappedFile::open(const Path& path) {
  BELLOWS_ASSIGN(File file, open_plain_file(path));
  BELLOWS_ASSIGN(auto info, status_of(file.descriptor(), path));
  if (!S_ISREG(info.st_mode)) return bad_input("cannot map", path, std::nullopt, "a regular file", "a pipe or device");
  MappedFile mapped;
  mapped.path_ = path;
  auto size = static_cast<std::size_t>(info.st_size);
  if (size == 0) return mapped;
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.descriptor(), 0);
  if (memory == MAP_FAILED) return system_error("cannot map", path, errno);
  mapped.bytes_ = {static_cast<const std::byte*>(memory), size};
  return mapped;
}

Result<AtomicFile> AtomicFile::create(const Path& path, mode_t mode, bool overwrite) {
  std::error_code ignored;
  if (!overwrite && std::filesystem::exists(path, ignored))
    return bad_input("file exists already and is left as it is", path);
  Path temporary = path;
  temporary += fmt::format(".{}.tmp", ::getpid());
  std::filesystem::remove(temporary, ignored);
  BELLOWS_ASSIGN(File file, File::create(temporary, mode));
  return AtomicFile(std::move(file), path, overwrite);
}

AtomicFile::~AtomicFile() {
  if (file_.is_open()) ::unlink(file_.path().c_str());
}

Status AtomicFile::commit() {
  BELLOWS_TRY(file_.sync());
  // link() refuses an existing target, rename() replaces it: each what the caller asked for, without a race.
  if (overwrite_) {
    if (std::rename(file_.path().c_str(), target_.c_str()) != 0)
      return system_error("cannot put in place", target_, errno);
  } else {
    if (::link(file_.path().c_str(), target_.c_str()) != 0) {
      if (errno == EEXIST) return bad_input("file exists already and is left as it is", target_);
      return system_error("cannot put in place", target_, errno);
    }
    ::unlink(file_.path().c_str());
  }
  file_ = File();
  Path folder = target_.parent_path().empty() ? Path(".") : target_.parent_path();
  int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0) {
    ::fsync(descriptor);  // the name itself; some file systems refuse, and then there is nothing more to do
    ::close(descriptor);
  }
  return {};
}

Result<std::string> read_text_file(const Path& path, std::uint64_t limit_bytes) {
  BELLOWS_ASSIGN(File file, open_plain_file(path));
  std::string text;
  std::string piece(1 << 16, '\0');
  for (;;) {
    BELLOWS_ASSIGN(std::size_t got, file.read_some(std::as_writable_bytes(std::span(piece))));
    text.append(piece, 0, got);
    if (text.size() > limit_bytes)
      return bad_input("file is too long", path, limit_bytes, fmt::format("at most {} bytes", limit_bytes), "more");
    if (got < piece.size()) return text;
  }
}

Status write_text_file(const Path& path, std::string_view text, mode_t mode, bool overwrite) {
  BELLOWS_ASSIGN(AtomicFile file, AtomicFile::create(path, mode, overwrite));
  BELLOWS_TRY(file.write(text));
  return file.commit();
}

Result<FolderLock> FolderLock::acquire(const Path& folder) {
  const Path path = folder / ".lock";
  // Not through a link: in a folder where others may write, it would make or lock a file elsewhere. A new file is never
  // made through one; one that is there must be what its name says, before and after it is opened.
  struct stat name {};
  if (::lstat(path.c_str(), &name) != 0) {
    if (errno != ENOENT) return system_error("cannot lock the folder", folder, errno);
    int made = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, private_file_mode);
    if (made >= 0) ::close(made);
    if (made < 0 && errno != EEXIST) return system_error("cannot lock the folder", folder, errno);
    if (::lstat(path.c_str(), &name) != 0) return system_error("cannot lock the folder", folder, errno);
  }
  if (!S_ISREG(name.st_mode))
    return bad_input("cannot lock the folder", path, std::nullopt, "a regular file",
                     S_ISLNK(name.st_mode) ? "a symbolic link" : "something else");
  BELLOWS_ASSIGN(File file, File::open_for_update(path));
  BELLOWS_ASSIGN(auto info, status_of(file.descriptor(), path));
  if (info.st_dev != name.st_dev || info.st_ino != name.st_ino)
    return bad_input("folder is in use by another run", folder);
  if (::flock(file.descriptor(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return bad_input("folder is in use by another run", folder);
    return system_error("cannot lock the folder", folder, errno);
  }
  return FolderLock(std::move(file));
}

}  // namespace bellows
