#include "bellows/source/source.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "bellows/source/external.h"
#include "bellows/source/simulated.h"
#include "bellows/testing/temp_folder.h"

namespace bellows::source {
namespace {

struct Settings {
  bits::BitString x, y;
  std::array<std::uint64_t, 4> pairs{};
};

Settings draw(Source& source, std::uint64_t chunks, const bell::HiddenChoice* hidden = nullptr, std::uint64_t key = 1) {
  Settings drawn{bits::BitString(chunks * bits::chunk_trials), bits::BitString(chunks * bits::chunk_trials), {}};
  bits::ChunkDrawer drawer(bits::StreamKey::from_number(key));
  SourceMemory memory;
  bell::HiddenPlanes planes;
  for (std::uint64_t chunk = 0; chunk < chunks; ++chunk) {
    drawer.start(0, static_cast<std::uint16_t>(chunk), bits::chunk_trials);
    if (hidden != nullptr) hidden->draw(drawer, planes);
    EXPECT_TRUE(source
                    .draw_settings(drawer, planes, memory, drawn.x.words() + chunk * bits::chunk_words,
                                   drawn.y.words() + chunk * bits::chunk_words)
                    .ok());
  }
  for (std::uint64_t i = 0; i < drawn.x.size_bits(); ++i) ++drawn.pairs[2 * drawn.x[i] + drawn.y[i]];
  return drawn;
}

/// Sigmas by which a share of ones lies outside of [1/2 - mu, 1/2 + mu].
double sigmas_outside(double ones, double trials, double mu) {
  return (std::abs(ones - trials / 2) - mu * trials) / std::sqrt(trials * 0.25);
}

/// Every bit given the two before it: the test of a Santha-Vazirani source by its definition.
void expect_within_bias(const Settings& s, double mu, const std::string& name) {
  std::array<double, 4> ones{}, trials{};
  unsigned past = 0;
  auto see = [&](bool bit) {
    trials[past] += 1;
    ones[past] += bit;
    past = (past << 1 | bit) & 3;
  };
  for (std::uint64_t i = 0; i < s.x.size_bits(); ++i) see(s.x[i]), see(s.y[i]);
  for (unsigned c = 0; c < 4; ++c) EXPECT_LT(sigmas_outside(ones[c], trials[c], mu), 5) << name << " " << c;
}

TEST(SimulatedSources, KeepWithinTheirBias) {
  for (double mu : {0.0, 0.0075, 0.1, 0.45}) {
    for (const char* name : {"uniform", "honest", "edge", "remembering", "scheming"}) {
      auto source = make_source(name, mu, {});
      ASSERT_TRUE(source.ok()) << name;
      EXPECT_EQ((*source)->claimed_mu(), mu);
      expect_within_bias(draw(**source, 16), mu, name);
    }
  }
}

TEST(SimulatedSources, UseTheirBias) {
  const double mu = 0.1, trials = 16.0 * bits::chunk_trials;
  Settings edge = draw(**edge_source(mu), 16), remembering = draw(**remembering_source(mu), 16);
  EXPECT_NEAR(static_cast<double>(edge.pairs[3]) / trials, 0.36, 0.01);
  EXPECT_NEAR(static_cast<double>(remembering.pairs[0] + remembering.pairs[3]) / trials, 0.6, 0.01);
  Settings greedy = draw(**scheming_source(mu, {.win_by_pair = {0.9, 0.5, 0.5, 0.5}}), 16);
  EXPECT_NEAR(static_cast<double>(greedy.pairs[0]) / trials, 0.36, 0.01);
}

TEST(SimulatedSources, SchemingHelpsTheStrategy) {
  const double mu = 0.1, trials = 32.0 * bits::chunk_trials;
  bell::SharedStrategy strategy = bell::random_mixture(mu, 3);
  auto hidden = bell::HiddenChoice::make(strategy);
  auto source = scheming_source(mu, {.strategy = &strategy});
  ASSERT_TRUE(source.ok() && hidden.ok());
  Settings drawn = draw(**source, 32, &*hidden);
  for (unsigned pair = 0; pair < 4; ++pair)
    EXPECT_NEAR(static_cast<double>(drawn.pairs[pair]) / trials, strategy.pair_probability(pair >> 1, pair & 1), 0.005);
  EXPECT_FALSE(scheming_source(0.05, {.strategy = &strategy}).ok());  // asks more than its bias
}

TEST(SimulatedSources, SeedsAreReproducibleAndBiased) {
  auto source = edge_source(0.1);
  const bits::StreamKey key = bits::StreamKey::from_number(4);
  bits::BitString seed = *(*source)->draw_seed(key, 100001), again = *(*source)->draw_seed(key, 50000);
  EXPECT_EQ(seed.size_bits(), 100001u);
  EXPECT_TRUE(bits::BitString(seed.view().first(50000)) == again);
  EXPECT_NEAR(static_cast<double>(bits::count_ones(seed)) / 100001, 0.6, 0.01);
  EXPECT_FALSE(seed == *(*source)->draw_seed(bits::StreamKey::from_number(5), 100001));
  EXPECT_EQ((*source)->draw_seed(key, 0)->size_bits(), 0u);
}

TEST(Sources, BiasOutOfRangeIsAUsageError) {
  for (double mu : {-0.1, 0.5, 2.0, std::nan("")})
    for (const char* name : {"uniform", "honest", "edge", "remembering", "scheming", "system"})
      EXPECT_EQ(make_source(name, mu, {}).error().code, ErrorCode::usage) << name;
  EXPECT_EQ(make_source("no-such", 0.1, {}).error().code, ErrorCode::usage);
  EXPECT_EQ(make_source("honest:x=1", 0.1, {}).error().code, ErrorCode::usage);
  EXPECT_EQ(make_source("file", 0.1, {}).error().code, ErrorCode::usage);
  EXPECT_EQ(make_source("file:path=/no/such/file", 0.1, {}).error().code, ErrorCode::bad_input);
}

TEST(SimulatedSources, HistoryAvoidsWhatEverythingSoFarMarks) {
  for (double mu : {0.0, 0.0075, 0.1}) {
    auto source = make_source("history", mu, {});
    ASSERT_TRUE(source.ok());
    bits::ChunkDrawer drawer(bits::StreamKey::from_number(21));
    SourceMemory memory;
    bell::SettingHistory history;
    double trials = 0, marked_x = 0, marked_pair = 0, other_x = 0, as_coin = 0;
    std::array<double, 4> pairs{};
    for (std::uint16_t chunk = 0; chunk < 64; ++chunk) {
      drawer.start(3, chunk, bits::chunk_trials);
      std::uint64_t x[bits::chunk_words], y[bits::chunk_words];
      ASSERT_TRUE((*source)->draw_settings(drawer, {}, memory, x, y).ok());
      for (std::uint64_t i = 0; i < bits::chunk_trials; ++i) {
        const unsigned now_x = x[i / 64] >> i % 64 & 1, now_y = y[i / 64] >> i % 64 & 1, marked = history.marked_pair();
        trials += 1;
        pairs[2 * now_x + now_y] += 1;
        if (now_x == marked >> 1) {
          marked_x += 1;
          marked_pair += now_y == (marked & 1);
        } else {
          other_x += 1;
          as_coin += now_y == static_cast<unsigned>(history.coin());
        }
        history.add(2 * now_x + now_y);
      }
    }
    auto expect_chance = [&](double count, double of, double chance) {
      EXPECT_NEAR(count / of, chance, 5 * std::sqrt(0.25 / of)) << mu;
    };
    expect_chance(marked_x, trials, 0.5 - mu);
    expect_chance(marked_pair, marked_x, 0.5 - mu);
    expect_chance(as_coin, other_x, 0.5 + mu);
    for (double pair : pairs) EXPECT_NEAR(pair / trials, 0.25, 0.005) << "nobody sees it in the frequencies; mu " << mu;
  }
}

TEST(ExternalSources, FileGivesItsBitsInOrderAndThenEnds) {
  testing::TempFolder folder;
  const Path path = folder.path() / "bits.raw";
  std::string bytes(2 * bits::chunk_trials / 8 + 3, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 151 + (i >> 7));
  std::ofstream(path, std::ios::binary) << bytes;
  auto source = make_source("file:path=" + path.string(), 0.02, {});
  ASSERT_TRUE(source.ok()) << source.error().describe();
  EXPECT_FALSE((*source)->is_simulated());
  Settings drawn = draw(**source, 1);
  for (std::uint64_t i = 0; i < bits::chunk_trials; ++i) {
    auto bit = [&](std::uint64_t k) { return (bytes[k / 8] >> k % 8 & 1) != 0; };
    ASSERT_EQ(drawn.x[i], bit(2 * i)) << i;
    ASSERT_EQ(drawn.y[i], bit(2 * i + 1)) << i;
  }
  EXPECT_EQ((*source)->draw_seed({}, 20)->size_bits(), 20u);
  auto ended = (*source)->draw_seed({}, 20);
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code, ErrorCode::bad_input);
}

TEST(ExternalSources, SystemGenerator) {
  auto source = make_source("system", 0.001, {});
  ASSERT_TRUE(source.ok());
  expect_within_bias(draw(**source, 4), 0, "system");
  EXPECT_EQ(draw_system_bits(77)->size_bits(), 77u);
  EXPECT_FALSE(*draw_system_bits(256) == *draw_system_bits(256));
}

}  // namespace
}  // namespace bellows::source
