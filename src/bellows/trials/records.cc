#include "bellows/trials/records.h"

#include <array>
#include <bit>
#include <cstring>

namespace bellows::trials {
namespace {

constexpr std::uint64_t ones_in_bytes = 0x0101010101010101;

// Bit 0 of each of eight bytes, byte 0 first, into one byte: the product moves bit 8i to bit 56 + i.
std::uint64_t gather(std::uint64_t eight_bytes) { return (eight_bytes & ones_in_bytes) * 0x0102040810204080 >> 56; }

// The way back: bit i of a byte to bit 0 of byte i.
std::uint64_t spread(std::uint64_t byte) {
  std::uint64_t chosen = byte * ones_in_bytes & 0x8040201008040201;
  return (chosen + 0x7f7f7f7f7f7f7f7f) >> 7 & ones_in_bytes;
}

}  // namespace

void records_to_planes(std::span<const std::uint8_t> records, std::uint64_t* x, std::uint64_t* y, std::uint64_t* a,
                       std::uint64_t* b) {
  for (std::size_t start = 0, word = 0; start < records.size(); start += 64, ++word) {
    std::uint64_t eight[8]{};
    std::memcpy(eight, records.data() + start, std::min<std::size_t>(64, records.size() - start));
    std::uint64_t wx = 0, wy = 0, wa = 0, wb = 0;
    for (int i = 0; i < 8; ++i) {
      wx |= gather(eight[i] >> 3) << 8 * i;
      wy |= gather(eight[i] >> 2) << 8 * i;
      wa |= gather(eight[i] >> 1) << 8 * i;
      wb |= gather(eight[i]) << 8 * i;
    }
    x[word] = wx, y[word] = wy, a[word] = wa, b[word] = wb;
  }
}

void planes_to_records(const std::uint64_t* x, const std::uint64_t* y, const std::uint64_t* a, const std::uint64_t* b,
                       std::span<std::uint8_t> dirty_out_records) {
  std::span<std::uint8_t> out = dirty_out_records;
  for (std::size_t start = 0, word = 0; start < out.size(); start += 64, ++word) {
    std::uint64_t eight[8];
    for (int i = 0; i < 8; ++i)
      eight[i] = spread(x[word] >> 8 * i & 255) << 3 | spread(y[word] >> 8 * i & 255) << 2 |
                 spread(a[word] >> 8 * i & 255) << 1 | spread(b[word] >> 8 * i & 255);
    std::memcpy(out.data() + start, eight, std::min<std::size_t>(64, out.size() - start));
  }
}

void count_records(std::span<const std::uint8_t> records, RecordCounts& counts) {
  // Four tables, so that equal neighbours do not wait for each other.
  std::array<std::array<std::uint64_t, 16>, 4> tables{};
  std::size_t i = 0;
  for (; i + 4 <= records.size(); i += 4)
    for (std::size_t k = 0; k < 4; ++k) ++tables[k][records[i + k] & 15];
  for (; i < records.size(); ++i) ++tables[0][records[i] & 15];
  for (const auto& table : tables)
    for (std::size_t r = 0; r < 16; ++r) counts[r] += table[r];
}

std::size_t first_foreign_record(std::span<const std::uint8_t> records) {
  std::size_t i = 0;
  for (; i + 64 <= records.size(); i += 64) {
    std::uint64_t eight[8], all = 0;
    std::memcpy(eight, records.data() + i, 64);
    for (std::uint64_t word : eight) all |= word;
    if ((all & 0xf0f0f0f0f0f0f0f0) != 0) break;
  }
  while (i < records.size() && records[i] < 16) ++i;
  return i;
}

}  // namespace bellows::trials
