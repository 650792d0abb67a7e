#include "bellows/protocol/masanes_records.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "bellows/bits/bit_file.h"
#include "bellows/bits/cpu.h"
#include "bellows/protocol/masanes_plan.h"
#include "bellows/protocol/masanes_source.h"
#include "bellows/testing/random_bits.h"
#include "bellows/testing/temp_folder.h"
#include "bellows/trials/writer.h"

namespace bellows::protocol {
namespace {

using bellows::testing::random_bits;

TEST(Compress, AgreesWithTheNaiveWay) {
  for (std::uint64_t size : {1u, 63u, 64u, 65u, 131u, 257u, 1025u, 5000u}) {
    auto plane = random_bits(size, size), mask = random_bits(size, size + 1);
    std::vector<bool> expected;
    for (std::uint64_t i = 0; i < size; ++i)
      if (mask[i]) expected.push_back(plane[i]);
    for (auto kernel : bits::all_kernels) {
      if (!bits::kernel_is_available(kernel)) continue;
      bits::force_kernel(kernel);
      auto got = compress(plane, mask);
      ASSERT_EQ(got.size_bits(), expected.size());
      for (std::uint64_t i = 0; i < expected.size(); ++i) ASSERT_EQ(got[i], expected[i]);
    }
    bits::unforce_kernel();
  }
}

TEST(Records, AreThePartysOwnWhereTheLogSaysSo) {
  bellows::testing::TempFolder folder;
  auto write = [&](const char* name, nlohmann::json party) {
    trials::LogHeader header = records_header(7, "", {});
    header.metadata.erase("party");
    if (!party.is_null()) header.metadata["party"] = std::move(party);
    auto writer = trials::LogWriter::create(folder.path() / name, header);
    trials::BlockBuffer block(header.scenario);
    block.start(64);
    EXPECT_TRUE(writer->append(block, 0).ok() && writer->finish().ok());
    return folder.path() / name;
  };
  const Path alices = write("a", "alice"), nobodys = write("n", nullptr), strange = write("s", 7);
  EXPECT_TRUE(read_records(alices).ok());
  EXPECT_TRUE(read_records(alices, {}, "alice").ok());
  auto refused = read_records(alices, {}, "bob");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::bad_input);
  EXPECT_EQ(refused.error().got, "alice's");
  // Laboratories' logs need not say whose they are.
  for (const Path& path : {nobodys, strange})
    for (const char* party : {"alice", "bob"}) EXPECT_TRUE(read_records(path, {}, party).ok());
}

TEST(CountTest, AgreesWithTheNaiveWay) {
  std::mt19937_64 engine(4);
  for (unsigned m : {2u, 3u, 7u, 15u}) {
    const std::uint64_t size = 1000;
    std::vector<bits::BitString> x(setting_bit_count(m), bits::BitString(size)), y = x;
    auto a = random_bits(size, 1), b = random_bits(size, 2);
    std::uint64_t tested = 0, lost = 0;
    for (std::uint64_t i = 0; i < size; ++i) {
      auto xs = static_cast<unsigned>(engine() % m), ys = static_cast<unsigned>(engine() % m);
      for (unsigned bit = 0; bit < x.size(); ++bit) {
        x[bit].set(i, ((xs + 1) >> bit & 1) != 0);
        y[bit].set(i, ((ys + 1) >> bit & 1) != 0);
      }
      if ((xs + m - ys) % m > 1) continue;
      ++tested;
      lost += static_cast<std::uint64_t>(a[i] ^ b[i] ^ (xs == 0 && ys == m - 1));
    }
    auto count = count_test(m, x, a, y, b);
    ASSERT_TRUE(count.ok());
    EXPECT_EQ(count->tested, tested);
    EXPECT_EQ(count->lost, lost);
    for (auto& plane : x) plane.set(17, false);  // "raw" among the test pairs
    EXPECT_FALSE(count_test(m, x, a, y, b).ok());
  }
}

struct Simulated {
  testing::TempFolder folder;
  Path alice = folder.path() / "alice.trials", bob = folder.path() / "bob.trials";
  SourceReport report;
  explicit Simulated(const SourceRequest& request, std::uint64_t random = 0) {
    if (random == 0) random = 4 * request.pairs + 4096;
    Path a = folder.path() / "a.bits", b = folder.path() / "b.bits";
    EXPECT_TRUE(bits::write_bit_file(a, random_bits(random, 3), bits::BitFileKind::with_digest).ok());
    EXPECT_TRUE(bits::write_bit_file(b, random_bits(random, 4), bits::BitFileKind::with_digest).ok());
    auto alice_bits = bits::BitStream::open(a, bits::BitStreamFormat::bit_file);
    auto bob_bits = bits::BitStream::open(b, bits::BitStreamFormat::bit_file);
    auto result = simulate_pairs(request, *alice_bits, *bob_bits, alice, bob);
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().describe());
    if (result.ok()) report = *result;
  }
};

unsigned setting_of(const PartyRecords& records, std::uint64_t i) {
  unsigned value = 0;
  for (unsigned bit = 0; bit < records.setting_bits.size(); ++bit)
    value |= unsigned{records.setting_bits[bit][i]} << bit;
  return value;
}

TEST(Source, FollowsTheQuantumModel) {
  SourceRequest request;
  request.pairs = 400'000;
  request.noise = 0.02;
  request.gamma_65536 = 50000;
  Simulated run(request);
  auto alice = read_records(run.alice), bob = read_records(run.bob);
  ASSERT_TRUE(alice.ok() && bob.ok());
  EXPECT_EQ(alice->settings, 7u);
  EXPECT_TRUE(alice->simulated);
  double n = static_cast<double>(request.pairs), gamma = 50000 / 65536.0;
  std::map<unsigned, double> x_count;
  double relevant = 0, lost = 0, raw = 0, errors = 0, ones = 0;
  for (std::uint64_t i = 0; i < request.pairs; ++i) {
    unsigned x = setting_of(*alice, i), y = setting_of(*bob, i);
    bool a = alice->outcomes[i], b = bob->outcomes[i];
    ++x_count[x];
    ones += a;
    if (x == 0 && y == 0) ++raw, errors += a != b;
    if (x == 0 || y == 0 || (x + 7 - y) % 7 > 1) continue;
    ++relevant;
    lost += (a != b) != (x == 1 && y == 7);
  }
  auto near = [](double got, double mean, double sigma) { EXPECT_NEAR(got, mean, 5 * sigma); };
  near(x_count[0], n * (1 - gamma), std::sqrt(n * gamma * (1 - gamma)));
  for (unsigned x = 1; x <= 7; ++x) near(x_count[x], n * gamma / 7, std::sqrt(n * gamma / 7));
  near(relevant, 2 * n * gamma * gamma / 7, std::sqrt(2 * n * gamma * gamma / 7));
  near(raw, n * (1 - gamma) * (1 - gamma), std::sqrt(n) * (1 - gamma));
  near(lost, relevant * expected_loss(7, 0.02), std::sqrt(lost));
  near(errors, raw * expected_error_rate(0.02), std::sqrt(errors));
  near(ones, n / 2, std::sqrt(n) / 2);
  // Randomness consumed: within a fraction of a percent of what there is in choices and settings.
  double expected = n * random_bits_per_pair(7, request.gamma_65536);
  EXPECT_NEAR(static_cast<double>(run.report.alice_random_bits), expected, 0.004 * expected);
}

TEST(Source, LocalPairsReachTheLocalBoundAndNoLess) {
  SourceRequest request;
  request.pairs = 200'000;
  request.model = PairModel::local;
  Simulated run(request);
  auto alice = read_records(run.alice), bob = read_records(run.bob);
  EXPECT_EQ(run.report.known_to_eve, request.pairs);
  auto both = test_choice(*alice), other = test_choice(*bob);
  for (std::uint64_t i = 0; i < both.size_words(); ++i) both.words()[i] &= other.words()[i];
  std::vector<bits::BitString> x, y;
  for (int bit = 0; bit < 3; ++bit) {
    x.push_back(compress(alice->setting_bits[static_cast<std::size_t>(bit)], both));
    y.push_back(compress(bob->setting_bits[static_cast<std::size_t>(bit)], both));
  }
  auto count = count_test(7, x, compress(alice->outcomes, both), y, compress(bob->outcomes, both));
  double share = static_cast<double>(count->lost) / static_cast<double>(count->tested);
  EXPECT_NEAR(share, 1.0 / 14, 5 * std::sqrt(1.0 / 14 / static_cast<double>(count->tested)));
}

TEST(Source, HostileRequests) {
  testing::TempFolder folder;
  Path bits_path = folder.path() / "r.bits";
  ASSERT_TRUE(bits::write_bit_file(bits_path, random_bits(640, 3), bits::BitFileKind::with_digest).ok());
  auto run = [&](SourceRequest request, const char* name) {
    auto a = bits::BitStream::open(bits_path, bits::BitStreamFormat::bit_file);
    auto b = bits::BitStream::open(bits_path, bits::BitStreamFormat::bit_file);
    return simulate_pairs(request, *a, *b, folder.path() / (std::string(name) + "a"),
                          folder.path() / (std::string(name) + "b"))
        .error()
        .code;
  };
  SourceRequest request;
  EXPECT_EQ(run(request, "none"), ErrorCode::usage);
  request.pairs = 1000;
  EXPECT_EQ(run(request, "short"), ErrorCode::bad_input);
  request.settings = 1;
  EXPECT_EQ(run(request, "m"), ErrorCode::usage);
  request.settings = 7;
  request.gamma_65536 = 65536;
  EXPECT_EQ(run(request, "gamma"), ErrorCode::usage);
}

}  // namespace
}  // namespace bellows::protocol
