#include "bellows/cli/plan_witness.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "bellows/base/count.h"
#include "bellows/certify/two_sided.h"
#include "bellows/cli/share.h"
#include "bellows/numeric/ranges.h"
#include "bellows/plan/json_reader.h"

namespace bellows::cli {
namespace {

nlohmann::json number_or_null(const std::optional<numeric::Exact>& value) {
  return value ? nlohmann::json(value->approximate()) : nlohmann::json(nullptr);
}

std::string percent(const std::optional<numeric::Exact>& value) {
  return value ? fmt::format("{:.4f} %", 100 * value->approximate()) : "none";
}

Result<certify::JointBehaviour> behaviour_of(const WitnessOptions& options) {
  if (options.counts.empty()) return certify::joint_behaviour(options.device);
  if (options.counts.size() != 16)
    return usage_error("--counts takes the sixteen counts n_xyab", "16 whole numbers, separated by commas",
                       options.counts.size() == 1 ? options.counts[0] : fmt::format("{} of them", options.counts.size()));
  std::array<std::uint64_t, 16> counts{};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    BELLOWS_ASSIGN(counts[i], parse_count(options.counts[i]));
  }
  return certify::joint_behaviour(counts);
}

Result<Verdict> check(Console& console, const std::string& file) {
  BELLOWS_ASSIGN(std::string text, read_text_file(file, 1 << 20));
  BELLOWS_ASSIGN(nlohmann::json document, plan::parse_json(text, "the witness", file));
  BELLOWS_ASSIGN(certify::Witness witness, certify::witness_from_json(document, file));
  console.print(fmt::format("holds: no measurement-dependent local strategy at mu = {} exceeds {}", witness.mu.text(),
                            witness.local_bound.text()));
  console.result({{"holds", true}, {"witness", certify::to_json(witness)}});
  return Verdict::done;
}

}  // namespace

void add_witness_options(CLI::App& verb, WitnessOptions& options) {
  verb.add_flag("--witness", options.asked, "the linear witness that tolerates most bias, for a device or for counts");
  verb.add_option("--tilt", options.device.tilt_degrees, "witness: state cos t |00> + sin t |11>, t in degrees")->capture_default_str();
  add_share(verb, "--visibility-z", options.device.visibility_z, "witness: visibility along the state's axis")->capture_default_str();
  add_share(verb, "--visibility-x", options.device.visibility_x, "witness: visibility across it")->capture_default_str();
  add_share(verb, "--efficiency-a", options.device.efficiency_a, "witness: detection efficiency of A")->capture_default_str();
  add_share(verb, "--efficiency-b", options.device.efficiency_b, "witness: detection efficiency of B")->capture_default_str();
  verb.add_option("--counts", options.counts, "witness: sixteen counts n_xyab of an earlier run")->delimiter(',');
  verb.add_option("--save", options.save, "witness: write it here, as JSON");
  verb.add_option("--check-witness", options.check, "check the bound of a saved witness");
}

Result<Verdict> show_witness(Console& console, const WitnessOptions& options, const PlanOptions& plan, bool overwrite) {
  if (!options.check.empty()) return check(console, options.check);
  BELLOWS_ASSIGN(certify::PlanWishes wishes, wishes_from(plan));
  BELLOWS_TRY(numeric::check_bias(wishes.mu));
  BELLOWS_ASSIGN(certify::JointBehaviour behaviour, behaviour_of(options));
  BELLOWS_ASSIGN(certify::Witness witness, certify::best_witness(behaviour, wishes.mu, wishes.polytope));
  const numeric::Exact value = witness.value(behaviour);
  const bool separates = value > witness.local_bound;
  const auto largest = certify::largest_witness_bias(behaviour, wishes.polytope);
  const auto win = certify::largest_win_bias(behaviour), mdl = certify::largest_mdl_bias(behaviour);
  const bool maps = certify::is_win_frequency(witness);
  if (!options.save.empty() && separates)
    BELLOWS_TRY(write_text_file(options.save, certify::to_json(witness).dump(2) + "\n", public_file_mode, overwrite));
  console.print(fmt::format("at mu = {}: {}", wishes.mu.text(),
                            separates ? "the witness separates this behaviour from local strategies"
                                      : "no linear witness separates this behaviour from local strategies"));
  const bool settings_fit = certify::settings_fit(behaviour, wishes.mu, wishes.polytope);
  if (!settings_fit)
    console.print("these settings are not what a source of this bias draws: part of what separates may be the settings alone");
  console.print("x y    w(a,b) = 0,0         0,1         1,0         1,1");
  for (std::size_t xy = 0; xy < 4; ++xy)
    console.print(fmt::format("{} {}  {:>14}{:>12}{:>12}{:>12}", xy >> 1, xy & 1, witness.coefficients[4 * xy],
                              witness.coefficients[4 * xy + 1], witness.coefficients[4 * xy + 2],
                              witness.coefficients[4 * xy + 3]));
  console.print(
      fmt::format("local bound {:.9g} (exact), value {:.9g}", witness.local_bound.approximate(), value.approximate()));
  numeric::Exact largest_weight = numeric::Exact::integer(1);
  for (const std::int64_t weight : witness.coefficients)
    largest_weight = std::max(largest_weight, numeric::Exact::integer(static_cast<std::uint64_t>(std::abs(weight))));
  const double local_score = (witness.local_bound / largest_weight).approximate(), score = (value / largest_weight).approximate();
  console.print(fmt::format("as a score, over the largest weight: local bound {:.9g}, value {:.9g}", local_score, score));
  console.print("largest bias at which the behaviour is not local:");
  console.print(fmt::format("  any linear witness  {}", percent(largest)));
  console.print(fmt::format("  win frequency       {}", percent(win)));
  console.print(fmt::format("  MDL value           {}", percent(mdl)));
  // Proofs are looked for by score, whatever bias above this one they are for; certification checks the one that it uses.
  const bool provable = !entropy::candidate_tangents(entropy::EntropyOf::both_outcomes, entropy::SettingPolytope::santha_vazirani,
                                                     wishes.mu, certify::trial_score(certify::score_of(witness)))
                             .empty();
  console.print(!separates ? "entropy: none, since local strategies do as well at this bias"
                : maps     ? "entropy: as for the win frequency"
                : provable ? "entropy: of both outcomes, method witness, by a proof at hand"
                           : "entropy: not_certified until there is a proof: " +
                                 certify::how_to_prove(witness.polytope, witness.mu, score,
                                                       options.save.empty() ? "FILE" : options.save));
  if (!separates && !options.save.empty()) console.print("not saved: " + options.save);
  console.result({{"separates", separates},
                  {"settings_fit", settings_fit},
                  {"witness", certify::to_json(witness)},
                  {"value", value.approximate()},
                  {"local_bound", witness.local_bound.approximate()},
                  {"score", score},
                  {"local_score", local_score},
                  {"largest_mu",
                   {{"witness", number_or_null(largest)}, {"win", number_or_null(win)}, {"mdl", number_or_null(mdl)}}},
                  {"entropy", !separates ? "not_certified" : maps ? "win" : provable ? "witness" : "not_certified"}});
  return separates ? Verdict::done : Verdict::refused;
}

}  // namespace bellows::cli
