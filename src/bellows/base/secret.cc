#include "bellows/base/secret.h"

#include <sodium.h>
#include <sys/mman.h>

#include <new>

#include "bellows/base/checked.h"

namespace bellows {
namespace {

constexpr std::size_t large_page = std::size_t{2} << 20;

// Below two large pages, whole ones would waste too much.
bool is_large(std::size_t size_bytes) { return size_bytes >= 2 * large_page; }

std::align_val_t alignment_for(std::size_t size_bytes) {
  return std::align_val_t{is_large(size_bytes) ? large_page : 64};
}

}  // namespace

void wipe(void* memory, std::size_t size_bytes) { sodium_memzero(memory, size_bytes); }

bool equal_in_constant_time(const void* a, const void* b, std::size_t size_bytes) {
  return sodium_memcmp(a, b, size_bytes) == 0;
}

void* allocate_secret(std::size_t size_bytes) {
  if (!is_large(size_bytes)) return ::operator new(size_bytes, alignment_for(size_bytes));
  const std::size_t whole_bytes = round_up(size_bytes, large_page);  // or the last one would come in small pages
  void* memory = ::operator new(whole_bytes, alignment_for(size_bytes));
  ::madvise(memory, whole_bytes, MADV_HUGEPAGE);  // a hint; not all systems know it
  return memory;
}

void free_secret(void* memory, std::size_t size_bytes) {
  wipe(memory, size_bytes);
  ::operator delete(memory, alignment_for(size_bytes));
}

}  // namespace bellows
