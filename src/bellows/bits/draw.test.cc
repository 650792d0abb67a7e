#include "bellows/bits/draw.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "bellows/bits/bit_string.h"

namespace bellows::bits {
namespace {

using Plane = std::vector<std::uint64_t>;

Plane random_plane(std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  Plane plane(chunk_words);
  for (auto& word : plane) word = generator();
  return plane;
}

double share_of_ones(const Plane& plane) {
  return static_cast<double>(count_ones({plane.data(), 64 * plane.size()})) / (64 * static_cast<double>(plane.size()));
}

TEST(KeyedStream, KnownAnswer) {
  // AES-256 of the zero block under the zero key (NIST SP 800-38A layout; AESAVS all-zero vector).
  KeyedStream stream{StreamKey{}};
  std::uint8_t bytes[32];
  stream.fill({}, std::as_writable_bytes(std::span(bytes)));
  EXPECT_EQ(Digest::from_hex("dc95c078a2408989ad48a21492842087530f8afbc74536b9a963b4f1c4cb738b")->hex(),
            Digest{std::to_array(bytes)}.hex());
}

TEST(KeyedStream, AddressesDiffer) {
  KeyedStream stream(StreamKey::from_number(1));
  std::vector<std::uint64_t> seen;
  for (StreamAddress address : {StreamAddress{0, 0, 0, 0},
                                {1, 0, 0, 0},
                                {0, 1, 0, 0},
                                {0, 0, 1, 0},
                                {0, 0, 0, 1},
                                {0, 0, 0, 256},
                                {0, 256, 0, 0},
                                {std::uint64_t{1} << 47, 0, 0, 0}}) {
    std::uint64_t word[1];
    stream.fill(address, std::span(word));
    EXPECT_EQ(std::count(seen.begin(), seen.end(), word[0]), 0);
    seen.push_back(word[0]);
  }
  EXPECT_EQ(StreamKey::from_number(1), StreamKey::from_number(1));
  EXPECT_FALSE(StreamKey::from_number(1) == StreamKey::from_number(2));
}

TEST(Chance, Ends) {
  EXPECT_EQ(Chance::of(0), (Chance{0, false}));
  EXPECT_EQ(Chance::of(1), (Chance{0, true}));
  EXPECT_EQ(Chance::of(0.5).threshold, std::uint64_t{1} << 63);
  EXPECT_NEAR(Chance::of(0.3).probability(), 0.3, 1e-16);
}

/// The definition: a 64-bit random number, whose upper bits are those of the heads, below the threshold. With
/// thresholds of at most 12 bits nothing else matters.
TEST(ChunkDrawer, EqualsTheDefinitionForEveryKernel) {
  const StreamKey key = StreamKey::from_number(7);
  KeyedStream stream(key);
  std::vector<std::uint64_t> heads(12 * chunk_words);
  stream.fill({5, 3, 9, 0}, std::span(heads));
  std::vector<Plane> parents = {random_plane(1), random_plane(2), random_plane(3),
                                random_plane(4), random_plane(5), random_plane(6)};
  std::mt19937_64 generator(1);
  for (unsigned parent_count : {0, 1, 2, 3, 5, 6}) {
    ConditionalBit bit{9, {}};
    for (unsigned c = 0; c < 1u << parent_count; ++c) {
      std::uint64_t kind = generator() % 8;
      bit.chances.push_back(kind == 0   ? Chance{0, true}
                            : kind == 1 ? Chance{}
                                        : Chance{(generator() % 4096) << 52, false});
    }
    std::vector<const std::uint64_t*> pointers;
    for (unsigned p = 0; p < parent_count; ++p) pointers.push_back(parents[p].data());
    for (std::uint64_t trials : {1, 63, 64, 65, 511, 512, 513, 1025, 16383, 16384}) {
      Plane expected(chunk_words);
      for (std::uint64_t i = 0; i < trials; ++i) {
        std::uint64_t number = 0, context = 0;
        for (unsigned k = 0; k < 12; ++k) number = 2 * number | (heads[k * chunk_words + i / 64] >> i % 64 & 1);
        for (unsigned p = 0; p < parent_count; ++p) context |= (parents[p][i / 64] >> i % 64 & 1) << p;
        bool one = bit.chances[context].certain || number < bit.chances[context].threshold >> 52;
        expected[i / 64] |= std::uint64_t{one} << i % 64;
      }
      for (Kernel kernel : all_kernels) {
        if (!kernel_is_available(kernel)) continue;
        force_kernel(kernel);
        ChunkDrawer drawer(key);
        drawer.start(5, 3, trials);
        Plane got(chunk_words);
        drawer.draw(bit, pointers, got.data());
        EXPECT_EQ(got, expected) << kernel_name(kernel) << " " << trials << " " << parent_count;
        unforce_kernel();
      }
    }
  }
}

TEST(ChunkDrawer, KernelsAgreeAndFewerTrialsAreAPrefix) {
  const StreamKey key = StreamKey::from_number(8);
  Plane parent = random_plane(1);
  const std::uint64_t* parents[] = {parent.data()};
  ConditionalBit bit{1, {Chance::of(0.49), Chance::of(1.0 / 3)}};
  Plane whole(chunk_words);
  ChunkDrawer drawer(key);
  drawer.start(0, 0, chunk_trials);
  drawer.draw(bit, parents, whole.data());
  for (Kernel kernel : all_kernels) {
    if (!kernel_is_available(kernel)) continue;
    force_kernel(kernel);
    for (std::uint64_t trials : {1, 100, 9999, 16384}) {
      Plane part(chunk_words);
      drawer.start(0, 0, trials);
      drawer.draw(bit, parents, part.data());
      for (std::uint64_t i = 0; i < trials; ++i)
        ASSERT_EQ(part[i / 64] >> i % 64 & 1, whole[i / 64] >> i % 64 & 1) << i;
    }
    unforce_kernel();
  }
}

TEST(ChunkDrawer, ChanceIsWhatWasAsked) {
  ChunkDrawer drawer(StreamKey::from_number(3));
  for (double chance : {0.5, 0.25, 0.4925, 1.0 / 3, 1e-3, 0.999, 0.0001}) {
    std::uint64_t ones = 0;
    constexpr std::uint16_t chunks = 64;
    for (std::uint16_t chunk = 0; chunk < chunks; ++chunk) {
      drawer.start(0, chunk, chunk_trials);
      Plane plane(chunk_words);
      drawer.draw({2, {Chance::of(chance)}}, {}, plane.data());
      ones += count_ones({plane.data(), chunk_trials});
    }
    const double trials = chunks * chunk_trials;
    EXPECT_NEAR(static_cast<double>(ones) / trials, chance, 5 * std::sqrt(chance * (1 - chance) / trials)) << chance;
  }
}

/// Chances that differ only beyond the head bits: the tail decides, with the right share.
TEST(ChunkDrawer, TailBitsDecide) {
  ChunkDrawer drawer(StreamKey::from_number(4));
  const std::uint64_t head = std::uint64_t{1000} << 52;
  std::uint64_t low_ones = 0, high_ones = 0, middle_ones = 0;
  for (std::uint16_t chunk = 0; chunk < 400; ++chunk) {
    drawer.start(0, chunk, chunk_trials);
    Plane low(chunk_words), middle(chunk_words), high(chunk_words);
    drawer.draw({2, {Chance{head, false}}}, {}, low.data());
    drawer.draw({2, {Chance{head + (std::uint64_t{1} << 51), false}}}, {}, middle.data());
    drawer.draw({2, {Chance{head + (std::uint64_t{1} << 52), false}}}, {}, high.data());
    low_ones += count_ones({low.data(), chunk_trials});
    middle_ones += count_ones({middle.data(), chunk_trials});
    high_ones += count_ones({high.data(), chunk_trials});
    for (std::size_t w = 0; w < chunk_words; ++w) {
      EXPECT_EQ(low[w] & ~middle[w], 0u);
      EXPECT_EQ(middle[w] & ~high[w], 0u);
    }
  }
  const auto between = static_cast<double>(high_ones - low_ones);  // about 1600
  EXPECT_NEAR(between, 1600, 200);
  EXPECT_NEAR(static_cast<double>(middle_ones - low_ones) / between, 0.5, 0.07);
}

TEST(ChunkDrawer, ChainWithoutMemoryEqualsPlanes) {
  const StreamKey key = StreamKey::from_number(9);
  ConditionalBit first{1, {Chance::of(0.3)}};
  ConditionalBit second{2, {Chance::of(0.6), Chance::of(0.1), Chance::of(0.9), Chance{0, true}}};
  Plane given = random_plane(4), a(chunk_words), b(chunk_words), chain_a(chunk_words), chain_b(chunk_words);
  ChunkDrawer drawer(key);
  for (std::uint64_t trials : {1, 64, 1000, 16384}) {
    drawer.start(1, 2, trials);
    drawer.draw(first, {}, a.data());
    const std::uint64_t* parents[] = {given.data(), a.data()};
    drawer.draw(second, parents, b.data());
    const ChainMember members[] = {{&first, {}, {}, {}, chain_a.data()},
                                   {&second, {given.data()}, {0}, {}, chain_b.data()}};
    std::uint64_t memory = 0;
    drawer.draw_chain(members, memory);
    for (std::uint64_t w = 0; w < words_for(trials); ++w) {
      ASSERT_EQ(a[w], chain_a[w]);
      ASSERT_EQ(b[w], chain_b[w]);
    }
  }
}

TEST(ChunkDrawer, ChainRemembers) {
  ConditionalBit sticky{1, {Chance::of(0.1), Chance::of(0.9)}};  // repeats itself nine times in ten
  Plane plane(chunk_words);
  const ChainMember members[] = {{&sticky, {}, {}, {0}, plane.data()}};
  ChunkDrawer drawer(StreamKey::from_number(2));
  std::uint64_t memory = 1;
  drawer.start(0, 0, chunk_trials);
  drawer.draw_chain(members, memory);
  std::uint64_t changes = 0;
  for (std::uint64_t i = 1; i < chunk_trials; ++i)
    changes += (plane[i / 64] >> i % 64 & 1) != (plane[(i - 1) / 64] >> (i - 1) % 64 & 1);
  EXPECT_NEAR(static_cast<double>(changes) / chunk_trials, 0.1, 0.015);
  EXPECT_EQ(memory, plane.back() >> 63);
  EXPECT_NEAR(share_of_ones(plane), 0.5, 0.05);
}

/// A chain that remembers one or two bits is drawn 64 trials at once, one that remembers three trial by trial: an idle
/// third one must change nothing.
TEST(ChunkDrawer, ChainsAtOnceEqualTrialByTrial) {
  std::mt19937_64 random(11);
  auto chances = [&](std::size_t count) {
    std::vector<Chance> made;
    for (std::size_t i = 0; i < count; ++i) {
      const unsigned kind = random() % 4;
      made.push_back(kind == 0   ? Chance{0, true}
                     : kind == 1 ? Chance{0, false}
                     : kind == 2 ? Chance{std::uint64_t{1} << 63, false}
                                 : Chance{random(), false});
    }
    return made;
  };
  ChunkDrawer drawer(StreamKey::from_number(12));
  for (int round = 0; round < 30; ++round) {
    Plane given = random_plane(static_cast<unsigned>(round)), out[5], slow[5];
    for (Plane& plane : out) plane.resize(chunk_words);
    for (Plane& plane : slow) plane.resize(chunk_words);
    const ConditionalBit x{1, chances(4)}, y{2, chances(16)}, z{3, chances(8)}, idle{9, {Chance::of(0.4), Chance::of(0.7)}};
    // x after the last y; y given a plane, x, the last y, and every second time the last x; z given the plane, x and y.
    const std::vector<unsigned> before_y = round % 2 == 0 ? std::vector<unsigned>{1, 0} : std::vector<unsigned>{1, 1};
    auto chain = [&](Plane* to) {
      return std::vector<ChainMember>{{&x, {given.data()}, {}, {1}, to[0].data()},
                                      {&y, {given.data()}, {0}, before_y, to[1].data()},
                                      {&z, {given.data()}, {1, 0}, {}, to[2].data()}};
    };
    std::vector<ChainMember> at_once = chain(out), one_by_one = chain(slow);
    for (unsigned m : {3u, 4u}) one_by_one.push_back({&idle, {}, {}, {m}, slow[m].data()});
    std::uint64_t memory = 1, slow_memory = 1;
    for (std::uint16_t number = 0; number < 4; ++number) {
      drawer.start(7, number, number == 3 ? 1000 + 37 * static_cast<unsigned>(round) : chunk_trials);
      drawer.draw_chain(at_once, memory);
      drawer.draw_chain(one_by_one, slow_memory);
      for (unsigned m = 0; m < 3; ++m)
        for (std::uint64_t w = 0; w < words_for(drawer.trial_count()); ++w)
          ASSERT_EQ(out[m][w], slow[m][w]) << round << " " << number << " " << m << " " << w;
      ASSERT_EQ(memory, slow_memory & 7);
    }
  }
}

}  // namespace
}  // namespace bellows::bits
