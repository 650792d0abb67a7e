#include "bellows/extract/seed_ledger.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <system_error>

#include "bellows/bits/keyed_stream.h"

namespace bellows::extract {
namespace {

constexpr std::uint64_t beginning_bits = 256;
constexpr const char* line_start = "bellows-seeds 1";

// The digest of the bits alone: what stands in the last word beyond them does not count.
Digest digest_of(bits::BitView string) {
  Sha256 hash;
  const std::uint64_t whole = string.size_bits / 64;
  hash.update(std::as_bytes(std::span(string.words, whole)));
  if (string.size_bits % 64 != 0) {
    const std::uint64_t last = string.word(whole);
    hash.update(std::as_bytes(std::span(&last, 1)));
  }
  return hash.finish();
}

struct Use {
  std::uint64_t size_bits;
  Digest whole, beginning, purpose;

  std::string line() const {
    return fmt::format("{} {} {} {} {}\n", line_start, size_bits, whole.hex(), beginning.hex(), purpose.hex());
  }
};

Use use_of(bits::BitView used, const Digest& purpose) {
  return {used.size_bits, digest_of(used), digest_of(used.first(std::min(beginning_bits, used.size_bits))), purpose};
}

Result<Use> parse(const std::string& line, const Path& path, std::uint64_t offset_bytes) {
  std::istringstream words(line);
  std::string name, version, whole, beginning, purpose, more;
  Use use{};
  words >> name >> version >> use.size_bits >> whole >> beginning >> purpose;
  auto bad = [&] {
    return bad_input("a line of the seed ledger cannot be read; nothing is used until it is mended", path.string(),
                     offset_bytes, fmt::format("{} BITS DIGEST DIGEST DIGEST", line_start), line.substr(0, 80));
  };
  if (!words || name + " " + version != line_start || words >> more) return bad();
  auto whole_digest = Digest::from_hex(whole), beginning_digest = Digest::from_hex(beginning),
       purpose_digest = Digest::from_hex(purpose);
  if (!whole_digest || !beginning_digest || !purpose_digest) return bad();
  use.whole = *whole_digest;
  use.beginning = *beginning_digest;
  use.purpose = *purpose_digest;
  return use;
}

enum class Standing { unknown, same_use };

struct Look {
  Standing standing = Standing::unknown;
  bool with_another_seed = false;
  std::uint64_t end_bytes = 0;  ///< of the last whole line; what a crash left behind it is overwritten
};

Result<Look> look_up(const std::string& text, const Path& path, const Use& use) {
  Look look;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;  // cut while it was written: that use never began
    BELLOWS_ASSIGN(const Use old, parse(text.substr(begin, end - begin), path, begin));
    if (old.whole == use.whole || old.beginning == use.beginning) {
      if (!(old.purpose == use.purpose)) {
        Error error = refused("this seed has been used already, for another plan or other trials; draw a new one");
        error.file = path;
        return error;
      }
      if (old.whole == use.whole && old.size_bits == use.size_bits) look.standing = Standing::same_use;
    } else if (old.purpose == use.purpose) {
      look.with_another_seed = true;
    }
    begin = end + 1;
    look.end_bytes = begin;
  }
  return look;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);  // and the lock with it
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Result<std::string> read_all(int fd, const Path& path) {
  std::string text;
  char buffer[65536];
  for (std::uint64_t offset = 0;;) {
    const ssize_t count = ::pread(fd, buffer, sizeof buffer, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("cannot read the seed ledger", path.string(), errno);
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

// Nothing is known where there is no ledger yet.
Result<Look> look_at(const Path& path, const Use& use) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno == ENOENT) return Look{};
    return system_error("cannot open the seed ledger", path.string(), errno);
  }
  BELLOWS_ASSIGN(const std::string text, read_all(file.get(), path));
  return look_up(text, path, use);
}

}  // namespace

Result<Path> SeedLedger::default_path() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && state[0] == '/') return Path(state) / "bellows" / "seeds";
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] != 0) return Path(home) / ".local" / "state" / "bellows" / "seeds";
  return bad_input("no place for the seed ledger: neither XDG_STATE_HOME nor HOME is set");
}

Result<SeedLedger> SeedLedger::open(const Path& path) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error)
    return system_error("cannot make the folder of the seed ledger", path.parent_path().string(), error.value());
  if (::access(path.parent_path().c_str(), W_OK) != 0)
    return system_error("cannot write the seed ledger's folder", path.parent_path().string(), errno);
  return SeedLedger(path);
}

Result<Digest> SeedLedger::key() const {
  const Path file = path_.string() + ".key";
  std::error_code ignored;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (std::filesystem::exists(file, ignored)) break;
    BELLOWS_ASSIGN(const bits::StreamKey fresh, bits::StreamKey::from_system());
    // Of two processes that make it at once, one wins; both then read the winner's.
    if (write_text_file(file, fresh.hex() + "\n", private_file_mode, false).ok()) break;
  }
  BELLOWS_ASSIGN(std::string text, read_text_file(file, 4096));
  if (!text.empty() && text.back() == '\n') text.pop_back();
  const auto key = Digest::from_hex(text);
  if (!key.ok()) return bad_input("not the key of a seed ledger", file, 0, "64 hexadecimal digits", "something else");
  return key;
}

Status SeedLedger::record(bits::BitView used, const Digest& purpose) {
  const Descriptor file(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, private_file_mode));
  if (file.get() < 0) return system_error("cannot open the seed ledger", path_.string(), errno);
  while (::flock(file.get(), LOCK_EX) != 0)
    if (errno != EINTR) return system_error("cannot lock the seed ledger", path_.string(), errno);
  const Use use = use_of(used, purpose);
  BELLOWS_ASSIGN(const std::string text, read_all(file.get(), path_));
  BELLOWS_ASSIGN(const Look look, look_up(text, path_, use));
  if (look.standing == Standing::same_use) return {};
  if (::ftruncate(file.get(), static_cast<off_t>(look.end_bytes)) != 0)
    return system_error("cannot mend the seed ledger", path_.string(), errno);
  const std::string line = use.line();
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t count =
        ::pwrite(file.get(), line.data() + done, line.size() - done, static_cast<off_t>(look.end_bytes + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return system_error("cannot write the seed ledger", path_.string(), errno);
    done += static_cast<std::size_t>(count);
  }
  if (::fsync(file.get()) != 0) return system_error("cannot write the seed ledger", path_.string(), errno);
  return {};
}

Status SeedLedger::check(bits::BitView used, const Digest& purpose) const {
  auto look = look_at(path_, use_of(used, purpose));
  return look.ok() ? Status() : Status(look.error());
}

Result<bool> SeedLedger::has_with_another_seed(bits::BitView used, const Digest& purpose) const {
  BELLOWS_ASSIGN(const Look look, look_at(path_, use_of(used, purpose)));
  return look.with_another_seed;
}

}  // namespace bellows::extract
