#include "bellows/base/secret.h"

#include <sodium.h>
#include <sys/mman.h>

#include <new>

namespace bellows {
namespace {

constexpr std::size_t large_page = std::size_t{2} << 20;

// Below a few large pages, alignment to them would waste too much.
std::align_val_t alignment_for(std::size_t size_bytes) {
  return std::align_val_t{size_bytes >= 4 * large_page ? large_page : 64};
}

}  // namespace

void wipe(void* memory, std::size_t size_bytes) { sodium_memzero(memory, size_bytes); }

bool equal_in_constant_time(const void* a, const void* b, std::size_t size_bytes) {
  return sodium_memcmp(a, b, size_bytes) == 0;
}

void* allocate_secret(std::size_t size_bytes) {
  const std::align_val_t alignment = alignment_for(size_bytes);
  void* memory = ::operator new(size_bytes, alignment);
  if (alignment == std::align_val_t{large_page}) ::madvise(memory, size_bytes, MADV_HUGEPAGE);  // a hint; not all systems know it
  return memory;
}

void free_secret(void* memory, std::size_t size_bytes) {
  wipe(memory, size_bytes);
  ::operator delete(memory, alignment_for(size_bytes));
}

}  // namespace bellows
