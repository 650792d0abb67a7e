#pragma once

#include "bellows/base/file.h"

namespace bellows::protocol {

/// Where `amplify` keeps a run. Everything in it is private (mode 0600) but plan.json, which was fixed before the first
/// outcome, certificate.public.json and its signature (mode 0644); certificate.json is written last, so a folder that
/// has it holds a finished run.
struct RunFolder {
  Path root;

  Path plan() const { return root / "plan.json"; }
  Path log() const { return root / "log.trials"; }
  Path seed() const { return root / "seed.bits"; }
  /// Where the seed came from, in a word: written before the seed, for a run that goes on after a crash.
  Path seed_origin() const { return root / "seed.origin"; }
  Path output() const { return root / "output.bits"; }
  Path raw_output() const { return root / "output.raw"; }
  Path certificate() const { return root / "certificate.json"; }
  Path public_certificate() const { return root / "certificate.public.json"; }
  /// Fixes everything that a simulation draws; whoever has it knows the output.
  Path simulation_key() const { return root / "simulation.key"; }

  /// Copies of what the space-time check is made from.
  Path locality() const { return root / "locality.toml"; }
  Path pulses() const { return root / "pulses.csv"; }

  bool has(const Path& file) const {
    std::error_code ignored;
    return std::filesystem::exists(file, ignored);
  }
};

}  // namespace bellows::protocol
