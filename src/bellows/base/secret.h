#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bellows {

/// Overwrites memory in a way that the compiler may not leave out.
void wipe(void* memory, std::size_t size_bytes);

/// True iff equal; the time taken does not depend on where they differ.
bool equal_in_constant_time(const void* a, const void* b, std::size_t size_bytes);

/// Memory for secrets, 64-byte aligned (whole cache lines, whole vectors). Long pieces come in large pages, where the system
/// has them: fetching 2^28 bytes page by page takes longer than most that is done with them. Throws std::bad_alloc.
void* allocate_secret(std::size_t size_bytes);

/// Wipes it and gives it back; `size_bytes` as when it was taken.
void free_secret(void* memory, std::size_t size_bytes);

/// Allocates memory for secrets, which is wiped when it is given back.
template <class T>
struct SecretAllocator {
  using value_type = T;
  SecretAllocator() = default;
  template <class U>
  SecretAllocator(const SecretAllocator<U>&) {}  // NOLINT: the standard asks for an implicit one
  T* allocate(std::size_t count) { return static_cast<T*>(allocate_secret(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t count) { free_secret(memory, count * sizeof(T)); }
  bool operator==(const SecretAllocator&) const { return true; }
};

/// Raw outcomes, output bits and keys live in these.
using SecretBytes = std::vector<std::uint8_t, SecretAllocator<std::uint8_t>>;
using SecretWords = std::vector<std::uint64_t, SecretAllocator<std::uint64_t>>;

}  // namespace bellows
