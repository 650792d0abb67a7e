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
  Digest whole, beginning, plan;

  std::string line() const {
    return fmt::format("{} {} {} {} {}\n", line_start, size_bits, whole.hex(), beginning.hex(), plan.hex());
  }
};

Use use_of(bits::BitView used, const Digest& plan) {
  return {used.size_bits, digest_of(used), digest_of(used.first(std::min(beginning_bits, used.size_bits))), plan};
}

Result<Use> parse(const std::string& line, const Path& path, std::uint64_t offset_bytes) {
  std::istringstream words(line);
  std::string name, version, whole, beginning, plan, more;
  Use use{};
  words >> name >> version >> use.size_bits >> whole >> beginning >> plan;
  auto bad = [&] {
    return bad_input("a line of the seed ledger cannot be read; nothing is used until it is mended", path.string(),
                     offset_bytes, fmt::format("{} BITS DIGEST DIGEST DIGEST", line_start), line.substr(0, 80));
  };
  if (!words || name + " " + version != line_start || words >> more) return bad();
  auto whole_digest = Digest::from_hex(whole), beginning_digest = Digest::from_hex(beginning),
       plan_digest = Digest::from_hex(plan);
  if (!whole_digest || !beginning_digest || !plan_digest) return bad();
  use.whole = *whole_digest;
  use.beginning = *beginning_digest;
  use.plan = *plan_digest;
  return use;
}

enum class Standing { unknown, same_plan };

struct Look {
  Standing standing = Standing::unknown;
  std::uint64_t end_bytes = 0;  ///< of the last whole line; what a crash left behind it is overwritten
};

Result<Look> look_up(const std::string& text, const Path& path, const Use& use) {
  Look look;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;  // cut while it was written: that use never began
    BELLOWS_ASSIGN(const Use old, parse(text.substr(begin, end - begin), path, begin));
    if (old.whole == use.whole || old.beginning == use.beginning) {
      if (!(old.plan == use.plan))
        return refused(fmt::format("this seed has already been used for another plan ({}...); draw a new one",
                                   old.plan.hex().substr(0, 16)));
      if (old.whole == use.whole && old.size_bits == use.size_bits) look.standing = Standing::same_plan;
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
  if (error) return system_error("cannot make the folder of the seed ledger", path.parent_path().string(), error.value());
  return SeedLedger(path);
}

Status SeedLedger::record(bits::BitView used, const Digest& plan) {
  const Descriptor file(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, private_file_mode));
  if (file.get() < 0) return system_error("cannot open the seed ledger", path_.string(), errno);
  while (::flock(file.get(), LOCK_EX) != 0)
    if (errno != EINTR) return system_error("cannot lock the seed ledger", path_.string(), errno);
  const Use use = use_of(used, plan);
  BELLOWS_ASSIGN(const std::string text, read_all(file.get(), path_));
  BELLOWS_ASSIGN(const Look look, look_up(text, path_, use));
  if (look.standing == Standing::same_plan) return {};
  if (::ftruncate(file.get(), static_cast<off_t>(look.end_bytes)) != 0)
    return system_error("cannot mend the seed ledger", path_.string(), errno);
  const std::string line = use.line();
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t count = ::pwrite(file.get(), line.data() + done, line.size() - done,
                                   static_cast<off_t>(look.end_bytes + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return system_error("cannot write the seed ledger", path_.string(), errno);
    done += static_cast<std::size_t>(count);
  }
  if (::fsync(file.get()) != 0) return system_error("cannot write the seed ledger", path_.string(), errno);
  return {};
}

Status SeedLedger::check(bits::BitView used, const Digest& plan) const {
  const Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return errno == ENOENT ? Status() : Status(system_error("cannot open the seed ledger", path_.string(), errno));
  BELLOWS_ASSIGN(const std::string text, read_all(file.get(), path_));
  auto look = look_up(text, path_, use_of(used, plan));
  if (!look) return look.error();
  return {};
}

}  // namespace bellows::extract
