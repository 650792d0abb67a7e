#include "bellows/protocol/experiment.h"

namespace bellows::protocol {
namespace {

using Made = Result<std::unique_ptr<Experiment>>;
using Choice = const ExperimentChoice&;

}  // namespace

// One entry a preset. Its function makes the experiment from what the user wants to differ; experiments that are not of
// two parties with two settings each derive from Experiment in a file of their own.
std::span<const ExperimentPreset> experiment_presets() {
  static const ExperimentPreset presets[] = {
      {"kulikov-2024", "superconducting qubits, S = 2.271, S_mu = 0.00296, source of bias 0.75 %",
       [](Choice c) -> Made { return make_pair_experiment(c, "honest", "kulikov-2024", 0.0075); }},
      {"tsirelson", "the largest quantum score, S = 2 sqrt 2; bias 0.75 %",
       [](Choice c) -> Made { return make_pair_experiment(c, "honest", "tsirelson", 0.0075); }},
      {"hardy", "Hardy's paradox: the MDL value is positive at every bias; bias 0.75 %",
       [](Choice c) -> Made { return make_pair_experiment(c, "honest", "hardy", 0.0075); }},
      {"cheat-win", "local devices and a source in league with them: the largest local score; bias 0.75 %",
       [](Choice c) -> Made { return make_pair_experiment(c, "scheming", "cheat-win", 0.0075); }},
      {"cheat-mdl", "the same with the largest local MDL value, 0; bias 0.75 %",
       [](Choice c) -> Made { return make_pair_experiment(c, "scheming", "cheat-mdl", 0.0075); }},
      {"mixture", "sixteen random local strategies and a source in league with them; bias 0.75 %",
       [](Choice c) -> Made { return make_pair_experiment(c, "scheming", "mixture", 0.0075); }},
      {"memory-last-pair", "local devices and a source that remember the trial before; bias 0.75 %",
       [](Choice c) -> Made { return make_pair_experiment(c, "scheming", "memory-last-pair", 0.0075); }},
      {"memory-history", "local devices and a source that act on all settings so far; bias 0.75 %",
       [](Choice c) -> Made { return make_pair_experiment(c, "scheming", "memory-history", 0.0075); }},
      {"memory-adaptive", "devices that cheat whenever their score allows it; bias 0.75 %",
       [](Choice c) -> Made { return make_pair_experiment(c, "scheming", "memory-adaptive", 0.0075); }},
  };
  return presets;
}

}  // namespace bellows::protocol
