#include "bellows/device/device.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>

#include "bellows/bits/bit_string.h"
#include "bellows/testing/temp_folder.h"

namespace bellows::device {
namespace {

PairBehaviour preset(const std::string& name) { return *two_qubits_preset(name)->behaviour(); }

TEST(TwoQubits, PresetsReachTheNumbersOfTheirPapers) {
  PairBehaviour kulikov = preset("kulikov-2024");
  EXPECT_NEAR(chsh_value(kulikov), 2.271, 1e-9);
  EXPECT_NEAR(win_score(kulikov), 0.783875, 1e-9);
  EXPECT_NEAR(mdl_value(kulikov, 0.0075), 0.00296, 1e-9);
  EXPECT_NEAR(chsh_value(preset("tsirelson")), 2 * std::numbers::sqrt2, 1e-12);
  PairBehaviour hardy = preset("hardy");
  EXPECT_NEAR(hardy[0b0000], (5 * std::sqrt(5.0) - 11) / 2, 1e-12);
  for (std::size_t never : {0b0101, 0b1010, 0b1100}) EXPECT_NEAR(hardy[never], 0, 1e-12);
  for (double mu : {0.0, 0.1, 0.3, 0.45}) EXPECT_GT(mdl_value(hardy, mu), 0);
  EXPECT_FALSE(two_qubits_preset("no-such").has_value());
}

TEST(TwoQubits, NoiseAndLossesKeepABehaviour) {
  TwoQubits qubits = *two_qubits_preset("tsirelson");
  qubits.visibility = 0.9;
  EXPECT_NEAR(chsh_value(*qubits.behaviour()), 0.9 * 2 * std::numbers::sqrt2, 1e-12);
  qubits.flip_0_to_1 = qubits.flip_1_to_0 = 0.05;
  EXPECT_NEAR(chsh_value(*qubits.behaviour()), 0.9 * 0.81 * 2 * std::numbers::sqrt2, 1e-12);
  qubits.flip_0_to_1 = 0.3;
  EXPECT_TRUE(fixed_device("noisy", *qubits.behaviour()).ok());
}

TEST(TwoQubits, RefusesWhatIsNoPhysics) {
  auto wrong = [](auto change) {
    TwoQubits qubits = *two_qubits_preset("tsirelson");
    change(qubits);
    return !qubits.behaviour().ok();
  };
  EXPECT_TRUE(wrong([](TwoQubits& q) { q.state *= 1.1; }));
  EXPECT_TRUE(wrong([](TwoQubits& q) { q.state(0, 1) += 0.3; }));
  EXPECT_TRUE(wrong([](TwoQubits& q) { q.state(0, 0) = std::nan(""); }));
  EXPECT_TRUE(wrong([](TwoQubits& q) { q.state = Eigen::Vector4cd(0.8, 0.4, -0.1, -0.1).asDiagonal(); }));
  EXPECT_TRUE(wrong([](TwoQubits& q) { q.a_directions[0] *= 2; }));
  EXPECT_TRUE(wrong([](TwoQubits& q) { q.visibility = 1.2; }));
  EXPECT_TRUE(wrong([](TwoQubits& q) { q.flip_0_to_1 = std::nan(""); }));
}

TEST(TwoQubits, JsonDescription) {
  auto read = [](const char* text) { return TwoQubits::from_json(nlohmann::json::parse(text), "file"); };
  auto singlet = read(R"({"amplitudes": [0, 0.7071067811865476, [-0.7071067811865476, 0], 0],
                          "a": [0, 90], "b": [[-0.7071067811865476, 0, -0.7071067811865476], -135]})");
  ASSERT_TRUE(singlet.ok()) << singlet.error().describe();
  EXPECT_TRUE(singlet->behaviour().ok());
  for (const char* bad :
       {R"([])", R"({})", R"({"amplitudes": [1, 0, 0, 0]})", R"({"amplitudes": [1, 0, 0], "a": [0, 0], "b": [0, 0]})",
        R"({"amplitudes": [1, 0, 0, 0], "a": [0], "b": [0, 0]})",
        R"({"amplitudes": [1, 0, 0, 0], "a": [0, "x"], "b": [0, 0]})",
        R"({"amplitudes": [1, 0, 0, 0], "a": [0, 1], "b": [0, 0], "colour": 3})",
        R"({"state": [[1]], "a": [0, 1], "b": [0, 0]})"}) {
    auto result = read(bad);
    ASSERT_FALSE(result.ok()) << bad;
    EXPECT_EQ(result.error().code, ErrorCode::bad_input);
  }
}

TEST(FixedDevice, RefusesSignalling) {
  PairBehaviour p{};
  for (unsigned pair = 0; pair < 4; ++pair) p[4 * pair + (pair & 1 ? 2 : 0)] = 1;  // a = y
  auto device = fixed_device("signalling", p);
  ASSERT_FALSE(device.ok());
  EXPECT_EQ(device.error().code, ErrorCode::bad_input);
}

/// Plays uniform settings (or those of a strategy) and counts.
struct Played {
  std::array<double, 16> counts{};
  double trials = 0;
};

Played play(const Device& device, std::uint16_t chunks, std::uint64_t key) {
  Played played;
  bits::ChunkDrawer drawer(bits::StreamKey::from_number(key));
  DeviceMemory memory;
  bell::HiddenPlanes hidden;
  std::optional<bell::HiddenChoice> choice;
  if (device.strategy() != nullptr) choice = *bell::HiddenChoice::make(*device.strategy());
  for (std::uint16_t chunk = 0; chunk < chunks; ++chunk) {
    drawer.start(0, chunk, bits::chunk_trials);
    if (choice) choice->draw(drawer, hidden);
    std::uint64_t planes[4][bits::chunk_words];
    drawer.draw({bell::setting_lane, {bits::Chance::of(0.5)}}, {}, planes[0]);
    drawer.draw({bell::setting_lane + 1, {bits::Chance::of(0.5)}}, {}, planes[1]);
    device.draw_outcomes(drawer, hidden, planes[0], planes[1], memory, planes[2], planes[3]);
    for (std::uint64_t i = 0; i < bits::chunk_trials; ++i) {
      std::size_t record = 0;
      for (const auto& plane : planes) record = 2 * record + (plane[i / 64] >> i % 64 & 1);
      played.counts[record] += 1;
    }
    played.trials += static_cast<double>(bits::chunk_trials);
  }
  return played;
}

double share_won(const Played& played) {
  double wins = 0;
  for (unsigned r = 0; r < 16; ++r)
    if (((r >> 1 ^ r) & 1) == (r >> 3 & r >> 2 & 1)) wins += played.counts[r];
  return wins / played.trials;
}

TEST(FixedDevice, PlaysItsBehaviour) {
  for (const char* name : {"kulikov-2024", "tsirelson", "hardy"}) {
    PairBehaviour p = preset(name);
    auto device = fixed_device(name, p);
    ASSERT_TRUE(device.ok());
    Played played = play(**device, 40, 11);
    for (std::size_t r = 0; r < 16; ++r)
      EXPECT_NEAR(played.counts[r] / played.trials, p[r] / 4, 5 * std::sqrt(p[r] / 4 / played.trials) + 1e-9)
          << name << " " << r;
  }
}

TEST(CheatingDevice, WithUniformSettingsWinsThreeQuarters) {
  EXPECT_NEAR(share_won(play(**make_device("cheat-win", 0.1), 20, 3)), 0.75, 0.005);
  EXPECT_NEAR(share_won(play(**make_device("cheat-mdl", 0.1), 20, 3)), 0.75, 0.005);
  EXPECT_NEAR(share_won(play(*last_pair_device(), 20, 3)), 0.75, 0.005);
}

TEST(AdaptiveDevice, HoldsItsTarget) {
  auto device = make_device("memory-adaptive:target=0.8", 0.0);
  ASSERT_TRUE(device.ok());
  EXPECT_NEAR(share_won(play(**device, 100, 3)), 0.8, 0.005);
}

TEST(MakeDevice, SpecsAndTheirErrors) {
  EXPECT_NEAR(chsh_value(*(*make_device("quantum:visibility=0.5", 0))->behaviour()), std::numbers::sqrt2, 1e-12);
  EXPECT_NEAR(chsh_value(*(*make_device("quantum:s=2.5", 0))->behaviour()), 2.5, 1e-12);
  EXPECT_NEAR(chsh_value(*(*make_device("quantum:a0=0,a1=90,b0=45,b1=-45,theta=45,flip=0", 0))->behaviour()),
              2 * std::numbers::sqrt2, 1e-12);
  for (const char* wrong : {"no-such", "quantum:s=3", "quantum:visibility=2", "quantum:colour=1", "cheat-win:x=1",
                            "memory-adaptive:target=7", "", "quantum:a0=north"}) {
    auto device = make_device(wrong, 0.01);
    ASSERT_FALSE(device.ok()) << wrong;
    EXPECT_EQ(device.error().code, ErrorCode::usage) << wrong;
  }
  EXPECT_EQ(make_device("file:path=/no/such/file", 0.01).error().code, ErrorCode::bad_input);
  testing::TempFolder folder;
  std::ofstream(folder.path() / "device.json") << R"({"amplitudes": [1, 0, 0, 0], "a": [0, 0], "b": [0, 0]})";
  auto described = make_device("file:path=" + (folder.path() / "device.json").string(), 0.01);
  ASSERT_TRUE(described.ok()) << described.error().describe();
  EXPECT_NEAR(win_score(*(*described)->behaviour()), 0.75, 1e-12);
}

}  // namespace
}  // namespace bellows::device
