// Bit files with and without header.
#include "bellows/bits/bit_file.h"
#include "memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bellows;
  MemoryFile file(data, size);
  if (auto read = bits::read_bit_file(file.path()); read.ok())
    BELLOWS_CHECK((read->bits.size_bits() + 7) / 8 + 64 == size, "every byte belongs to the file");
  std::uint64_t asked_bits = size == 0 ? 0 : data[0] * 37u;
  auto raw = bits::read_raw_bits(file.path(), {.size_bits = asked_bits, .msb_first = size % 2 == 1});
  BELLOWS_CHECK(raw.ok() == (asked_bits <= size * 8), "a raw file has the bits that it has");
  return 0;
}
