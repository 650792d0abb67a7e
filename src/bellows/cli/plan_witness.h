#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bellows/certify/witness.h"
#include "bellows/cli/certify_options.h"

namespace bellows::cli {

/// `bellows plan --witness`.
struct WitnessOptions {
  bool asked = false;
  certify::QubitDevice device;
  std::vector<std::string> counts;  // as given
  std::string save, check;
};

void add_witness_options(CLI::App& verb, WitnessOptions& options);
Result<Verdict> show_witness(Console& console, const WitnessOptions& options, const PlanOptions& plan, bool overwrite);

}  // namespace bellows::cli
