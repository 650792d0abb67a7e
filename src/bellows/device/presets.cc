#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "bellows/base/file.h"
#include "bellows/base/spec.h"
#include "bellows/device/device.h"

namespace bellows::device {
namespace {

constexpr double pi = std::numbers::pi;

/// Maximally entangled pair at the angles of Tsirelson's bound.
TwoQubits tsirelson() {
  TwoQubits qubits;
  qubits.state = TwoQubits::pair_state(pi / 4);
  qubits.a_directions = {TwoQubits::in_plane(0), TwoQubits::in_plane(pi / 2)};
  qubits.b_directions = {TwoQubits::in_plane(pi / 4), TwoQubits::in_plane(-pi / 4)};
  return qubits;
}

/// Superconducting qubits 30 metres apart: S = 2.271 and, at mu = 0.75 %, S_mu = 0.00296, the two numbers that the
/// paper prints. Symmetric noise would give S_mu = 0.00289; the difference asks for outcomes that lean to 1, which
/// readout at 98 % with unequal errors gives. Visibility and errors are solved from the two numbers.
TwoQubits kulikov_2024() {
  TwoQubits qubits = tsirelson();
  qubits.visibility = 0.8702138315898411;
  qubits.flip_0_to_1 = 0.03813962720421964;
  qubits.flip_1_to_0 = 0.0018603727957803642;
  return qubits;
}

/// Hardy's paradox at its best: P(00|00) = (5 sqrt 5 - 11)/2 = 0.09017, and the three events that the MDL value
/// punishes never happen: S_mu > 0 for every bias below one half.
TwoQubits hardy() {
  const double t = 1 - 2 / (1 + std::sqrt(5.0));  // 0.381966, the smaller part of the golden section
  const double alpha2 = t, gamma2 = 1 - 2 * alpha2;
  const double alpha = std::sqrt(alpha2), gamma = std::sqrt(gamma2);
  TwoQubits qubits;
  qubits.state = TwoQubits::pure_state({0, alpha, alpha, gamma});
  // Setting 1 measures Z. Setting 0 measures cos u |0> + sin u |1> with tan u = -alpha / gamma.
  const double u = std::atan2(-alpha, gamma);
  qubits.a_directions = qubits.b_directions = {TwoQubits::in_plane(2 * u), TwoQubits::in_plane(0)};
  return qubits;
}

Result<std::unique_ptr<Device>> quantum(const std::string& name, TwoQubits qubits, Spec& spec) {
  auto degrees = [&](const char* key, Eigen::Vector3d& direction) {
    if (spec.has(key)) direction = TwoQubits::in_plane(spec.number(key, 0, -360, 360) * pi / 180);
  };
  degrees("a0", qubits.a_directions[0]), degrees("a1", qubits.a_directions[1]);
  degrees("b0", qubits.b_directions[0]), degrees("b1", qubits.b_directions[1]);
  if (spec.has("theta")) qubits.state = TwoQubits::pair_state(spec.number("theta", 45, -360, 360) * pi / 180);
  qubits.visibility = spec.number("visibility", qubits.visibility, 0, 1);
  const double flip = spec.number("flip", -1, 0, 1);
  if (flip >= 0) qubits.flip_0_to_1 = qubits.flip_1_to_0 = flip;
  qubits.flip_0_to_1 = spec.number("flip01", qubits.flip_0_to_1, 0, 1);
  qubits.flip_1_to_0 = spec.number("flip10", qubits.flip_1_to_0, 0, 1);
  const double s = spec.number("s", 0, 0, 2 * std::numbers::sqrt2);
  BELLOWS_TRY(spec.finish());
  if (s != 0) {
    qubits.visibility = 1;
    BELLOWS_ASSIGN(PairBehaviour full, qubits.behaviour());
    qubits.visibility = std::min(1.0, s / chsh_value(full));
    if (!(chsh_value(full) >= s - 1e-9))
      return usage_error("the device cannot reach this S", fmt::format("at most {:.6f}", chsh_value(full)),
                         fmt::format("{}", s));
  }
  BELLOWS_ASSIGN(PairBehaviour behaviour, qubits.behaviour());
  return fixed_device(name, behaviour);
}

Result<std::unique_ptr<Device>> from_description(Spec& spec) {
  const std::string path = spec.word("path", "");
  BELLOWS_TRY(spec.finish());
  BELLOWS_ASSIGN(std::string text, read_text_file(path, 1 << 20));
  nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
  if (document.is_discarded())
    return bad_input("not a JSON document", path, std::nullopt, "a description of two qubits");
  BELLOWS_ASSIGN(TwoQubits qubits, TwoQubits::from_json(document, path));
  BELLOWS_ASSIGN(PairBehaviour behaviour, qubits.behaviour());
  return fixed_device("described", behaviour);
}

}  // namespace

std::optional<TwoQubits> two_qubits_preset(const std::string& name) {
  if (name == "kulikov-2024") return kulikov_2024();
  if (name == "tsirelson") return tsirelson();
  if (name == "hardy") return hardy();
  return std::nullopt;
}

const char* device_help() {
  return R"(  kulikov-2024     the published experiment: S = 2.271, S_mu = 0.00296 at mu = 0.75 %
  tsirelson        S = 2 sqrt 2
  hardy            never does what the MDL value punishes: S_mu > 0 at every bias
                   these three and `quantum` take options: visibility=V, s=S (sets the visibility), flip=P or
                   flip01=P,flip10=P (wrong records), a0= a1= b0= b1= (degrees), theta=DEGREES (cos|00> + sin|11>)
  file:path=FILE   two qubits described in JSON: any state, any directions (docs/simulation.md)
  cheat-win        local; with a scheming source it wins 1 - (1/2 - mu)^2 of the trials, the settings look uniform
  cheat-mdl        local; the same score, and S_mu = 0
  mixture          local; sixteen random strategies (number=N picks which)
  memory-last-pair     local; loses on the settings of the trial before only
  memory-history       local; loses on the settings that all earlier ones of its block mark, and the source avoids
  memory-adaptive      quantum while its score is below target=T (default: the largest local score), else a cheat)";
}

Result<std::unique_ptr<Device>> make_device(const std::string& text, double mu) {
  BELLOWS_ASSIGN(Spec spec, Spec::parse(text));
  if (auto qubits = two_qubits_preset(spec.name() == "quantum" ? "tsirelson" : spec.name()))
    return quantum(spec.name(), *qubits, spec);
  if (spec.name() == "file") return from_description(spec);
  const std::uint64_t number = spec.name() == "mixture" ? spec.count("number", 1) : 0;
  const double target = spec.name() == "memory-adaptive" ? spec.number("target", 1 - (0.5 - mu) * (0.5 - mu), 0, 1) : 0;
  BELLOWS_TRY(spec.finish());
  if (spec.name() == "cheat-win") return cheating_device(bell::win_cheat(mu));
  if (spec.name() == "cheat-mdl") return cheating_device(bell::mdl_cheat(mu));
  if (spec.name() == "mixture") return cheating_device(bell::random_mixture(mu, number));
  if (spec.name() == "memory-last-pair") return last_pair_device();
  if (spec.name() == "memory-history") return history_device();
  if (spec.name() == "memory-adaptive") {
    BELLOWS_ASSIGN(PairBehaviour behaviour, tsirelson().behaviour());
    return adaptive_device(behaviour, bell::win_cheat(mu), target);
  }
  return usage_error("no such device", "see bellows simulate --help", spec.name());
}

}  // namespace bellows::device
