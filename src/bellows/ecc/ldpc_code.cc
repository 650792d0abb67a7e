#include "bellows/ecc/ldpc_code.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <numeric>
#include <vector>

#include "bellows/base/check.h"

namespace bellows::ecc {
namespace {

// SplitMix64 (Vigna, public domain): the matrix must be the same everywhere, so no library generator.
class Mix {
 public:
  explicit Mix(std::uint64_t state) : state_(state) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(next() % bound); }

 private:
  std::uint64_t state_;
};

// Keys that were seen, in open addressing: the construction asks far more often than anything else.
class KeySet {
 public:
  explicit KeySet(std::size_t most_keys) : slots_(std::bit_ceil(2 * most_keys + 2), empty) {}
  bool contains(std::uint64_t key) const { return slots_[place_of(key)] == key; }
  void insert(std::uint64_t key) { slots_[place_of(key)] = key; }

 private:
  static constexpr std::uint64_t empty = ~std::uint64_t{0};
  std::size_t place_of(std::uint64_t key) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t place = (key * 0x9e3779b97f4a7c15u >> 20) & mask;
    while (slots_[place] != empty && slots_[place] != key) place = (place + 1) & mask;
    return place;
  }
  std::vector<std::uint64_t> slots_;
};

struct DegreeShare {
  double up_to_leak;  // rows / columns
  double three, six;  // shares of columns; the rest has degree `high`
  std::uint32_t high;
};

constexpr DegreeShare shares[] = {
    {0.045, .543, .240, 15}, {0.08, .593, .185, 16}, {0.13, .695, .052, 14},
    {0.2, .750, .026, 15},   {0.28, .800, .0, 15},   {1.0, .850, .0, 15},
};

std::vector<std::uint32_t> column_degrees(std::uint32_t columns, std::uint32_t rows) {
  double leak = static_cast<double>(rows) / columns;
  const DegreeShare* share = shares;
  while (share->up_to_leak < leak) ++share;
  auto three = static_cast<std::uint32_t>(share->three * columns),
       six = static_cast<std::uint32_t>(share->six * columns);
  std::vector<std::uint32_t> degrees(columns, share->high);
  std::fill_n(degrees.begin(), three + six, 6u);
  std::fill_n(degrees.begin(), three, 3u);
  for (auto& degree : degrees) degree = std::min(degree, std::max(3u, rows / 3));
  return degrees;  // ascending: columns of low degree are placed first and get the cleanest places
}

}  // namespace

LdpcCode make_code(std::uint32_t circulant, std::uint32_t columns, std::uint32_t rows) {
  BELLOWS_CHECK(rows >= 4 && rows <= columns && circulant % 8 == 0 && circulant > 0, "no such code");
  Mix mix((std::uint64_t{circulant} << 42) ^ (std::uint64_t{columns} << 21) ^ rows);
  auto degrees = column_degrees(columns, rows);
  std::vector<std::vector<Circulant>> by_row(rows);
  std::size_t pairs = 0;
  for (std::uint32_t degree : degrees) pairs += std::size_t{degree} * (degree - 1) / 2;
  KeySet taken(pairs);  // (row, later row, difference of shifts) of columns placed so far
  auto pair_key = [&](std::uint32_t r1, std::uint32_t s1, std::uint32_t r2, std::uint32_t s2) {
    if (r1 > r2) std::swap(r1, r2), std::swap(s1, s2);
    return (std::uint64_t{r1} << 44) | (std::uint64_t{r2} << 24) | (s2 >= s1 ? s2 - s1 : s2 + circulant - s1);
  };
  std::vector<std::uint32_t> order(rows);
  std::vector<std::uint64_t> keys(rows);
  std::iota(order.begin(), order.end(), 0u);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> chosen;  // row, shift
  for (std::uint32_t column = 0; column < columns; ++column) {
    // The rows that hold least so far, ties by chance; keys differ, so that every library sorts them alike.
    for (std::uint32_t i = rows - 1; i > 0; --i) std::swap(order[i], order[mix.below(i + 1)]);
    for (std::uint32_t i = 0; i < rows; ++i) keys[i] = (std::uint64_t{by_row[order[i]].size()} << 32) | i;
    std::partial_sort(keys.begin(), keys.begin() + degrees[column], keys.end());
    chosen.clear();
    for (std::uint32_t i = 0; i < degrees[column]; ++i) {
      std::uint32_t row = order[keys[i] & 0xffffffff], best = 0;
      std::size_t fewest = ~std::size_t{0};
      // Columns of high degree are never trapped: they take what a few attempts find.
      const int attempts = degrees[column] <= 6 ? 24 : 6;
      for (int attempt = 0; attempt < attempts && fewest > 0; ++attempt) {
        std::uint32_t shift = mix.below(circulant);
        std::size_t clashes = 0;
        for (auto [other_row, other_shift] : chosen)
          clashes += taken.contains(pair_key(other_row, other_shift, row, shift));
        if (clashes < fewest) fewest = clashes, best = shift;
      }
      chosen.emplace_back(row, best);
    }
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      by_row[chosen[i].first].push_back({column, chosen[i].second});
      for (std::size_t j = 0; j < i; ++j)
        taken.insert(pair_key(chosen[j].first, chosen[j].second, chosen[i].first, chosen[i].second));
    }
  }
  LdpcCode code{circulant, columns, rows, {0}, {}};
  for (const auto& row : by_row) {
    BELLOWS_CHECK(row.size() <= most_edges_in_row, "too many circulants in a row");
    code.circulants.insert(code.circulants.end(), row.begin(), row.end());
    code.row_start.push_back(static_cast<std::uint32_t>(code.circulants.size()));
  }
  return code;
}

void compute_syndrome(const LdpcCode& code, const std::uint8_t* bits, std::uint8_t* syndrome) {
  const std::size_t size = code.circulant;
  std::fill_n(syndrome, code.syndrome_bits(), std::uint8_t{0});
  for (std::uint32_t row = 0; row < code.rows; ++row) {
    std::uint8_t* out = syndrome + row * size;
    for (std::uint32_t e = code.row_start[row]; e < code.row_start[row + 1]; ++e) {
      const std::uint8_t* block = bits + code.circulants[e].column * size;
      std::size_t shift = code.circulants[e].shift;
      for (std::size_t i = 0; i < size - shift; ++i) out[i] ^= block[i + shift];
      for (std::size_t i = size - shift; i < size; ++i) out[i] ^= block[i + shift - size];
    }
  }
}

}  // namespace bellows::ecc
