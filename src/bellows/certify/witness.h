#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bellows/base/result.h"
#include "bellows/numeric/exact.h"
#include "bellows/plan/plan.h"

namespace bellows::certify {

using numeric::Exact;

/// P(abxy), settings included, entry 8x + 4y + 2a + b; exact, sums to 1.
using JointBehaviour = std::array<Exact, 16>;

/// A device of two qubits as laboratories have them: state cos t |00> + sin t |11>, visibility along the state's axis
/// and across it, and a chance at each party that nothing is detected (then the outcome is 1). Settings uniform.
struct QubitDevice {
  double tilt_degrees = 45;
  double visibility_z = 1, visibility_x = 1;
  double efficiency_a = 1, efficiency_b = 1;
};

/// At the measurement angles (in the plane of the state) that win most often; deterministic search.
/// Errors: usage: a number outside its range.
Result<JointBehaviour> joint_behaviour(const QubitDevice& device);
/// From counts of an earlier run. Errors: usage: all zero.
Result<JointBehaviour> joint_behaviour(const std::array<std::uint64_t, 16>& n_xyab);

/// A linear function of P(abxy) that no measurement-dependent local strategy brings above `local_bound`.
struct Witness {
  std::array<std::int64_t, 16> coefficients{};
  Exact mu;
  plan::Polytope polytope = plan::Polytope::santha_vazirani;
  Exact local_bound;  ///< exact: the largest value over all local deterministic strategies and vertices of the polytope

  Exact value(const JointBehaviour& behaviour) const;
};

/// Whether the behaviour's settings are some that a source of this bias may draw. Where they are not (counts fluctuate), a
/// witness may separate it by its settings alone.
bool settings_fit(const JointBehaviour& behaviour, const Exact& mu, plan::Polytope polytope);

/// Vertices of the settings' polytope, as P(xy), entry 2x + y.
std::vector<std::array<Exact, 4>> setting_vertices(plan::Polytope polytope, const Exact& mu);

/// Exact, by enumeration of 16 strategies and all vertices.
Exact local_bound(const std::array<std::int64_t, 16>& coefficients, plan::Polytope polytope, const Exact& mu);

/// The witness that separates a behaviour from measurement-dependent local ones with the most tolerance to white noise:
/// a linear program (CLP) over all vertices, its dual rounded to whole numbers; the bound is then computed exactly.
/// Out:    a witness whose bound holds, whatever the solver did; it may fail to separate (value <= local_bound).
/// Errors: internal: the solver failed.
Result<Witness> best_witness(const JointBehaviour& behaviour, const Exact& mu, plan::Polytope polytope);

/// The largest bias (six decimals, rounded down) at which best_witness() separates the behaviour, exactly checked.
std::optional<Exact> largest_witness_bias(const JointBehaviour& behaviour, plan::Polytope polytope);
/// The same for the win frequency: the largest mu with w > 1 - mu_min, and for the MDL value.
std::optional<Exact> largest_win_bias(const JointBehaviour& behaviour);
std::optional<Exact> largest_mdl_bias(const JointBehaviour& behaviour);

/// Whether the witness is the win frequency (up to relabelling) in disguise: then section 3 of docs/security.md maps it
/// to a CHSH value. Otherwise its entropy needs a proof (method witness).
bool is_win_frequency(const Witness& witness);

/// The score of a plan with this witness: its coefficients over the largest of them in size, so within [-1, 1].
plan::WitnessCoefficients score_of(const Witness& witness);
/// The MDL value as a witness: mu_min for abxy = 0000, -mu_max for its three losing events.
plan::WitnessCoefficients mdl_witness(const Exact& mu);

nlohmann::json to_json(const Witness& witness);
/// Reads and checks: the bound is computed again. Errors: bad_input: not a witness; refused: the bound is too small.
Result<Witness> witness_from_json(const nlohmann::json& document, const std::string& origin = {});

}  // namespace bellows::certify
