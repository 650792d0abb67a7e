#include "bellows/base/secret.h"

#include <sodium.h>

namespace bellows {

void wipe(void* memory, std::size_t size_bytes) { sodium_memzero(memory, size_bytes); }

bool equal_in_constant_time(const void* a, const void* b, std::size_t size_bytes) {
  return sodium_memcmp(a, b, size_bytes) == 0;
}

}  // namespace bellows
