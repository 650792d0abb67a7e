#include "bellows/trials/relabel.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "bellows/trials/records.h"

namespace bellows::trials {
namespace {

const char* const words[] = {"swap-parties", "x:flip", "y:flip", "a:flip", "a:flip-if-x", "b:flip", "b:flip-if-y"};

// What each word says, one record at a time.
std::uint8_t naive(const std::string& word, std::uint8_t r) {
  unsigned x = r >> 3 & 1, y = r >> 2 & 1, a = r >> 1 & 1, b = r & 1;
  if (word == "swap-parties") std::swap(x, y), std::swap(a, b);
  if (word == "x:flip") x ^= 1;
  if (word == "y:flip") y ^= 1;
  if (word == "a:flip") a ^= 1;
  if (word == "b:flip") b ^= 1;
  if (word == "a:flip-if-x") a ^= x;
  if (word == "b:flip-if-y") b ^= y;
  return static_cast<std::uint8_t>(x << 3 | y << 2 | a << 1 | b);
}

TEST(Relabel, AnyListOfWordsIsWhatItsWordsDoInOrder) {
  std::mt19937_64 random(3);
  std::set<std::string> seen;
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::string> list;
    std::string spec;
    for (std::uint64_t i = random() % 9; i > 0; --i) {
      list.push_back(words[random() % 7]);
      spec += (spec.empty() ? "" : random() % 2 ? "," : " , ") + list.back();
    }
    Relabelling relabelling = Relabelling::parse(spec).value();
    seen.insert(relabelling.spec());
    for (std::uint8_t r = 0; r < 16; ++r) {
      std::uint8_t expected = r;
      for (const std::string& word : list) expected = naive(word, expected);
      ASSERT_EQ(relabelling.apply(r), expected) << spec;
      ASSERT_EQ(relabelling.inverse().apply(expected), r) << spec;
    }
    ASSERT_EQ(Relabelling::parse(relabelling.spec()).value(), relabelling);
  }
  EXPECT_EQ(seen.size(), 128u);  // 2 * 8 * 8
}

TEST(Relabel, UnknownWordsAreUsageErrors) {
  for (const char* spec : {"x", "x:flip,", ",x:flip", "x:flip y:flip", "z:flip", "X:flip", "none,x:flip", "auto"}) {
    auto parsed = Relabelling::parse(spec);
    ASSERT_FALSE(parsed.ok()) << spec;
    EXPECT_EQ(parsed.error().code, ErrorCode::usage);
  }
  EXPECT_TRUE(Relabelling::parse("")->is_identity());
  EXPECT_TRUE(Relabelling::parse(" none ")->is_identity());
  EXPECT_EQ(Relabelling().spec(), "none");
}

TEST(Relabel, EightFormsOfChsh) {
  std::set<unsigned> forms;
  for (const Relabelling& relabelling : chsh_relabellings()) {
    unsigned form = 0;
    for (std::uint8_t r = 0; r < 16; ++r) {
      std::uint8_t s = relabelling.apply(r);
      if (((s >> 1 ^ s) & 1) == (s >> 3 & s >> 2 & 1)) form |= 1u << r;
    }
    forms.insert(form);
  }
  EXPECT_EQ(forms.size(), 8u);
  // Every form: a game that somebody may play, found again by the search from its counts alone.
  for (unsigned alpha = 0; alpha < 2; ++alpha)
    for (unsigned beta = 0; beta < 2; ++beta)
      for (unsigned gamma = 0; gamma < 2; ++gamma) {
        RecordCounts counts{};
        for (unsigned r = 0; r < 16; ++r) {
          unsigned x = r >> 3 & 1, y = r >> 2 & 1, a = r >> 1 & 1, b = r & 1;
          counts[r] = ((a ^ b) == ((x & y) ^ (alpha & x) ^ (beta & y) ^ gamma)) ? 80 : 20;
        }
        EXPECT_EQ(find_chsh_relabelling(counts).wins, 8u * 80);
      }
  EXPECT_TRUE(find_chsh_relabelling(RecordCounts{}).best.is_identity());
}

TEST(Records, ThereAndBack) {
  std::mt19937_64 random(5);
  for (std::size_t size : {1u, 7u, 8u, 63u, 64u, 65u, 131u, 1000u}) {
    std::vector<std::uint8_t> records(size), back(size, 99);
    for (auto& r : records) r = static_cast<std::uint8_t>(random() % 16);
    std::vector<std::uint64_t> plane[4];
    for (auto& p : plane) p.assign((size + 63) / 64, ~0ull);
    records_to_planes(records, plane[0].data(), plane[1].data(), plane[2].data(), plane[3].data());
    for (std::size_t i = 0; i < plane[0].size() * 64; ++i)
      for (unsigned k = 0; k < 4; ++k)
        ASSERT_EQ(plane[k][i / 64] >> (i % 64) & 1, i < size ? records[i] >> (3 - k) & 1u : 0u);
    planes_to_records(plane[0].data(), plane[1].data(), plane[2].data(), plane[3].data(), back);
    EXPECT_EQ(records, back);
    RecordCounts counts{}, naive_counts{};
    count_records(records, counts);
    for (auto r : records) ++naive_counts[r];
    EXPECT_EQ(counts, naive_counts);
    EXPECT_EQ(first_foreign_record(records), size);
    records[size - 1] = 16;
    EXPECT_EQ(first_foreign_record(records), size - 1);
  }
}

}  // namespace
}  // namespace bellows::trials
