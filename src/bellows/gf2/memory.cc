#include "bellows/gf2/memory.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include "bellows/base/check.h"
#include "bellows/base/checked.h"
#include "bellows/base/secret.h"

namespace bellows::gf2 {
namespace {

constexpr std::uint64_t unknown = std::numeric_limits<std::uint64_t>::max();

// The number in a control group's file, or `unknown` if there is none ("max", or another system).
std::uint64_t number_in(const char* path) {
  std::ifstream file(path);
  std::uint64_t number;
  return file >> number ? number : unknown;
}

}  // namespace

std::uint64_t available_memory_bytes() {
  std::uint64_t system = unknown;
  std::ifstream file("/proc/meminfo");
  std::string name, unit;
  for (std::uint64_t kib; file >> name >> kib; std::getline(file, unit))
    if (name == "MemAvailable:") system = kib * 1024;
  const std::uint64_t limit = number_in("/sys/fs/cgroup/memory.max"), used = number_in("/sys/fs/cgroup/memory.current");
  if (limit == unknown || used == unknown) return system;
  return std::min(system, limit > used ? limit - used : 0);
}

Status check_memory(std::string_view what, std::uint64_t needed_bytes) {
  const std::uint64_t available = available_memory_bytes();
  if (needed_bytes <= available) return {};
  return bad_input(fmt::format("not enough memory for {}", what), {}, std::nullopt,
                   fmt::format("{} MiB", divide_up(needed_bytes, 1 << 20)),
                   fmt::format("{} MiB free", available >> 20));
}

Buffer::Buffer(std::size_t size_bytes) {
  constexpr std::size_t page = page_bytes;
  if (size_bytes == 0) return;
  // Mapped with a page to spare, then cut to an aligned piece.
  const std::size_t size = round_up(size_bytes, page);
  void* map = ::mmap(nullptr, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  BELLOWS_CHECK(map != MAP_FAILED, "the system refuses memory that it said it had");
  auto* begin = static_cast<std::uint8_t*>(map);
  const std::size_t before = (page - reinterpret_cast<std::uintptr_t>(begin) % page) % page;
  if (before > 0) ::munmap(begin, before);
  ::munmap(begin + before + size, page - before);
  bytes_ = begin + before;
  size_ = size;
  ::madvise(bytes_, size_, MADV_HUGEPAGE);  // a hint; not all systems know it
}

Buffer::~Buffer() {
  if (bytes_ == nullptr) return;
  if (!wiped_) wipe(bytes_, size_);
  ::munmap(bytes_, size_);
}

}  // namespace bellows::gf2
