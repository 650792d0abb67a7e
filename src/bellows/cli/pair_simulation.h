#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "bellows/cli/command.h"

namespace bellows::cli {

/// Options of simulated pairs for the key distribution, for the two verbs that make them.
struct PairOptions {
  std::string pairs = "1e8", alice_bits, bob_bits, alice, bob, model = "quantum";
  std::string gamma = "0";
  double noise = 0, cheat = 0;
  unsigned settings = 7;
  std::uint64_t device_seed = 1;
  bool raw = false;
};

/// Adds --settings, --noise, --gamma, --model, --cheat, --alice-bits, --bob-bits, --raw.
void add_pair_options(CLI::App& verb, PairOptions& options);
/// Writes both parties' logs. Errors: usage, bad_input.
Result<Verdict> simulate_pairs_and_report(const PairOptions& options, Console& console);

}  // namespace bellows::cli
