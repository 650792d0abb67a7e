#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace bellows {

/// Overwrites memory in a way that the compiler may not leave out.
void wipe(void* memory, std::size_t size_bytes);

/// True iff equal; the time taken does not depend on where they differ.
bool equal_in_constant_time(const void* a, const void* b, std::size_t size_bytes);

/// Allocates 64-byte aligned memory (whole cache lines, whole vectors) and wipes it when it is given back.
template <class T>
struct SecretAllocator {
  using value_type = T;
  static constexpr std::align_val_t alignment{64};
  SecretAllocator() = default;
  template <class U>
  SecretAllocator(const SecretAllocator<U>&) {}  // NOLINT: the standard asks for an implicit one
  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), alignment)); }
  void deallocate(T* memory, std::size_t count) {
    wipe(memory, count * sizeof(T));
    ::operator delete(memory, alignment);
  }
  bool operator==(const SecretAllocator&) const { return true; }
};

/// Raw outcomes, output bits and keys live in these.
using SecretBytes = std::vector<std::uint8_t, SecretAllocator<std::uint8_t>>;
using SecretWords = std::vector<std::uint64_t, SecretAllocator<std::uint64_t>>;

}  // namespace bellows
