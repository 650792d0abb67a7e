#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <future>
#include <random>
#include <string>
#include <vector>

#include "bellows/bits/bit_file.h"
#include "bellows/protocol/masanes_party.h"
#include "bellows/protocol/masanes_source.h"
#include "bellows/testing/random_bits.h"
#include "bellows/testing/temp_folder.h"

// What the tests of the key distribution share: records, a folder for both parties, keys as text.
namespace bellows::protocol::testing_masanes {

using testing::random_bits;

struct Halves {
  PartyRecords alice, bob;
  SourceReport report;
};

inline Halves make_records(const SourceRequest& request) {
  testing::TempFolder folder;
  auto bits_file = [&](const char* name, std::uint64_t seed) {
    Path path = folder.path() / name;
    EXPECT_TRUE(
        bits::write_bit_file(path, random_bits(4 * request.pairs + 4096, seed), bits::BitFileKind::with_digest).ok());
    return bits::BitStream::open(path, bits::BitStreamFormat::bit_file);
  };
  auto a = bits_file("a", 10 + request.device_seed), b = bits_file("b", 20 + request.device_seed);
  auto report = simulate_pairs(request, *a, *b, folder.path() / "alice.trials", folder.path() / "bob.trials");
  EXPECT_TRUE(report.ok());
  return {*read_records(folder.path() / "alice.trials"), *read_records(folder.path() / "bob.trials"), *report};
}

inline SourceRequest source(std::uint64_t pairs, double noise = 0, std::uint64_t seed = 1) {
  SourceRequest request;
  request.pairs = pairs;
  request.noise = noise;
  request.gamma_65536 = 57500;
  request.device_seed = seed;
  return request;
}

// About the smallest run without noise that gives a key.
inline const Halves& good_halves() {
  static const Halves halves = make_records(source(600'000));
  return halves;
}

// Records for the quantum adversary whose errors sit where one frame of the error correction fails: bob's raw bits are
// flipped at every 20th place of frame `bad_frame`, which only the permutation (the first 256 bits of `seed_file`)
// knows.
inline constexpr std::uint64_t short_frame_bits = 8192;
inline Halves with_a_bad_frame(Halves halves, const bits::BitString& hash_seed, std::uint64_t frame_bits,
                               std::uint32_t bad_frame) {
  bits::BitString a = test_choice(halves.alice), b = test_choice(halves.bob);
  std::vector<std::uint64_t> raw_places;
  for (std::uint64_t i = 0; i < halves.alice.pairs; ++i)
    if (!a[i] && !b[i]) raw_places.push_back(i);
  auto scheme = ecc::plan_scheme(ecc::Code::ldpc, raw_places.size(),
                                 ecc::ErrorsToCorrect::at_most(0, raw_places.size(), numeric::Exact::literal("1e-4")),
                                 frame_bits);
  bits::BitString ones(scheme->frame_bits(bad_frame)), where(raw_places.size());
  for (std::uint64_t i = 0; i < ones.size_bits(); i += 20) ones.set(i, true);
  EXPECT_TRUE(
      ecc::insert_frames(*scheme, hash_seed.view().first(ecc::random_bits(*scheme)), ones, {bad_frame}, where).ok());
  for (std::uint64_t i = 0; i < raw_places.size(); ++i)
    if (where[i]) halves.bob.outcomes.set(raw_places[i], !halves.bob.outcomes[raw_places[i]]);
  return halves;
}

struct Site {
  testing::TempFolder folder;
  explicit Site(std::uint64_t keys = 40, std::uint64_t seed = 5) {
    auto secret = random_bits(8 * (16 + 64 * keys), seed);
    EXPECT_TRUE(
        net::write_secret_pair(folder.path() / "alice.secret", folder.path() / "bob.secret", secret.bytes()).ok());
  }
  PartyRequest request(net::Role role, const Halves& halves, const std::string& name = "key") const {
    PartyRequest out;
    out.role = role;
    out.address = {"127.0.0.1", "0"};
    out.secret = folder.path() / (std::string(net::role_name(role)) + ".secret");
    out.records = role == net::Role::alice ? &halves.alice : &halves.bob;
    out.key = key(role, name);
    out.account = folder.path() / "account";
    out.patience = out.connect_patience = net::Duration{20'000};
    return out;
  }
  Path key(net::Role role, const std::string& name = "key") const {
    return folder.path() / (name + "." + net::role_name(role));
  }
  bool has_key(net::Role role, const std::string& name = "key") const {
    return std::filesystem::exists(key(role, name));
  }
};

struct Outcome {
  Result<PartyResult> alice, bob;
};

// Both parties, each in a thread; `between`, if given, turns alice's port into the one that bob connects to.
inline Outcome run_both(PartyRequest alice, PartyRequest bob,
                        const std::function<std::uint16_t(std::uint16_t)>& between = {}) {
  std::promise<std::uint16_t> port;
  auto future = port.get_future();
  alice.on_listening = [&](std::uint16_t p) { port.set_value(p); };
  auto alice_side = std::async(std::launch::async, [&] {
    auto result = run_party(alice);
    try {
      port.set_value(0);
    } catch (const std::future_error&) {
    }
    return result;
  });
  std::uint16_t listening = future.get();
  if (listening == 0) return {alice_side.get(), bad_input("alice does not listen")};
  bob.address.port = std::to_string(between ? between(listening) : listening);
  auto bob_result = run_party(bob);
  return {alice_side.get(), std::move(bob_result)};
}

inline std::string key_text(const Path& path) {
  auto file = bits::read_bit_file(path);
  EXPECT_TRUE(file.ok());
  std::string text;
  for (std::uint64_t i = 0; file.ok() && i < file->bits.size_bits(); ++i) text += file->bits[i] ? '1' : '0';
  return text;
}

}  // namespace bellows::protocol::testing_masanes
